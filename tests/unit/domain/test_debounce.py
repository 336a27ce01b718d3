"""How long to wait for the rest of a burst."""

import pytest

from orbion.domain.debounce import quiet_ms
from orbion.domain.messages import MessageKind

LOW, HIGH = 800, 6000


def quiet(text: str, kind: MessageKind = MessageKind.TEXT) -> int:
    return quiet_ms(text, kind, low=LOW, high=HIGH)


@pytest.mark.parametrize("text", ["quanto custa?", "Qual o prazo de vocês?? "])
def test_a_question_is_answered_after_the_shortest_wait(text: str) -> None:
    assert quiet(text) == LOW


@pytest.mark.parametrize("text", ["oi", "Oi, bom dia!", "oiee", "queria saber,", "minha casa e"])
def test_a_bare_greeting_or_a_dangling_end_waits_longest(text: str) -> None:
    assert quiet(text) == HIGH


def test_a_finished_sentence_waits_less_than_an_open_one_and_that_less_than_a_single_word() -> None:
    finished = quiet("moro em casa própria.")
    open_end = quiet("moro em casa própria")
    assert LOW < finished < open_end < quiet("casa") < HIGH


def test_a_long_message_counts_as_finished() -> None:
    assert quiet("palavra " * 12) == quiet("pronto.")


def test_a_tapped_button_is_finished_and_a_picture_without_words_may_get_some() -> None:
    assert quiet("Sim", MessageKind.BUTTON) == LOW
    assert LOW < quiet("", MessageKind.IMAGE) < HIGH
