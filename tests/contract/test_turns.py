"""A turn reads what waits, journals its steps, and settles all it decided at once or nothing."""

from dataclasses import replace

import pytest

from orbion.adapters.db import lanes
from orbion.adapters.db.schema import LANE, MESSAGE, OUTBOX, SUPPRESSION, TURN
from orbion.adapters.db.schema_leads import FACT, LEAD, STAGE_CHANGE
from orbion.adapters.db.store import DbStore
from orbion.domain.errors import LeaseLostError
from orbion.domain.events import MessageEdited
from orbion.domain.lanes import Queue
from orbion.domain.language import Language
from orbion.domain.leads import Fact
from orbion.domain.turns import Bubble, Step, TurnResult, Verdict
from tests.contract.scenes import (
    BRANCH,
    answer,
    claim_one,
    column,
    decide,
    everything,
    receive,
    reply,
    rows,
    send,
    take_turn,
    with_accounts,
)
from tests.support.stores import HandClock, echo, hello

STEP = Step(number=1, kind="model", input_hash=b"\x01\xff", output="{}", tokens_in=5, ms=7)
OPT_OUT = TurnResult(
    verdict=Verdict.OPTED_OUT, bubbles=(Bubble(text="não escrevo mais", exempt="opt_out"),)
)
HAND_OVER = TurnResult(
    verdict=Verdict.HANDED_OVER,
    bubbles=(Bubble(text="já chamo alguém", exempt="handoff"),),
    handoff="asked",
)
RICH = TurnResult(
    verdict=Verdict.ANSWERED,
    bubbles=(Bubble(text="um"), Bubble(text="dois")),
    facts=(Fact(slot="cidade", value="Natal", message_id=1, quote="de Natal", confidence=0.9),),
    stage="interessado",
    score=20,
    open_slot="conta",
)


# Reading


async def test_a_batch_stands_in_the_order_in_which_it_was_written(store: DbStore) -> None:
    late = replace(hello(1), occurred_at=1_800_000_000_300)
    same = replace(hello(2), occurred_at=1_800_000_000_100)
    tie = replace(hello(3), occurred_at=1_800_000_000_100)
    await receive(store, late, same, tie)
    _, given = await take_turn(store)
    assert [m.text for m in given.batch] == ["mensagem 2", "mensagem 3", "mensagem 1"]


async def test_a_turn_reads_who_is_speaking_and_what_is_known(
    store: DbStore, clock: HandClock
) -> None:
    first = clock.now()
    await receive(store, hello(1))
    await decide(store, RICH)
    clock.pass_(10)
    await receive(store, hello(2))
    _, given = await take_turn(store)
    assert given.lead.facts == {"cidade": "Natal"}
    assert given.lead.asked == {}
    assert (given.lead.stage, given.lead.score) == ("interessado", 20)
    assert given.conversation.open_slot == "conta"
    assert (given.conversation.name, given.conversation.phone) == ("Maria", "551100000001")
    assert (given.turns_last_minute, given.first_open_at, given.trace) == (1, first + 10_000, "t")
    assert given.conversation.last_in_at == first + 10_000


async def test_how_often_a_question_was_put_is_counted(store: DbStore) -> None:
    asking = replace(RICH, asked="conta")
    for number, result in enumerate((asking, asking, replace(asking, bubbles=())), 1):
        await receive(store, hello(number))
        await decide(store, result)
    await receive(store, hello(9))
    _, given = await take_turn(store)
    assert given.lead.asked == {"conta": 2}


async def test_the_language_of_a_contact_is_kept(store: DbStore) -> None:
    for number, language in enumerate((Language.ENGLISH, None), 1):
        await receive(store, hello(number))
        await decide(store, replace(RICH, language=language))
    await receive(store, hello(9))
    _, given = await take_turn(store)
    assert given.conversation.language is Language.ENGLISH


