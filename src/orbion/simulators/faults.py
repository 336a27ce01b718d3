"""Says what goes wrong at the simulators, and how often."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from types import MappingProxyType
from typing import TypeVar

Fault = TypeVar("Fault", bound=StrEnum)
Span = tuple[int, int]


class SendFault(StrEnum):
    """The fate of one sendText; *before* and *after* are relative to WhatsApp's accept."""

    ERROR_500_BEFORE = "error_500_before"
    ERROR_400_BEFORE = "error_400_before"
    RESET_BEFORE = "reset_before"
    HANG_BEFORE = "hang_before"
    RATE_LIMITED = "rate_limited"
    ERROR_500_AFTER = "error_500_after"
    ERROR_400_AFTER = "error_400_after"
    RESET_AFTER = "reset_after"
    HANG_AFTER = "hang_after"
    HANG_THEN_ACCEPT = "hang_then_accept"
    TRUNCATED = "truncated"
    HIDDEN = "hidden"


class ModelFault(StrEnum):
    """The fate of one model call: an error status, a broken connection, or a useless answer."""

    RATE_LIMITED = "rate_limited"
    QUOTA = "quota"
    SERVER_ERROR = "server_error"
    OVERLOADED = "overloaded"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    BAD_REQUEST = "bad_request"
    CONTEXT_TOO_LONG = "context_too_long"
    MODEL_UNKNOWN = "model_unknown"
    TIMED_OUT = "timed_out"
    HANG = "hang"
    RESET = "reset"
    TRUNCATED = "truncated"
    NOT_JSON = "not_json"
    WRONG_SHAPE = "wrong_shape"
    NO_CHOICES = "no_choices"
    EMPTY = "empty"
    CUT_SHORT = "cut_short"
    FILTERED = "filtered"
    REFUSED = "refused"
    MALFORMED = "malformed"
    OFF_CONTRACT = "off_contract"
    BROKEN_ARGUMENTS = "broken_arguments"
    UNKNOWN_TOOL = "unknown_tool"


class SheetFault(StrEnum):
    """The fate of one call of Google Sheets; *after* is a call that was done and seems lost."""

    RATE_LIMITED = "rate_limited"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    SERVER_ERROR = "server_error"
    OVERLOADED = "overloaded"
    NOT_JSON = "not_json"
    HANG = "hang"
    RESET = "reset"
    RESET_AFTER = "reset_after"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvolutionFaults:
    """Chances are in 0..1, spans are inclusive milliseconds.

    `send` holds the chance of each fate of a send; together they are at most 1. `unrecorded` and
    `unechoed` take the record and the echo from any accept; `statuses` are the receipts of each
    recorded send with their delays. `late` and `jitter_ms` delay webhooks (so they overtake each
    other), `duplicated` posts one a second time, late.
    """

    latency_ms: Span = (1, 5)
    send: Mapping[SendFault, float] = field(default_factory=lambda: MappingProxyType({}))
    retry_after_s: int = 2
    late_accept_ms: Span = (20_000, 60_000)
    unrecorded: float = 0.0
    unechoed: float = 0.0
    find_fails: float = 0.0
    echo_ms: Span = (1, 5)
    statuses: tuple[tuple[str, Span], ...] = (("SERVER_ACK", (20, 80)), ("DELIVERY_ACK", (90, 400)))
    duplicated: float = 0.0
    late: float = 0.0
    late_ms: Span = (1_000, 20_000)
    jitter_ms: Span = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFaults:
    """As `EvolutionFaults`, for the model provider; `wait` are the headers of a rate limit."""

    latency_ms: Span = (1, 5)
    call: Mapping[ModelFault, float] = field(default_factory=lambda: MappingProxyType({}))
    wait: tuple[tuple[str, str], ...] = (("retry-after", "2"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetFaults:
    """As `ModelFaults`, for Google Sheets; `per_minute` are its quotas of reads and of writes."""

    latency_ms: Span = (1, 5)
    call: Mapping[SheetFault, float] = field(default_factory=lambda: MappingProxyType({}))
    wait: tuple[tuple[str, str], ...] = ()
    per_minute: int = 60


@dataclass(slots=True, kw_only=True)
class Chaos:
    """Draws fates; replace `faults` to hurt or heal a running simulator.

    `script` decides the next sends one by one (None = nothing goes wrong) before chance does;
    `fates` keeps what was decided.
    """

    faults: EvolutionFaults
    random: Random
    script: deque[SendFault | None] = field(default_factory=deque)
    fates: list[SendFault | None] = field(default_factory=list)

    def send_fate(self) -> SendFault | None:
        self.fates.append(
            self.script.popleft() if self.script else draw(self.faults.send, self.random)
        )
        return self.fates[-1]

    def happens(self, chance: float) -> bool:
        return chance > 0 and self.random.random() < chance

    def within(self, span: Span) -> int:
        return self.random.randint(*span)

    def webhook_delay_ms(self) -> int:
        late = self.within(self.faults.late_ms) if self.happens(self.faults.late) else 0
        return self.within(self.faults.jitter_ms) + late


def draw(chances: Mapping[Fault, float], random: Random) -> Fault | None:
    """One of the faults by its chance, or None; no chance at all consumes no randomness."""
    roll = random.random() if chances else 1.0
    for fault, chance in chances.items():
        if roll < chance:
            return fault
        roll -= chance
    return None
