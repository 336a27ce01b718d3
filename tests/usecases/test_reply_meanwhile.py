"""What happens while the agent thinks counts, and nothing of it is answered twice."""

import pytest

from orbion.adapters.db.schema import (
    CONTACT,
    MESSAGE,
    OUTBOX,
    TURN,
)
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.domain.events import MessageDeleted, MessageEdited
from orbion.domain.lanes import Queue
from orbion.domain.turns import Verdict
from tests.contract.scenes import column, receive, rows
from tests.support.stores import echo, hello
from tests.usecases.stage import nothing
from tests.usecases.talk import Talk, bubbles

STOP = "quero parar de receber mensagens"
PERSON = "quero falar com um atendente"
HOURS = 2 * 60 * 60 + 1


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