async def test_a_claim_with_nothing_open_has_no_turn(store: DbStore) -> None:
    await receive(store, hello(1))
    await answer(store, "oi")
    await store.db.write(
        lambda tx: lanes.enqueue(
            tx, Queue.IN, "1", kind="message", payload={"message": 1}, trace="t"
        )
    )
    assert await store.load_turn(await claim_one(store, Queue.IN)) is None


async def test_history_is_what_the_customer_saw_or_wrote(store: DbStore) -> None:
    await receive(store, hello(1))
    await answer(store, "tomada de volta")
    await receive(store, hello(2))
    await answer(store, "vista")
    await store.begin_send(await claim_one(store, Queue.OUT))
    await send(store, "WA1")
    await receive(store, hello(3))
    await answer(store, "calada")
    await receive(store, echo("sou a Ana", by_api=False))
    found = await store.history(1, version=99)
    assert [(m.author, m.text) for m in found] == [
        ("customer", "mensagem 1"),
        ("customer", "mensagem 2"),
        ("bot", "vista"),
        ("customer", "mensagem 3"),
        ("person", "sou a Ana"),
    ]
    assert len(await store.messages(1, 99)) == len(found) + 2


async def test_history_is_cached_by_version(store: DbStore) -> None:
    await receive(store, hello(1))
    before = await store.history(1, version=1)
    await receive(store, MessageEdited(provider_id=hello(1).provider_id, text="outra"))
    assert await store.history(1, version=1) == before
    (message,) = await store.history(1, version=2)
    assert message.text == "outra"


# Crash and resume


async def test_a_turn_that_a_crash_interrupted_is_resumed_with_its_steps(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, hello(1))
    claim, given = await take_turn(store)
    turn = await store.begin_turn(claim, given)
    await store.save_step(turn, STEP)
    clock.pass_(16)
    again, given = await take_turn(store, "w2")
    assert await store.begin_turn(again, given) == turn
    assert await store.steps(turn) == [STEP]
    assert await column(store, TURN.c.attempt) == [2]
    await store.finish_turn(again, given, reply("oi"))
    assert await rows(store, TURN.c.verdict, TURN.c.upto) == [("answered", 1)]


async def test_a_turn_without_a_crash_counts_one_attempt(store: DbStore) -> None:
    await receive(store, hello(1))
    claim, given = await take_turn(store)
    turn = await store.begin_turn(claim, given)
    await store.finish_turn(claim, given, reply("oi"))
    assert await rows(store, TURN.c.id, TURN.c.attempt) == [(turn, 1)]


async def test_a_turn_keeps_the_version_of_the_playbook_in_force(store: DbStore) -> None:
    await receive(store, hello(1))
    claim, given = await take_turn(store)
    await store.begin_turn(claim, replace(given, playbook="old"))
    assert await column(store, TURN.c.playbook) == ["old"]
    await store.begin_turn(claim, replace(given, playbook="new"))
    assert await column(store, TURN.c.playbook) == ["new"]


async def test_turns_of_the_same_millisecond_are_told_apart(store: DbStore) -> None:
    await receive(store, hello(1))
    await answer(store, "oi")
    await send(store, "WA1")
    await receive(store, hello(2))
    claim, given = await take_turn(store)
    turn = await store.begin_turn(claim, given)
    assert await store.begin_turn(claim, given) == turn
    assert await column(store, TURN.c.verdict) == ["answered", None]


async def test_a_step_written_twice_keeps_the_last(store: DbStore) -> None:
    await receive(store, hello(1))
    claim, given = await take_turn(store)
    turn = await store.begin_turn(claim, given)
    await store.save_step(turn, STEP)
    await store.save_step(turn, replace(STEP, output="[]"))
    assert [step.output for step in await store.steps(turn)] == ["[]"]


# One write


