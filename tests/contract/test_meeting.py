"""A hidden person who proves to be a known phone is one contact, and nothing of theirs is lost."""

from dataclasses import replace

from orbion.adapters.db.schema import (
    CONTACT,
    CONTACT_ALIAS,
    CONVERSATION,
    LANE,
    MESSAGE,
    OUTBOX,
    SUPPRESSION,
)
from orbion.adapters.db.schema_leads import FACT, LEAD, QUESTION, STAGE_CHANGE
from orbion.adapters.db.store import DbStore
from orbion.domain.conversations import Mode
from orbion.domain.events import MessageEchoed, MessageReceived
from orbion.domain.identity import Identity
from orbion.domain.lanes import Queue
from orbion.domain.language import Language
from orbion.domain.leads import Fact, Referral
from orbion.domain.messages import Outcome
from orbion.domain.turns import Bubble, TurnResult, Verdict
from tests.contract.scenes import (
    BRANCH,
    begin_send,
    column,
    decide,
    receive,
    reply,
    rows,
    take_turn,
    with_accounts,
)
from tests.support.stores import HandClock, echo, hello

PHONE, LID = "551100000001", "77000000000001@lid"
SHOWN = Identity.of(f"{PHONE}@s.whatsapp.net")
HIDDEN = Identity.of(LID)
BOTH = replace(SHOWN, lid=LID)


def says(number: int, who: Identity) -> MessageReceived:
    return replace(hello(number), sender=who)


def learned(stage: str, **facts: str) -> TurnResult:
    return TurnResult(
        verdict=Verdict.ANSWERED,
        bubbles=(Bubble(text="anotado"),),
        facts=tuple(Fact(slot=slot, value=value) for slot, value in facts.items()),
        stage=stage,
    )


async def both_known(store: DbStore) -> None:
    """Contact 1 wrote with the phone, contact 2 is hidden, and both wait for no answer."""
    await receive(store, says(1, SHOWN))
    await decide(store, learned("interessado", cidade="Natal", nome="Ana"))
    await receive(store, says(2, HIDDEN))
    told = learned("qualificado", cidade="Recife", conta="500")
    await decide(store, replace(told, asked="prazo", language=Language.SPANISH))


async def test_what_the_hidden_one_told_is_known_of_the_one_lead(store: DbStore) -> None:
    await both_known(store)
    await receive(store, says(3, BOTH))
    assert await column(store, CONTACT.c.id) == [1]
    assert await rows(store, LEAD.c.contact_id, LEAD.c.stage) == [(1, "interessado")]
    assert set(await rows(store, FACT.c.slot, FACT.c.value, FACT.c.current)) == {
        ("cidade", "Natal", True),
        ("nome", "Ana", True),
        ("cidade", "Recife", False),
        ("conta", "500", True),
    }
    assert await column(store, FACT.c.lead_id) == [1, 1, 1, 1]
    assert await column(store, STAGE_CHANGE.c.lead_id) == [1, 1]
    assert await rows(store, QUESTION.c.lead_id, QUESTION.c.slot) == [(1, "prazo")]
    assert await column(store, CONTACT.c.language) == ["es"]
    _, given = await take_turn(store)
    assert given.lead.facts == {"cidade": "Natal", "nome": "Ana", "conta": "500"}


async def test_a_lead_that_nothing_is_known_of_takes_the_others_stage_and_source(
    store: DbStore,
) -> None:
    await receive(store, says(1, SHOWN))
    await decide(store, TurnResult(verdict=Verdict.SILENT))
    ad = Referral(source="ctwa_ad", details={"title": "Energia"})
    await receive(store, replace(says(2, HIDDEN), referral=ad))
    await decide(store, learned("qualificado", conta="500"))
    await receive(store, says(3, BOTH))
    assert await rows(store, LEAD.c.stage, LEAD.c.source) == [("qualificado", "ctwa_ad")]


async def test_a_name_is_taken_along(store: DbStore) -> None:
    await receive(store, says(1, SHOWN), says(2, replace(HIDDEN, name="Bia")))
    await receive(store, says(3, BOTH))
    assert await column(store, CONTACT.c.name) == ["Bia"]


