"""Notices reach the owner's outbox once, and the webhook in order, whatever fails between."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from orbion.adapters.db.schema import OUTBOX
from orbion.adapters.db.store import DbStore
from orbion.domain.errors import FaultCode, OrbionError, RefusedError, UnavailableError
from orbion.domain.lanes import Queue
from orbion.domain.notices import Notice, Posted, budget_reached, circuit_changed, handed_over
from orbion.domain.spend import Alarm
from orbion.telemetry.metrics import Metrics
from orbion.usecases.tell import LONGEST_MS, Tell
from tests.contract.scenes import column, receive
from tests.support.playbooks import solar
from tests.support.stores import HandClock, hello
from tests.usecases.stage import counted, due

OWNER = "5511911112222"
LATER = UnavailableError(FaultCode.EVENTS_UNREACHABLE, "down", retry_after=7)
NEVER = RefusedError(FaultCode.EVENTS_REFUSED, "no")


@dataclass(slots=True)
class ScriptedEvents:
    """Answers each post with the next of `answers`, then takes it."""

    answers: deque[OrbionError | None] = field(default_factory=deque)
    taken: list[Posted] = field(default_factory=list)

    async def post(self, event: Posted) -> None:
        if self.answers and (error := self.answers.popleft()) is not None:
            raise error
        self.taken.append(event)


@dataclass(slots=True)
class Herald:
    store: DbStore
    clock: HandClock
    owner: str | None = OWNER
    events: ScriptedEvents | None = field(default_factory=ScriptedEvents)
    metrics: Metrics = field(default_factory=Metrics)
    woken: list[Queue] = field(default_factory=list)

    async def work(self) -> None:
        tell = Tell(
            notices=self.store,
            lanes=self.store,
            events=self.events,
            owner_of=lambda _account: self.owner,
            playbooks={"loja": solar()},
            clock=self.clock,
            metrics=self.metrics,
            wake=self.woken.append,
        )
        for claim in (await self.store.claim(Queue.NOTICE, "w", 9)).claims:
            await tell(claim)

    async def told(self) -> Sequence[object]:
        return await column(self.store, OUTBOX.c.text)


@pytest.fixture
def herald(sqlite_store: DbStore, clock: HandClock) -> Herald:
    return Herald(sqlite_store, clock)


def opened(circuit: str, at: int = 1) -> Notice:
    return circuit_changed(circuit, before="closed", after="open", reason="failures", at=at)


def hand_off(clock: HandClock, reason: str = "requested") -> Notice:
    return handed_over(reason, business="sol", account="loja", conversation_id=1, at=clock.now())


async def test_the_owner_reads_who_waits_and_why(herald: Herald) -> None:
    await receive(herald.store, hello(1, text="quero falar com\num atendente"))
    await herald.store.announce(hand_off(herald.clock))
    await herald.work()
    (text,) = await herald.told()
    assert str(text).splitlines()[:4] == [
        f"{solar().business_name}: Maria espera por alguém da equipe.",
        "Motivo: pediu para falar com uma pessoa.",
        "Última mensagem: «quero falar com um atendente»",
        "Conversa: https://wa.me/5511900000001",
    ]
    assert herald.woken == [Queue.OUT]
    assert counted(herald.metrics, "notices_total", "handoff.requested", "queued") == 1
    herald.clock.pass_(60)
    await herald.work()
    assert len(await herald.told()) == 1


async def test_each_hand_off_is_one_message(herald: Herald) -> None:
    await receive(herald.store, hello(1))
    for reason in ("requested", "negociacao_especial"):
        await herald.store.announce(hand_off(herald.clock, reason))
    for _ in range(3):
        await herald.work()
    texts = [str(text) for text in await herald.told()]
    assert len(texts) == 2
    assert "assunto para uma pessoa: negociacao especial." in texts[1]


async def test_a_spent_budget_is_told_and_a_half_spent_one_only_posted(herald: Herald) -> None:
    for percent in (50, 100):
        alarm = Alarm(business="sol", scope="day", key="2026-11-28", percent=percent)
        await herald.store.announce(budget_reached(alarm, account="loja", at=herald.clock.now()))
    await herald.work()
    (text,) = await herald.told()
    assert "o orçamento de hoje do modelo de linguagem acabou" in str(text)
    assert herald.events is not None
    assert [each.notice.details["percent"] for each in herald.events.taken] == [50, 100]


async def test_without_an_owner_a_hand_off_is_only_posted(herald: Herald) -> None:
    herald.owner = None
    await herald.store.announce(hand_off(herald.clock))
    await herald.work()
    assert await herald.told() == []
    assert counted(herald.metrics, "notices_total", "handoff.requested", "nobody") == 1
    assert (await herald.store.facts()).depth == {}


async def test_what_is_posted_holds_no_words_of_a_customer(herald: Herald) -> None:
    await receive(herald.store, hello(1, text="meu CPF é 111.444.777-35"))
    await herald.store.announce(hand_off(herald.clock))
    await herald.work()
    assert herald.events is not None
    (event,) = herald.events.taken
    assert event.body == {
        "id": event.id,
        "type": "handoff.requested",
        "timestamp": "2027-01-15T08:00:00.000+00:00",
        "business": "sol",
        "account": "loja",
        "data": {"conversation": 1, "reason": "requested"},
    }


async def test_what_was_posted_is_not_posted_again_when_a_later_one_fails(herald: Herald) -> None:
    assert herald.events is not None
    herald.events.answers.extend([None, LATER])
    for circuit in ("a", "b", "c"):
        await herald.store.announce(opened(circuit))
    await herald.work()
    await herald.work()
    assert [each.notice.details["circuit"] for each in herald.events.taken] == ["a", "b", "c"]
    assert len({each.id for each in herald.events.taken}) == 3
    assert counted(herald.metrics, "notices_total", "circuit.changed", "put_off") == 1


@pytest.mark.parametrize("error", [LATER, NEVER])
async def test_what_fails_first_is_left_to_the_lane(herald: Herald, error: OrbionError) -> None:
    assert herald.events is not None
    herald.events.answers.append(error)
    await herald.store.announce(opened("a"))
    with pytest.raises(type(error)):
        await herald.work()
    assert herald.events.taken == []


async def test_nobody_is_told_what_happened_days_ago(herald: Herald) -> None:
    await herald.store.announce(opened("a"))
    herald.clock.pass_(LONGEST_MS / 1000 + 1)
    await herald.work()
    assert counted(herald.metrics, "notices_total", "circuit.changed", "expired") == 1
    assert await due(herald.store, Queue.NOTICE) is None


async def test_without_a_webhook_a_notice_is_only_kept(herald: Herald) -> None:
    herald.events = None
    await herald.store.announce(opened("a"))
    await herald.work()
    assert await due(herald.store, Queue.NOTICE) is None