async def test_a_finished_turn_has_written_everything(store: DbStore, clock: HandClock) -> None:
    await receive(store, hello(1))
    assert await decide(store, RICH) == RICH
    assert await rows(store, MESSAGE.c.text, MESSAGE.c.outcome, MESSAGE.c.turn_id) == [
        ("mensagem 1", "answered", 1),
        ("um", "queued", 1),
        ("dois", "queued", 1),
    ]
    assert await rows(store, OUTBOX.c.text, OUTBOX.c.state, OUTBOX.c.position) == [
        ("um", "pending", 0),
        ("dois", "pending", 1),
    ]
    fact = (FACT.c.value, FACT.c.message_id, FACT.c.quote, FACT.c.confidence)
    assert await rows(store, *fact) == [("Natal", 1, "de Natal", 90)]
    assert await rows(store, TURN.c.verdict, TURN.c.finished_at) == [("answered", clock.now())]
    work = await rows(store, LANE.c.queue, LANE.c.key, LANE.c.seq, LANE.c.ack)
    assert sorted(work, key=str) == [("in", "1", 1, 1), ("out", "1", 2, 0), ("sheet", "1", 1, 0)]


@pytest.mark.parametrize("result", [RICH, OPT_OUT, HAND_OVER, reply()])
async def test_a_worker_that_lost_its_lease_writes_nothing_at_all(
    store: DbStore, clock: HandClock, result: TurnResult
) -> None:
    await receive(store, hello(1))
    late, given = await take_turn(store, "w1")
    clock.pass_(16)
    await claim_one(store, Queue.IN, "w2")
    before = await everything(store)
    with pytest.raises(LeaseLostError):
        await store.finish_turn(late, given, result)
    assert await everything(store) == before


async def test_a_nul_that_no_database_takes_is_dropped_from_a_bubble(store: DbStore) -> None:
    await receive(store, hello(1))
    await answer(store, "oi\x00!")
    assert await column(store, OUTBOX.c.text) == ["oi!"]


# What happened meanwhile wins


async def test_a_takeover_during_the_turn_silences_it(store: DbStore) -> None:
    await receive(store, hello(1))
    claim, given = await take_turn(store)
    assert await receive(store, echo("deixa comigo", by_api=False)) == ("takeover",)
    done = await store.finish_turn(claim, given, RICH)
    assert (done.verdict, done.bubbles, done.facts) == (Verdict.HUMAN_MODE, (), RICH.facts)
    assert await column(store, OUTBOX.c.id) == []
    (first, _) = await rows(store, MESSAGE.c.outcome, MESSAGE.c.reason)
    assert first == ("suppressed", "human_mode")
    assert await column(store, FACT.c.value) == ["Natal"]


async def test_an_opt_out_on_another_number_silences_a_turn_under_way(store: DbStore) -> None:
    store = await with_accounts(store, BRANCH)
    await receive(store, hello(1))
    claim, given = await take_turn(store)
    await receive(store, hello(2), account=BRANCH.id)
    await decide(store, OPT_OUT)
    done = await store.finish_turn(claim, given, RICH)
    assert (done.verdict, done.bubbles) == (Verdict.SUPPRESSED_OPT_OUT, ())
    assert await column(store, OUTBOX.c.text) == ["não escrevo mais"]


async def test_an_opt_out_is_recorded_although_a_person_took_over(store: DbStore) -> None:
    await receive(store, hello(1))
    claim, given = await take_turn(store)
    await receive(store, echo("deixa comigo", by_api=False))
    assert (await store.finish_turn(claim, given, OPT_OUT)).verdict is Verdict.OPTED_OUT
    assert await column(store, SUPPRESSION.c.contact_id) == [1]
    skipped = await store.begin_send(await claim_one(store, Queue.OUT))
    assert getattr(skipped, "reason", None) == "human_mode"


async def test_a_newer_message_supersedes_the_answer_under_way(store: DbStore) -> None:
    await receive(store, hello(1))
    claim, given = await take_turn(store)
    await receive(store, hello(2))
    assert (await store.finish_turn(claim, given, RICH)).verdict is Verdict.SUPERSEDED
    assert await column(store, OUTBOX.c.id) == []
    assert await column(store, FACT.c.id) == []
    assert await column(store, MESSAGE.c.outcome) == ["open", "open"]
    _, merged = await take_turn(store)
    assert [m.id for m in merged.batch] == [1, 2]


