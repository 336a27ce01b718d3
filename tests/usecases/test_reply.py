"""What a customer wrote passes the gates in their order, and silence always has a verdict."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import update

from orbion.adapters.db.schema import (
    CONTACT,
    CONVERSATION,
    LANE,
    MESSAGE,
    OUTBOX,
    SUPPRESSION,
    TURN,
)
from orbion.adapters.db.schema_leads import LEAD, STAGE_CHANGE
from orbion.adapters.db.store import DbStore
from orbion.adapters.db.tx import Statement
from orbion.domain.conversations import Mode, ModeReason
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.domain.events import MessageDeleted, MessageEdited
from orbion.domain.lanes import Queue
from orbion.domain.messages import Message
from orbion.domain.turns import Bubble, TurnInput, TurnResult, Verdict
from orbion.telemetry.metrics import Metrics
from orbion.usecases.reply import Reply, ReplyPolicy
from tests.contract.scenes import claim_one, column, receive, rows, send
from tests.support.playbooks import solar
from tests.support.stores import HandClock, echo, hello
from tests.usecases.stage import counted, due, nothing

STOP = "quero parar de receber mensagens"
PERSON = "quero falar com um atendente"
HOURS = 2 * 60 * 60 + 1


@dataclass(slots=True)
class Talk:
    """The use case on a real store; `meanwhile` happens while the agent thinks."""

    store: DbStore
    clock: HandClock
    meanwhile: Callable[[], Awaitable[object]] = nothing
    asked: list[tuple[TurnInput, Sequence[Message]]] = field(default_factory=list)
    metrics: Metrics = field(default_factory=Metrics)
    woken: list[Queue] = field(default_factory=list)
    heard: int = 0

    async def hear(self, *texts: str) -> None:
        for text in texts:
            self.heard += 1
            await receive(self.store, hello(self.heard, text=text))

    async def work(self) -> None:
        await self.reply(await claim_one(self.store, Queue.IN))

    async def turn(self, *texts: str) -> str:
        """Hear these, take one turn and return its verdict."""
        await self.hear(*texts)
        await self.work()
        return str((await column(self.store, TURN.c.verdict))[-1])

    def turns(self, verdict: Verdict) -> float:
        return counted(self.metrics, "turns_total", verdict)

    @property
    def reply(self) -> Reply:
        return Reply(
            turns=self.store,
            lanes=self.store,
            answer=self._answer,
            playbooks={"loja": solar()},
            policy=ReplyPolicy(turns_per_minute=3),
            clock=self.clock,
            metrics=self.metrics,
            wake=self.woken.append,
        )

    async def _answer(
        self, turn_id: int, given: TurnInput, history: Sequence[Message]
    ) -> TurnResult:
        assert turn_id == len(await column(self.store, TURN.c.id))
        self.asked.append((given, history))
        self.clock.pass_(2)
        await self.meanwhile()
        return TurnResult(verdict=Verdict.ANSWERED, bubbles=(Bubble(text="olá"),))


@pytest.fixture
def talk(sqlite_store: DbStore, clock: HandClock) -> Talk:
    return Talk(sqlite_store, clock)


async def bubbles(talk: Talk) -> list[object]:
    return await column(talk.store, OUTBOX.c.text)


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
    assert counted(talk.metrics, "turn_seconds_sum") == 2
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


# What happens while the agent thinks


async def test_a_person_who_writes_during_a_turn_wins(talk: Talk) -> None:
    talk.meanwhile = lambda: receive(talk.store, echo("Oi, aqui é o Pedro", by_api=False))
    assert await talk.turn("oi") == "human_mode"
    assert await bubbles(talk) == []
    assert talk.turns(Verdict.HUMAN_MODE) == 1
    assert talk.woken == [Queue.SHEET]


async def test_a_message_that_comes_during_a_turn_is_answered_with_the_first(talk: Talk) -> None:
    talk.meanwhile = lambda: talk.hear("e quanto custa?")
    assert await talk.turn("oi") == "superseded"
    assert talk.turns(Verdict.SUPERSEDED) == 1
    talk.meanwhile = nothing
    await talk.work()
    assert [message.text for message in talk.asked[-1][0].batch] == ["oi", "e quanto custa?"]
    assert await bubbles(talk) == ["olá"]


async def test_a_message_deleted_during_its_turn_is_not_answered(talk: Talk) -> None:
    gone = MessageDeleted(provider_id=hello(1).provider_id)
    talk.meanwhile = lambda: receive(talk.store, gone)
    assert await talk.turn("quanto custa?") == Verdict.SILENT
    talk.meanwhile = nothing
    await talk.work()
    assert await column(talk.store, OUTBOX.c.id) == []
    assert await rows(talk.store, MESSAGE.c.outcome, MESSAGE.c.reason) == [
        ("suppressed", "deleted")
    ]
    assert talk.turns(Verdict.SILENT) == 1


async def test_a_message_edited_during_its_turn_is_answered_in_its_new_form(talk: Talk) -> None:
    edit = MessageEdited(provider_id=hello(1).provider_id, text="na verdade, 5 placas")
    talk.meanwhile = lambda: receive(talk.store, edit)
    assert await talk.turn("quero 3 placas") == Verdict.SUPERSEDED
    talk.meanwhile = nothing
    await talk.work()
    assert [message.text for message in talk.asked[-1][0].batch] == ["na verdade, 5 placas"]
    assert await column(talk.store, TURN.c.verdict) == ["superseded", "answered"]


async def test_a_turn_that_was_interrupted_is_the_same_turn_when_it_is_tried_again(
    talk: Talk,
) -> None:
    async def fail() -> None:
        raise UnavailableError(FaultCode.DB_BUSY, "later")

    talk.meanwhile = fail
    await talk.hear("oi")
    with pytest.raises(UnavailableError):
        await talk.work()
    talk.meanwhile = nothing
    talk.clock.pass_(16)
    await talk.work()
    assert await rows(talk.store, TURN.c.id, TURN.c.verdict, TURN.c.attempt) == [(1, "answered", 2)]


async def test_the_name_of_the_contact_reaches_the_turn(talk: Talk) -> None:
    await talk.turn("oi")
    assert talk.asked[0][0].conversation.name == "Maria"
    assert await column(talk.store, CONTACT.c.name) == ["Maria"]
