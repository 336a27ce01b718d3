"""A hand-off is told once: stored with it, then queued to the owner apart from every customer."""

from orbion.adapters.db.notices import WEBHOOK
from orbion.adapters.db.schema import CONVERSATION, HANDOFF, LANE, OUTBOX, TURN
from orbion.adapters.db.schema_leads import LEAD
from orbion.adapters.db.store import DbStore
from orbion.domain.lanes import Queue
from orbion.domain.messages import MessageKind
from orbion.domain.notices import Notice, Waiting, circuit_changed, handed_over
from orbion.domain.outbox import OutboxState, SendOrder
from orbion.domain.turns import Bubble, TurnResult, Verdict
from tests.contract.scenes import column, decide, receive, rows
from tests.support.stores import HandClock, echo, hello

OWNER = "5511900000001"
MARIA = "5511900000009"
ASKED = TurnResult(
    verdict=Verdict.HANDED_OVER,
    bubbles=(Bubble(text="Vou chamar uma pessoa.", exempt="handoff"),),
    handoff="requested",
)


async def hand_over(store: DbStore) -> None:
    await receive(store, hello(1, phone=MARIA, text="quero uma pessoa"))
    await decide(store, ASKED)


async def lanes(store: DbStore, queue: Queue) -> list[tuple[object, object]]:
    found = await rows(store, LANE.c.queue, LANE.c.key, LANE.c.seq)
    return [(key, seq) for name, key, seq in found if name == queue]


async def tell(store: DbStore, text: str = "um cliente espera") -> None:
    (claim,) = [
        each
        for each in (await store.claim(Queue.NOTICE, "w", 9)).claims
        if each.key != store.webhook_lane
    ]
    await store.tell_owner(claim, "loja", OWNER, text, "t")


async def test_a_hand_off_is_stored_once_for_each_who_is_told(store: DbStore) -> None:
    await hand_over(store)
    assert await lanes(store, Queue.NOTICE) == [("owner:loja", 1), (WEBHOOK, 1)]
    (held, _) = (await store.claim(Queue.NOTICE, "w", 9)).claims
    (task,) = await store.tasks(held)
    notice = Notice.from_payload(task.payload)
    assert notice == handed_over(
        "requested", business="sol", account="loja", conversation_id=1, at=notice.at
    )


async def test_silence_while_a_person_is_there_tells_nobody_again(store: DbStore) -> None:
    await hand_over(store)
    await receive(store, hello(2, phone=MARIA, text="oi?"))
    await decide(store, ASKED)
    assert await column(store, HANDOFF.c.reason) == ["requested"]
    assert await lanes(store, Queue.NOTICE) == [("owner:loja", 1), (WEBHOOK, 1)]


async def test_the_owner_has_a_conversation_and_a_lane_apart(
    store: DbStore, clock: HandClock
) -> None:
    await hand_over(store)
    await tell(store)
    assert await column(store, CONVERSATION.c.address) == [
        f"{MARIA}@s.whatsapp.net",
        f"{OWNER}@s.whatsapp.net",
    ]
    assert await lanes(store, Queue.OUT) == [("1", 1), ("2", 1)]
    assert await rows(store, OUTBOX.c.conversation_id, OUTBOX.c.turn_id, OUTBOX.c.exempt) == [
        (1, 1, "handoff"),
        (2, 2, "owner"),
    ]
    assert await column(store, TURN.c.verdict) == ["handed_over", "owner_told"]
    clock.pass_(20)
    assert [each.key for each in (await store.claim(Queue.NOTICE, "w2", 9)).claims] == [WEBHOOK]


async def test_nothing_silences_what_the_owner_is_told(store: DbStore) -> None:
    await receive(store, hello(1, phone=OWNER))
    await decide(store, TurnResult(verdict=Verdict.OPTED_OUT))
    await receive(store, hello(2, phone=MARIA))
    await decide(store, ASKED)
    await tell(store)
    await receive(store, echo("bom dia, chefe", by_api=False))
    assert await column(store, OUTBOX.c.state) == ["pending", "pending"]
    for claim in (await store.claim(Queue.OUT, "w", 9)).claims:
        draft = await store.draft(claim)
        assert draft is not None
        assert (draft.kind, draft.state) == (MessageKind.TEXT, OutboxState.PENDING)
        assert isinstance(await store.begin_send(claim), SendOrder)


async def test_what_the_owner_answers_makes_no_lead_for_the_sheet(store: DbStore) -> None:
    await receive(store, hello(1, phone=OWNER, text="já vou"))
    await decide(store, TurnResult(verdict=Verdict.OWNER))
    assert await lanes(store, Queue.SHEET) == []
    assert await column(store, LEAD.c.stage) == ["novo"]


async def test_who_waits_is_known_by_address_and_last_words(store: DbStore) -> None:
    await hand_over(store)
    assert await store.waiting(1) == Waiting(
        address=f"{MARIA}@s.whatsapp.net", name="Maria", last_words="quero uma pessoa"
    )
    assert await store.waiting(99) is None


async def test_a_circuit_is_posted_and_written_to_nobody(store: DbStore) -> None:
    await store.announce(circuit_changed("openai", before="closed", after="open", reason="x", at=1))
    assert await lanes(store, Queue.NOTICE) == [(WEBHOOK, 1)]