async def test_the_answer_under_way_stands_when_the_customer_waited_long_enough(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, hello(1))
    claim, given = await take_turn(store)
    clock.pass_(6)
    await receive(store, hello(2))
    assert (await store.finish_turn(claim, given, reply("oi"))).verdict is Verdict.ANSWERED
    assert await column(store, MESSAGE.c.outcome) == ["answered", "open", "queued"]
    _, rest = await take_turn(store)
    assert [m.id for m in rest.batch] == [2]


async def test_a_silent_verdict_is_not_superseded(store: DbStore) -> None:
    await receive(store, hello(1))
    claim, given = await take_turn(store)
    await receive(store, hello(2))
    silent = TurnResult(verdict=Verdict.SILENT)
    assert await store.finish_turn(claim, given, silent) == silent
    assert await column(store, MESSAGE.c.reason) == ["silent", None]


# Facts, stage, mirror


async def test_a_new_value_retires_the_old_one_and_keeps_it(store: DbStore) -> None:
    for number, value in enumerate(("Natal", "Natal", "Recife"), start=1):
        await receive(store, hello(number))
        await decide(
            store, TurnResult(verdict=Verdict.SILENT, facts=(Fact(slot="cidade", value=value),))
        )
    assert await rows(store, FACT.c.value, FACT.c.current) == [("Natal", False), ("Recife", True)]
    (lead,) = await store.leads(9)
    assert lead.columns["cidade"] == "Recife"


async def test_a_stage_change_is_a_row_and_a_score_alone_is_not(store: DbStore) -> None:
    moves = [("novo", 5), ("interessado", 20), ("interessado", 20)]
    for number, (stage, score) in enumerate(moves, start=1):
        await receive(store, hello(number))
        await decide(store, TurnResult(verdict=Verdict.SILENT, stage=stage, score=score))
    assert await rows(store, LEAD.c.stage, LEAD.c.score) == [("interessado", 20)]
    change = (STAGE_CHANGE.c.from_stage, STAGE_CHANGE.c.to_stage, STAGE_CHANGE.c.turn_id)
    assert await rows(store, *change) == [("novo", "interessado", 2)]


async def test_the_mirror_gets_each_lead_once_however_much_changed(
    store: DbStore, clock: HandClock
) -> None:
    for number in range(1, 4):
        await receive(store, hello(number))
        await decide(store, TurnResult(verdict=Verdict.SILENT, score=number))
    clock.pass_(5)
    claims = (await store.claim(Queue.SHEET, "w", 9)).claims
    (row,) = await store.lead_rows(claims)
    assert (row.lead_id, row.business, row.columns["pontos"]) == (1, "sol", "3")
    assert (row.columns["nome"], row.columns["telefone"]) == ("Maria", "551100000001")
    await store.synced(claims)
    clock.pass_(60)
    assert (await store.claim(Queue.SHEET, "w", 9)).claims == ()


async def test_a_turn_that_never_succeeds_ends_as_dead(store: DbStore, clock: HandClock) -> None:
    await receive(store, hello(1))
    died = False
    while not died:
        claim, given = await take_turn(store)
        await store.begin_turn(claim, given)
        died = await store.fail(claim, "bug", 1)
        clock.pass_(1)
    assert await column(store, TURN.c.verdict) == ["dead"]


async def test_a_message_takes_back_every_answer_that_has_not_left(
    store: DbStore, clock: HandClock
) -> None:
    """Two wait when the first was committed in the instant in which the second's message came."""
    await receive(store, hello(1))
    await answer(store, "sobre a primeira")
    clock.pass_(store.inbox_policy.max_wait / 1000 + 1)
    await receive(store, hello(2))
    await answer(store, "sobre a segunda")
    assert await column(store, OUTBOX.c.state) == ["pending", "pending"]
    patient = replace(store, inbox_policy=replace(store.inbox_policy, max_wait=60_000))
    await receive(patient, hello(3))
    assert await column(store, OUTBOX.c.state) == ["superseded", "superseded"]
    _, given = await take_turn(store)
    assert [message.seq for message in given.batch] == [1, 3, 5]
