"""The words of durable work: queues, lanes, tasks and claims (DESIGN section 4)."""

from dataclasses import dataclass
from enum import StrEnum


class Queue(StrEnum):
    IN = "in"
    OUT = "out"
    SHEET = "sheet"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A lane held by `owner` until its lease ends; `token` is the fence of every write it makes.

    Tasks `ack + 1` to `upto` are the batch: all waiting ones, or only the head after two failed
    merged attempts (`alone`).
    """

    queue: Queue
    key: str
    owner: str
    token: int
    ack: int
    upto: int
    attempts: int
    crashes: int
    alone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """`next_due` is when the earliest other lane of the queue wants to run, ms UTC.

    None = nothing is due later, or as many lanes as were asked for are claimed: ask again.
    """

    claims: tuple[Claim, ...]
    next_due: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    seq: int
    kind: str
    payload: dict[str, object]
    trace: str
    created_at: int


class Requeued(StrEnum):
    """What became of an operator's wish to try a dead letter again."""

    QUEUED = "queued"
    MISSING = "missing"
    WAITING = "waiting"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    queue: str
    key: str
    seq: int
    kind: str
    payload: dict[str, object]
    attempts: int
    error: str
    died_at: int
    redriven_at: int | None = None