async def test_the_talk_of_a_number_where_the_phone_never_wrote_goes_on(store: DbStore) -> None:
    store = await with_accounts(store, BRANCH)
    await receive(store, says(1, SHOWN))
    await receive(store, says(2, HIDDEN), account=BRANCH.id)
    await receive(store, says(3, BOTH), account=BRANCH.id)
    assert await rows(store, CONVERSATION.c.contact_id, CONVERSATION.c.thread) == [(1, 0), (1, 0)]
    assert await column(store, MESSAGE.c.conversation_id) == [1, 2, 2]


async def test_an_answer_under_way_is_finished_where_it_began(store: DbStore) -> None:
    await receive(store, says(1, SHOWN))
    await decide(store, TurnResult(verdict=Verdict.SILENT))
    await receive(store, says(2, HIDDEN))
    claim, given = await take_turn(store)
    await receive(store, says(3, BOTH))
    await store.finish_turn(claim, given, learned("interessado", cidade="Natal"))
    assert await rows(store, FACT.c.lead_id, FACT.c.value) == [(1, "Natal")]
    assert await rows(store, OUTBOX.c.conversation_id, OUTBOX.c.address) == [(2, LID)]
    assert await rows(store, CONVERSATION.c.contact_id, CONVERSATION.c.thread) == [(1, 0), (1, 2)]


async def on_its_way(store: DbStore, *texts: str) -> None:
    """Let an answer to the hidden one begin to leave when the phone becomes known."""
    await receive(store, says(1, SHOWN))
    await decide(store, TurnResult(verdict=Verdict.SILENT))
    await receive(store, says(2, HIDDEN))
    await decide(store, reply(*texts))
    await begin_send(store)
    await receive(store, says(3, BOTH))


def written(text: str, *, by_api: bool) -> MessageEchoed:
    return replace(echo(text, number=9, by_api=by_api), recipient=BOTH)


async def test_the_echo_of_an_answer_to_the_hidden_one_is_ours(store: DbStore) -> None:
    await on_its_way(store, "olá")
    assert await receive(store, written("olá", by_api=True)) == ("echo",)
    assert await column(store, CONVERSATION.c.mode) == [Mode.BOT, Mode.BOT]


async def test_a_person_stops_what_waits_in_the_older_thread(store: DbStore) -> None:
    await on_its_way(store, "olá", "tudo bem?")
    assert await receive(store, written("eu respondo", by_api=False)) == ("takeover",)
    assert await column(store, CONVERSATION.c.mode) == [Mode.HUMAN, Mode.HUMAN]
    assert (await column(store, OUTBOX.c.state))[1] == Outcome.SUPPRESSED


async def test_a_wish_to_stop_becomes_the_one_contacts(store: DbStore) -> None:
    await receive(store, says(1, SHOWN))
    await decide(store, TurnResult(verdict=Verdict.SILENT))
    await receive(store, says(2, HIDDEN))
    await decide(store, TurnResult(verdict=Verdict.OPTED_OUT))
    await receive(store, says(3, BOTH))
    assert await column(store, SUPPRESSION.c.contact_id) == [1]
    assert set(await column(store, CONTACT_ALIAS.c.contact_id)) == {1}


async def sheet_lanes(store: DbStore) -> list[object]:
    found = await rows(store, LANE.c.queue, LANE.c.key, LANE.c.seq)
    return [(key, seq) for queue, key, seq in found if queue == Queue.SHEET]


async def test_a_lead_that_the_sheet_never_showed_leaves_no_row(
    store: DbStore, clock: HandClock
) -> None:
    await both_known(store)
    await receive(store, says(3, BOTH))
    clock.pass_(10)
    claims = (await store.claim(Queue.SHEET, "w", 9)).claims
    assert [row.lead_id for row in await store.lead_rows(claims)] == [1]


async def test_a_lead_that_the_sheet_shows_is_told_to_be_another_ones(
    store: DbStore, clock: HandClock
) -> None:
    await both_known(store)
    clock.pass_(10)
    await store.synced((await store.claim(Queue.SHEET, "w", 9)).claims)
    await receive(store, says(3, BOTH))
    clock.pass_(10)
    claims = (await store.claim(Queue.SHEET, "w", 9)).claims
    shown = {row.lead_id: row for row in await store.lead_rows(claims)}
    assert shown[2].columns == {"etapa": "unificado com 1"}
    assert shown[2].business == shown[1].business
    assert shown[1].columns["conta"] == "500"
