"""The learnt wording sees what no rule knows, and takes back what a rule sees in other things."""

import pytest

from orbion.domain.consent import StopWish, stop_wish
from orbion.domain.intents import wants_human
from orbion.domain.wording import BIAS, Wording, likelihood, pieces
from scripts.learn_wording import Line, learnt


@pytest.mark.parametrize(
    "text",
    [
        "não me manda mais nada vivente",
        "tchê não me incomoda mais com essa lenga lenga",
        "pareim de mi manda mensagem",
        "VOU PROCESSAR VCS SE MANDAREM MAIS UMA MENSAGEM",
    ],
)
def test_a_wish_in_other_words_ends_the_messages(text: str) -> None:
    assert stop_wish(text) is StopWish.OPT_OUT


@pytest.mark.parametrize(
    "text",
    [
        "posso descadastrar meu cartão antigo?",
        "minha vizinha pediu pra parar de receber mensagem da outra empresa",
        "não quero propaganda, quero saber o valor mesmo",
        "depois das 20h não me manda mensagem por favor",
    ],
)
def test_words_of_the_wish_about_other_things_end_nothing(text: str) -> None:
    assert stop_wish(text) is StopWish.NONE


@pytest.mark.parametrize("text", ["oxe quero mais não", "num quero mais não visse"])
def test_the_no_of_the_northeast_is_ambiguous(text: str) -> None:
    assert stop_wish(text) is StopWish.AMBIGUOUS


@pytest.mark.parametrize("text", ["quero prosear com alguém daí", "tem como fla cm alguem?"])
def test_a_person_is_asked_for_in_other_words(text: str) -> None:
    assert wants_human(text)


def test_a_message_that_says_nothing_or_too_much_is_left_to_the_rules() -> None:
    wording = Wording("opt-out", likely=0.5)
    for text in ("", "…", "para de me mandar mensagem " * 20):
        assert pieces(text) == frozenset()
        assert wording.wants(text, by_rule=True)
        assert not wording.wants(text, by_rule=False)


def test_the_learner_tells_apart_what_it_was_shown() -> None:
    shown = (("para de mandar", True), ("manda o preço", False))
    known = [Line.of(text, wanted=wanted) for text, wanted in shown * 20]
    weights = {piece: float(weight) for piece, weight in learnt(known).items()}
    assert BIAS in weights
    wanted, other = (likelihood(weights, pieces(text)) for text, _ in shown)
    assert wanted > 0.9
    assert other < 0.1
