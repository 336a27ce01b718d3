"""What a customer wrote passes the gates in their order, and silence always has a verdict."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from orbion.adapters.db.schema import (
    CONVERSATION,
    LANE,
    MESSAGE,
    OUTBOX,
    SUPPRESSION,
    TURN,
)
from orbion.adapters.db.schema_leads import LEAD, STAGE_CHANGE
from orbion.adapters.db.tx import Statement
from orbion.domain.conversations import Mode, ModeReason
from orbion.domain.lanes import Queue
from orbion.domain.turns import Verdict
from tests.contract.scenes import claim_one, column, receive, rows, send
from tests.support.playbooks import solar
from tests.support.stores import echo, hello
from tests.usecases.stage import counted, due
from tests.usecases.talk import Talk, bubbles

STOP = "quero parar de receber mensagens"
PERSON = "quero falar com um atendente"
HOURS = 2 * 60 * 60 + 1


# A plain turn


async def test_two_machines_exchange_no_more_than_three_messages(talk: Talk) -> None:
    verdicts = []
    for number in range(4):
        verdicts.append(await talk.turn("Atendimento automático. Digite 1 para vendas."))
        if verdicts[-1] == Verdict.ANSWERED:
            await send(talk.store, f"WA{number}")
    assert verdicts == [Verdict.ANSWERED, Verdict.ANSWERED, Verdict.LOOP, Verdict.HUMAN_MODE]


async def test_who_gives_up_is_let_go_and_the_lead_is_lost(talk: Talk) -> None:
    assert await talk.turn("achei caro") == Verdict.ANSWERED
    assert await column(talk.store, LEAD.c.stage) == ["novo"]
    assert await talk.turn("já fechei com outra empresa") == Verdict.CONSENT_ASKED
    assert await column(talk.store, STAGE_CHANGE.c.reason) == ["outro_fornecedor"]


async def test_a_burst_is_one_turn_with_the_history_before_it(talk: Talk) -> None:
    await talk.turn("oi")
    await send(talk.store, "WA1")
    assert await talk.turn("quanto custa?", "e a instalação?") == "answered"
    given, history = talk.asked[-1]
    assert [message.text for message in given.batch] == ["quanto custa?", "e a instalação?"]
    assert [message.text for message in history] == ["oi", "olá", *[m.text for m in given.batch]]
    assert await bubbles(talk) == ["olá", "olá"]


async def test_a_turn_is_counted_timed_and_wakes_who_goes_on(talk: Talk) -> None:
    await talk.turn("oi")
    assert talk.turns(Verdict.ANSWERED) == 1
    seconds = {
        each: counted(talk.metrics, "turn_seconds_sum", each)
        for each in ("load", "settle", "whole")
    }
    assert seconds == {"load": 0, "settle": 0, "whole": 2}
    assert counted(talk.metrics, "turn_seconds_count", "load") == 1
    assert talk.woken == [Queue.OUT, Queue.SHEET]
    assert await due(talk.store, Queue.IN) is None


async def test_a_lane_whose_messages_have_all_ended_is_only_acknowledged(talk: Talk) -> None:
    await talk.hear("oi")
    ended = Statement(update(MESSAGE).values(outcome="answered"))
    await talk.store.db.write(lambda tx: tx.run(ended))
    await talk.work()
    assert await column(talk.store, TURN.c.id) == []
    assert await due(talk.store, Queue.IN) is None
    assert await column(talk.store, LANE.c.ack) == [1]
    assert (talk.asked, talk.woken) == ([], [])


# The order of the gates


@pytest.mark.parametrize(
    ("texts", "mode", "age", "verdict"),
    [
        ([STOP, PERSON, *["oi"] * 4], Mode.HUMAN, HOURS, "opted_out"),
        ([PERSON] * 4, Mode.HUMAN, HOURS, "human_mode"),
        ([PERSON] * 4, Mode.CLOSED, 1, "human_mode"),
        ([PERSON] * 4, Mode.BOT, HOURS, "handed_over"),
        (["Oi ", "oi", "OI", "oi"], Mode.BOT, HOURS, "loop"),
        (["oi", "oi", "oi"], Mode.BOT, HOURS, "stale"),
        (["oi", "oi", "oi", "oi?"], Mode.BOT, HOURS, "stale"),
        (["oi", "oi", "oi"], Mode.BOT, 1, "answered"),
    ],
)
async def test_the_first_gate_that_speaks_decides(
    texts: list[str], mode: Mode, age: float, verdict: str, talk: Talk
) -> None:
    await talk.hear(*texts)
    await talk.store.set_mode(1, mode, None if mode is Mode.BOT else ModeReason.OPERATOR, "test")
    talk.clock.pass_(age)
    await talk.work()
    assert await column(talk.store, TURN.c.verdict) == [verdict]
    assert talk.turns(Verdict(verdict)) == 1
    assert len(talk.asked) == (verdict == "answered")


async def test_what_a_person_answered_is_not_answered_again_however_late_it_comes(
    talk: Talk,
) -> None:
    await receive(talk.store, echo("aqui é a Ana", by_api=False))
    await talk.store.set_mode(1, Mode.BOT, None, "ana")
    late = replace(hello(7), occurred_at=echo("").occurred_at - 1)
    await receive(talk.store, late)
    await talk.work()
    assert await column(talk.store, TURN.c.verdict) == ["person_answered"]
    assert await column(talk.store, MESSAGE.c.reason) == [None, "person_answered"]
    assert await talk.turn("e agora?") == "answered"
    assert talk.asked[0][1][0].text == "aqui é a Ana"


async def test_over_its_pace_a_conversation_waits_without_an_attempt(talk: Talk) -> None:
    for text in ("um", "dois", "três"):
        assert await talk.turn(text) == "answered"
    await talk.hear("quatro")
    await talk.work()
    assert await due(talk.store, Queue.IN) == talk.clock.now() + 20_000
    assert len(talk.asked) == 3
    talk.clock.pass_(20)
    claim = await claim_one(talk.store, Queue.IN)
    assert (claim.attempts, claim.ack, claim.upto) == (1, 3, 4)


@pytest.mark.parametrize(("text", "verdict"), [(STOP, "opted_out"), (PERSON, "handed_over")])
async def test_the_pace_delays_no_request_that_costs_no_answer(
    text: str, verdict: str, talk: Talk
) -> None:
    for number in range(3):
        await talk.turn(f"pergunta {number}")
    assert await talk.turn(text) == verdict


async def test_who_was_slowed_down_is_answered_when_the_minute_has_passed(talk: Talk) -> None:
    for text in ("um", "dois", "três"):
        await talk.turn(text)
        await send(talk.store, f"WA{text}")
    await talk.hear("quatro")
    await talk.work()
    talk.clock.pass_(60)
    assert await talk.turn("cinco") == "answered"
    assert [message.text for message in talk.asked[-1][0].batch] == ["quatro", "cinco"]


# Consent


async def test_an_opt_out_is_confirmed_once_and_then_nothing_leaves(talk: Talk) -> None:
    assert await talk.turn("oi", STOP) == "opted_out"
    assert await talk.turn("quanto custa?") == "suppressed_opt_out"
    assert await talk.turn(PERSON) == "suppressed_opt_out"
    assert await bubbles(talk) == [solar().texts.opt_out_confirmation]
    assert counted(talk.metrics, "opt_outs_total") == 1
    assert talk.turns(Verdict.SUPPRESSED_OPT_OUT) == 2
    assert talk.woken.count(Queue.OUT) == 1
    assert (await column(talk.store, MESSAGE.c.reason))[-1] == "suppressed_opt_out"


async def test_the_owner_is_nobodys_customer_whatever_is_written(talk: Talk) -> None:
    talk.owner = "5511900000001"
    for texts in ([STOP], [PERSON], ["oi"] * 4):
        assert await talk.turn(*texts) == "owner"
    assert (await bubbles(talk), talk.asked) == ([], [])
    assert await column(talk.store, SUPPRESSION.c.contact_id) == []
    talk.owner = "5511900000002"
    talk.clock.pass_(61)
    assert await talk.turn("oi") == "answered"


async def test_who_asks_for_a_person_wakes_who_tells_the_owner(talk: Talk) -> None:
    assert await talk.turn(PERSON) == "handed_over"
    assert talk.woken == [Queue.OUT, Queue.NOTICE, Queue.SHEET]


async def test_an_opt_out_is_recorded_while_a_person_talks_but_not_confirmed(talk: Talk) -> None:
    await talk.turn("oi")
    await receive(talk.store, echo("Oi, aqui é o Pedro", by_api=False))
    assert await talk.turn(STOP) == "opted_out"
    assert await bubbles(talk) == ["olá"]
    assert len(await column(talk.store, SUPPRESSION.c.at)) == 1


async def test_who_wants_to_hear_again_is_told_so_and_answered(talk: Talk) -> None:
    await talk.turn(STOP)
    assert await talk.turn("voltar") == "opted_in"
    assert await talk.turn("quanto custa?") == "answered"
    assert (await bubbles(talk))[1:] == [solar().texts.opt_in_confirmation, "olá"]


@pytest.mark.parametrize(
    ("texts", "verdict"),
    [
        (["voltar", STOP], "suppressed_opt_out"),
        (["voltar", "oi"], "opted_in"),
        ([STOP, "voltar"], "opted_in"),
    ],
)
async def test_of_several_wishes_the_last_one_counts(
    texts: list[str], verdict: str, talk: Talk
) -> None:
    await talk.turn(STOP)
    assert await talk.turn(*texts) == verdict


async def test_who_takes_the_opt_out_back_at_once_is_answered(talk: Talk) -> None:
    assert await talk.turn(STOP, "voltar") == "answered"
    assert await column(talk.store, SUPPRESSION.c.at) == []


async def test_who_may_want_no_more_is_asked_and_a_yes_ends_the_messages(talk: Talk) -> None:
    await talk.turn("oi")
    await send(talk.store, "WA1")
    assert await talk.turn("agora não quero") == "consent_asked"
    await send(talk.store, "WA2")
    assert await talk.turn("sim") == "opted_out"
    assert await talk.turn("quanto custa?") == "suppressed_opt_out"
    texts = solar().texts
    assert await bubbles(talk) == ["olá", texts.opt_out_question, texts.opt_out_confirmation]
    assert len(await column(talk.store, SUPPRESSION.c.at)) == 1


@pytest.mark.parametrize("answered", ["não", "pode continuar", "quanto custa?", "depois eu vejo"])
async def test_any_other_word_goes_on_and_the_question_is_not_asked_twice_in_a_row(
    answered: str, talk: Talk
) -> None:
    assert await talk.turn("depois eu vejo") == "consent_asked"
    await send(talk.store, "WA1")
    assert await talk.turn(answered) == "answered"
    await send(talk.store, "WA2")
    assert await talk.turn("sim") == "answered"
    assert (await bubbles(talk)).count(solar().texts.opt_out_question) == 1
    assert await column(talk.store, SUPPRESSION.c.at) == []


async def test_a_yes_to_a_person_is_no_opt_out(talk: Talk) -> None:
    assert await talk.turn("chega") == "consent_asked"
    await send(talk.store, "WA1")
    await receive(talk.store, echo("Oi, aqui é o Pedro. Posso ajudar?", by_api=False))
    assert await talk.turn("sim") == "human_mode"
    await talk.store.set_mode(1, Mode.BOT, None, "ana")
    assert await talk.turn("sim") == "answered"
    assert await column(talk.store, SUPPRESSION.c.at) == []


async def test_what_answers_an_open_question_is_no_wish_to_stop(talk: Talk) -> None:
    await talk.turn("oi")
    slot = Statement(update(CONVERSATION).values(open_slot="prazo"))
    await talk.store.db.write(lambda tx: tx.run(slot))
    assert await talk.turn("sem pressa, mais pra frente") == "answered"


# Hand-over


@pytest.mark.parametrize(
    ("texts", "reason"), [([PERSON], ModeReason.REQUESTED), (["oi"] * 4, ModeReason.LOOP)]
)
async def test_a_hand_over_is_announced_once(
    texts: list[str], reason: ModeReason, talk: Talk
) -> None:
    await talk.turn(*texts)
    assert await talk.turn("alô?") == "human_mode"
    assert await rows(talk.store, OUTBOX.c.text, OUTBOX.c.exempt) == [
        (solar().handoff.message, "handoff")
    ]
    found = await talk.store.conversation(1)
    assert found is not None
    assert (found.mode, found.mode_reason) == (Mode.HUMAN, reason)
    assert talk.asked == []
