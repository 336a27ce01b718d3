"""The guard around a port: what opens the circuit, what a caller then sees, how it heals."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from orbion.adapters.guarded import GuardedChannel, GuardedGateway, GuardedSheet, judge
from orbion.domain.errors import (
    FaultCode,
    OrbionError,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)
from orbion.domain.events import ConnectionState, Event, EventIgnored, WebhookRequest
from orbion.domain.gateway_webhook import Webhook
from orbion.domain.leads import LeadRow
from orbion.domain.outbox import SendReceipt, SentRecord
from orbion.domain.outgoing import Outgoing, Text
from orbion.kit.breaker import Breaker, BreakerPolicy, BreakerState
from orbion.kit.clock import SystemClock
from orbion.kit.concurrency import AdaptiveLimit
from orbion.kit.guard import Guard, Outcome
from orbion.kit.limiter import Limiter, Rate
from tests.support.pace import at_will

RECEIPT = SendReceipt(provider_id="3EB0")
OI = Outgoing(content=Text(text="oi"), message_id="3EB0")


@dataclass
class FakeChannel:
    """Fails with `fault` when it is set; hangs when told to."""

    fault: OrbionError | None = None
    hangs: bool = False
    calls: list[tuple[object, ...]] = field(default_factory=list)

    def verify(self, request: WebhookRequest) -> None: ...

    def parse(self, body: bytes) -> Sequence[Event]:
        return [EventIgnored(reason=body.decode())]

    async def send(self, address: str, outgoing: Outgoing) -> SendReceipt:
        await self._act("send", address, outgoing)
        return RECEIPT

    async def mark_read(self, address: str, provider_ids: Sequence[str]) -> None:
        await self._act("mark_read", address, provider_ids)

    async def typing(self, address: str, seconds: float) -> None:
        await self._act("typing", address, seconds)

    async def find_sent(
        self, addresses: Sequence[str], *, since: int, until: int, message_id: str
    ) -> Sequence[SentRecord]:
        await self._act("find_sent", addresses, since, until, message_id)
        return []

    async def _act(self, *call: object) -> None:
        self.calls.append(call)
        if self.hangs:
            await asyncio.Event().wait()
        if self.fault is not None:
            raise self.fault


@dataclass
class FakeGateway:
    """Says what a test sets, or fails with it."""

    state: ConnectionState | OrbionError = ConnectionState.OPEN
    hangs: bool = False

    async def connection(self) -> ConnectionState:
        if isinstance(self.state, OrbionError):
            raise self.state
        return self.state

    async def version(self) -> str:
        return "2.3.7"

    async def webhook(self) -> None:
        if self.hangs:
            await asyncio.Event().wait()

    async def set_webhook(self, wanted: Webhook) -> None:
        raise UnavailableError(FaultCode.WHATSAPP_UNREACHABLE, f"down: {wanted}")

    async def qr_code(self) -> None: ...


def guard(seen: Callable[[Outcome, float], None] = lambda *_: None, seconds: float = 5.0) -> Guard:
    clock = SystemClock()
    return Guard(
        "whatsapp",
        breaker=Breaker(
            "whatsapp",
            policy=BreakerPolicy(),
            clock=clock,
            random=random.Random(1),
            on_change=lambda _: None,
        ),
        limit=AdaptiveLimit(),
        clock=clock,
        timeout=seconds,
        judge=judge,
        observe=seen,
    )


WANTED = Webhook(
    url="http://orbion", enabled=True, by_events=False, base64=False, events=frozenset(), headers={}
)
DOWN = UnavailableError(FaultCode.WHATSAPP_UNREACHABLE, "down")


async def test_an_open_circuit_is_unavailable_and_says_when_to_come_back() -> None:
    inner = FakeChannel(fault=DOWN)
    channel = GuardedChannel(inner, guard(), at_will())
    for _ in range(5):
        with pytest.raises(UnavailableError, match="down"):
            await channel.send("x", OI)
    with pytest.raises(UnavailableError) as refused:
        await channel.send("x", OI)
    assert refused.value.code is FaultCode.CIRCUIT_OPEN
    assert refused.value.retry_after > 20
    assert len(inner.calls) == 5


async def test_refusals_of_single_messages_never_open_the_circuit() -> None:
    outcomes: list[Outcome] = []
    refused = RefusedError(FaultCode.WHATSAPP_NUMBER_INVALID, "no WhatsApp")
    channel = GuardedChannel(
        FakeChannel(fault=refused), guard(lambda outcome, _: outcomes.append(outcome)), at_will()
    )
    for _ in range(20):
        with pytest.raises(RefusedError):
            await channel.send("x", OI)
    assert outcomes == [Outcome.success] * 20


async def test_a_send_cut_off_by_the_guard_has_an_unknown_outcome() -> None:
    channel = GuardedChannel(FakeChannel(hangs=True), guard(seconds=0.01), at_will())
    with pytest.raises(UnknownOutcomeError):
        await channel.send("x", OI)
    with pytest.raises(UnavailableError):
        await channel.find_sent(["x"], since=0, until=1, message_id="y")


async def test_sends_keep_their_pace_to_the_byte_and_what_finds_no_place_is_not_attempted() -> None:
    inner, watched = FakeChannel(), guard()
    channel = GuardedChannel(inner, watched, Limiter([Rate(8, 1.0, burst=1)], clock=SystemClock()))
    started = SystemClock().monotonic()
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(channel.send("x", OI))
    assert SystemClock().monotonic() - started >= 0.25
    crowd = [channel.send("x", OI) for _ in range(20)]
    ended = await asyncio.gather(*crowd, return_exceptions=True)
    refused = [each for each in ended if isinstance(each, UnavailableError)]
    assert refused
    assert all(0 < each.retry_after <= 0.125 * 20 for each in refused)
    assert len(inner.calls) == 3 + 20 - len(refused)
    assert watched.breaker.statistics.failed == 0


async def test_courtesies_neither_raise_nor_count_and_stop_while_the_circuit_is_open() -> None:
    outcomes: list[Outcome] = []
    inner = FakeChannel(fault=DOWN)
    watched = guard(lambda outcome, _: outcomes.append(outcome))
    channel = GuardedChannel(inner, watched, at_will())
    for _ in range(20):
        await channel.typing("x", 1.0)
        await channel.mark_read("x", ["3A01"])
    assert watched.breaker.state is BreakerState.closed
    assert outcomes == []
    watched.breaker.force_open("test")
    await channel.typing("x", 1.0)
    await channel.mark_read("x", ["3A01"])
    assert inner.calls == [("typing", "x", 1.0), ("mark_read", "x", ["3A01"])] * 20


async def test_a_bad_key_opens_the_circuit_until_the_probe_gets_an_answer_again() -> None:
    inner = FakeChannel(fault=UnavailableError(FaultCode.WHATSAPP_AUTH, "bad key"))
    watched = guard()
    channel, gateway = (
        GuardedChannel(inner, watched, at_will()),
        GuardedGateway(FakeGateway(), watched),
    )
    await gateway.connection()
    with pytest.raises(UnavailableError, match="bad key"):
        await channel.send("x", OI)
    inner.fault = None
    with pytest.raises(UnavailableError) as refused:
        await channel.send("x", OI)
    assert refused.value.code is FaultCode.CIRCUIT_OPEN
    assert await gateway.connection() is ConnectionState.OPEN
    assert await channel.send("x", OI) == RECEIPT


async def test_the_probe_does_not_lift_what_an_operator_has_forced() -> None:
    watched = guard()
    gateway = GuardedGateway(FakeGateway(), watched)
    watched.breaker.force_open("operator")
    await gateway.connection()
    assert watched.breaker.state is BreakerState.open


async def opened_by_sends(watched: Guard) -> None:
    channel = GuardedChannel(FakeChannel(fault=DOWN), watched, at_will())
    for _ in range(5):
        with pytest.raises(UnavailableError, match="down"):
            await channel.send("x", OI)
    assert watched.breaker.state is BreakerState.open


@pytest.mark.parametrize("before", [ConnectionState.CLOSE, ConnectionState.CONNECTING, DOWN])
async def test_a_number_that_becomes_connected_need_not_wait_for_its_circuit(
    before: ConnectionState | OrbionError,
) -> None:
    watched, inner = guard(), FakeGateway()
    gateway = GuardedGateway(inner, watched)
    await gateway.connection()
    await opened_by_sends(watched)
    inner.state = before
    if isinstance(before, OrbionError):
        with pytest.raises(UnavailableError):
            await gateway.connection()
    else:
        await gateway.connection()
    inner.state = ConnectionState.OPEN
    assert watched.breaker.retry_after > 0
    await gateway.connection()
    assert watched.breaker.retry_after == 0


async def test_a_gateway_that_only_says_it_is_connected_keeps_its_circuit_open() -> None:
    watched = guard()
    gateway = GuardedGateway(FakeGateway(), watched)
    await gateway.connection()
    await opened_by_sends(watched)
    await gateway.connection()
    assert watched.breaker.state is BreakerState.open
    assert await gateway.version() == "2.3.7"
    with pytest.raises(UnavailableError) as refused:
        await gateway.webhook()
    assert refused.value.code is FaultCode.CIRCUIT_OPEN


async def test_the_care_of_an_account_is_cut_off_and_counted_like_its_sends() -> None:
    outcomes: list[Outcome] = []
    watched = guard(lambda outcome, _: outcomes.append(outcome), seconds=0.01)
    gateway = GuardedGateway(FakeGateway(hangs=True), watched)
    with pytest.raises(UnavailableError) as late:
        await gateway.webhook()
    assert late.value.code is FaultCode.WHATSAPP_UNREACHABLE
    with pytest.raises(UnavailableError, match="down"):
        await gateway.set_webhook(WANTED)
    assert await gateway.qr_code() is None
    assert outcomes == [Outcome.timeout, Outcome.failure, Outcome.success]


async def test_a_rate_limit_holds_the_next_calls_for_the_time_asked() -> None:
    inner = FakeChannel(
        fault=UnavailableError(FaultCode.WHATSAPP_RATE_LIMIT, "slow down", retry_after=40.0)
    )
    channel = GuardedChannel(inner, guard(), at_will())
    with pytest.raises(UnavailableError, match="slow down"):
        await channel.send("x", OI)
    with pytest.raises(UnavailableError) as held:
        await channel.send("x", OI)
    assert 30 < held.value.retry_after <= 40


async def test_a_sheet_out_of_time_is_unavailable() -> None:
    class Slow:
        async def upsert(self, rows: Sequence[LeadRow]) -> frozenset[int]:
            await asyncio.Event().wait()
            raise AssertionError(rows)

        async def read(self, business: str) -> None:
            raise AssertionError(business)

        async def cells(self, business: str, tab: str, area: str) -> Sequence[Sequence[str]]:
            raise AssertionError(business, tab, area)

        async def reach(self) -> None:
            raise UnavailableError(FaultCode.SHEETS_AUTH, "")

    with pytest.raises(UnavailableError) as late:
        await GuardedSheet(Slow(), guard(seconds=0.01)).upsert([])
    assert late.value.code is FaultCode.SHEETS_UNREACHABLE


@pytest.mark.parametrize(
    ("error", "outcome", "wait"),
    [
        (UnavailableError(FaultCode.OPENAI_RATE_LIMIT, "", retry_after=9.0), Outcome.overload, 9.0),
        (RefusedError(FaultCode.OPENAI_QUOTA, ""), Outcome.overload, 300.0),
        (RefusedError(FaultCode.OPENAI_AUTH, ""), Outcome.forbidden, 0.0),
        (RefusedError(FaultCode.OPENAI_BAD_REQUEST, ""), Outcome.success, 0.0),
        (UnavailableError(FaultCode.OPENAI_TIMEOUT, ""), Outcome.timeout, 1.0),
        (UnavailableError(FaultCode.SHEETS_UNREACHABLE, ""), Outcome.failure, 1.0),
        (ValueError("a bug of ours"), Outcome.neutral, 0.0),
    ],
    ids=repr,
)
def test_each_fault_is_judged_by_its_code(error: Exception, outcome: Outcome, wait: float) -> None:
    verdict = judge(error)
    assert (verdict.outcome, verdict.retry_after) == (outcome, wait)
