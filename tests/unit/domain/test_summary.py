"""What code tells of the messages that no prompt holds any more."""

from orbion.domain.messages import Author, MessageKind
from orbion.domain.summary import Summary, sum_up
from tests.support.turns import heard, told

KNOWN = Summary(upto=16, text="", maker="code", facts={"cidade": "Santos"})


def test_the_customers_and_the_teams_own_words_are_told_and_the_assistants_are_not() -> None:
    said = (
        heard(1, "oi"),
        told(2, "Olá! Em que cidade você mora?"),
        heard(3, "vocês  parcelam\nem 10x?"),
        heard(4, "sim"),
        told(5, "Consigo fazer por menos", Author.PERSON),
        heard(6, "", MessageKind.AUDIO),
    )
    assert sum_up(said) == (
        "O cliente escreveu: «vocês parcelam em 10x?»\nA equipe escreveu: «Consigo fazer por menos»"
    )


def test_what_was_said_twice_is_told_once_and_of_much_the_latest() -> None:
    said = [heard(number, f"pergunta número {number}?") for number in range(1, 30)]
    told_of = sum_up([*said, heard(30, "PERGUNTA número 29?"), heard(31, "x " * 500)])
    assert told_of.count("29?") == 1
    assert "«pergunta número 1?»" not in told_of
    assert len(told_of) < 2_000


def test_of_nothing_nothing_is_told() -> None:
    assert sum_up((told(1, "Olá"), heard(2, "oi"))) == ""


def test_it_holds_until_the_chat_begins_later_or_a_fact_is_corrected() -> None:
    assert KNOWN.holds(16, {"cidade": "Santos", "nome": "Ana"})
    assert not KNOWN.holds(24, {"cidade": "Santos"})
    assert not KNOWN.holds(16, {"cidade": "Campinas"})
    assert not KNOWN.holds(16, {})
