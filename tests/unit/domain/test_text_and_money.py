"""Normal forms of text, media and amounts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orbion.domain.media import is_reaction, is_unreadable, shown_text
from orbion.domain.messages import Author, Message, MessageKind
from orbion.domain.money import find_amounts, write_amount
from orbion.domain.text import (
    compose,
    contains_phrase,
    fold,
    normalise,
    sentences,
    visible,
    words,
)


def test_normal_text_has_no_accents_case_punctuation_or_stretched_letters() -> None:
    assert normalise("  Olááá, João!!  É R$ 5 ") == "ola joao e r 5"


def test_a_decomposed_accent_is_the_same_letter() -> None:
    assert words("cafe\u0301") == words("café") == ("cafe",)


@pytest.mark.parametrize(
    "hidden", ["\u200b", "\u200d", "\x00", "\u202e", "\ufeff", "\xad", "\u2060"]
)
def test_what_nobody_sees_is_taken_out(hidden: str) -> None:
    assert visible(f"go{hidden}lpe.com") == "golpe.com"


@pytest.mark.parametrize("text", ["Olá!\nTudo bem?", "☀️ R$ 5", "👩\u200d💻 aqui", "1º, ½ e ª\t…"])
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@given(st.text())
def test_folding_keeps_every_position(text: str) -> None:
    composed = compose(text)
    assert len(fold(composed)) == len(composed)


def test_a_phrase_matches_whole_words_only() -> None:
    assert contains_phrase("minha casa nova", "casa")
    assert not contains_phrase("minha casaca nova", "casa")
    assert not contains_phrase("minha casa", "")


def test_sentences_end_at_marks_but_not_inside_an_amount() -> None:
    assert sentences("Oi! Pago R$ 1.800. Dá? ") == ("Oi!", "Pago R$ 1.800.", "Dá?")


@pytest.mark.parametrize(
    ("text", "centavos", "marked"),
    [
        ("R$ 450", 450_00, True),
        ("uns 400 reais", 400_00, True),
        ("1,2 mil", 1_200_00, True),
        ("1.8 mil por mês", 1_800_00, True),
        ("R$1.234,56", 1_234_56, True),
        ("2k", 2_000_00, True),
        ("1,5 milhão", 1_500_000_00, True),
        ("R$ 450/mês", 450_00, True),
        ("vem 320", 320_00, False),
        ("gasto uns 1.800 de luz", 1_800_00, False),
        ("R$ 12.900,00", 12_900_00, True),
        ("12x de 99", 99_00, True),
        ("1.5M", 1_500_000_00, True),
        ("300 conto", 300_00, True),
        ("450 mil reais", 450_000_00, True),
        ("dois mil e quinhentos reais", 2_500_00, True),
        ("meio milhão", 500_000_00, True),
        ("quinhentos", 500_00, False),
    ],
)
def test_an_amount_is_read_as_brazilians_write_it(text: str, centavos: int, marked: bool) -> None:  # noqa: FBT001 test data
    (found,) = find_amounts(text)
    assert (found.centavos, found.marked) == (centavos, marked)
    assert found.quote in text


@pytest.mark.parametrize(
    "text",
    [
        "300 kWh",
        "kit 5 kWp"[4:],
        "25/12",
        "19999998888",
        "50%",
        "2 pessoas",
        "A4",
        "10 anos",
        "80m",
        "12x",
        "3 quartos",
        "dois quartos",
    ],
)
def test_other_numbers_are_no_amounts(text: str) -> None:
    assert find_amounts(text) == ()


@given(st.integers(min_value=1, max_value=999_999_999))
def test_a_written_amount_is_read_back(centavos: int) -> None:
    (found,) = find_amounts(write_amount(centavos))
    assert found.centavos == centavos


def message(kind: MessageKind, text: str = "") -> Message:
    return Message(
        id=1, seq=1, direction="in", author=Author.CUSTOMER, kind=kind, text=text, occurred_at=0
    )


def test_media_shows_its_caption_or_else_a_marker() -> None:
    assert shown_text(message(MessageKind.IMAGE, "minha conta")) == "minha conta"
    assert is_unreadable(shown_text(message(MessageKind.AUDIO)))
    assert not is_unreadable("áudio")
    assert is_reaction(shown_text(message(MessageKind.REACTION, "👍")))
    assert shown_text(message(MessageKind.TEXT)) == ""
