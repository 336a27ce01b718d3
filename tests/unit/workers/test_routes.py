"""Every queue has one route, and its handler works each lane that it is given."""

from random import Random

from orbion.adapters.db.schema import OUTBOX
from orbion.adapters.db.store import DbStore
from orbion.domain.lanes import Queue
from orbion.domain.notices import circuit_changed
from orbion.domain.turns import Bubble, TurnResult, Verdict
from orbion.kit.limiter import Limiter, OwnPace, Rate
from orbion.telemetry.metrics import Metrics
from orbion.usecases.deliver import Deliver, DeliveryPolicy
from orbion.usecases.reply import Reply, ReplyPolicy
from orbion.usecases.sync_lead import SyncLeads
from orbion.usecases.tell import Tell
from orbion.workers.loop import LoopPolicy
from orbion.workers.routes import routes
from tests.contract.scenes import column, receive
from tests.support.playbooks import solar
from tests.support.stores import HandClock, hello
from tests.usecases.stage import ScriptedChannel, ScriptedSheet


def nobody(_account: str) -> None:
    """No account has an owner."""


async def greet(*_: object) -> TurnResult:
    return TurnResult(verdict=Verdict.ANSWERED, bubbles=(Bubble(text="olá"),))


async def test_a_message_goes_through_all_three_queues(
    sqlite_store: DbStore, clock: HandClock
) -> None:
    store, metrics, channel, sheet = sqlite_store, Metrics(), ScriptedChannel(), ScriptedSheet()
    table = routes(
        Reply(
            turns=store,
            lanes=store,
            answer=greet,
            playbooks={"loja": solar()},
            owner_of=nobody,
            policy=ReplyPolicy(),
            clock=clock,
            metrics=metrics,
            wake=lambda _: None,
        ),
        Deliver(
            outbox=store,
            lanes=store,
            channels={"loja": channel},
            pacing=OwnPace(Limiter([Rate(100, 1.0)], clock=clock)),
            policy=DeliveryPolicy(characters_per_second=0),
            clock=clock,
            random=Random(1),
            metrics=metrics,
            wake=lambda _: None,
        ),
        SyncLeads(leads=store, lanes=store, sheet_of=lambda _: sheet, metrics=metrics),
        Tell(
            notices=store,
            lanes=store,
            events=None,
            owner_of=nobody,
            playbooks={"loja": solar()},
            clock=clock,
            metrics=metrics,
            wake=lambda _: None,
        ),
        lease=9,
        slots=4,
    )
    for number in (1, 2):
        await receive(store, hello(number, phone=f"551190000000{number}"))
    for queue in (Queue.IN, Queue.OUT, Queue.SHEET):
        clock.pass_(1)
        await table[queue].handler((await store.claim(queue, "w", 9)).claims)
    await store.announce(circuit_changed("x", before="closed", after="open", reason="", at=1))
    await table[Queue.NOTICE].handler((await store.claim(Queue.NOTICE, "w", 9)).claims)
    assert (await store.facts()).depth == {}
    assert set(table) == set(Queue)
    assert table[Queue.OUT].policy == LoopPolicy(slots=4, lease=9)
    assert table[Queue.SHEET].policy == LoopPolicy(slots=1, portion=50, lease=9)
    assert await column(store, OUTBOX.c.state) == ["sent", "sent"]
    assert [len(rows) for rows in sheet.writes] == [2]
