"""Numbers are read in digits and in words, as Brazilians write both."""

import pytest

from orbion.domain.numerals import in_digits


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("quinze mil", "15000"),
        ("r$ 15k", "r$ 15000"),
        ("mil e duzentos", "1200"),
        ("2 mil e quinhentos", "2500"),
        ("dezessete e quinhentos", "17500"),
        ("tres mil quinhentos e vinte", "3520"),
        ("um milhao e duzentos mil", "1200000"),
        ("dois paus", "2000 reais"),
        ("1,5 mil", "1500"),
        ("r$ 1.234,50", "r$ 1234.50"),
        ("noventa e nove e noventa", "r$ 99.90"),
        ("dez reais e cinquenta centavos", "r$ 10.50"),
        ("entre 50 e 70", "entre 50 e 70"),
        ("cento e vinte por mes", "120 por mes"),
        ("dez por cento", "10 %"),
        ("vinte e quatro horas", "24 horas"),
        ("duas ou tres", "2 ou 3"),
        ("nove e quinze", "9 e 15"),
        ("um dia", "um dia"),
        ("meia duzia", "6"),
        ("duas horas e meia", "2 horas e 30 minutos"),
    ],
)
def test_a_number_is_the_same_in_words_and_in_digits(said: str, digits: str) -> None:
    assert in_digits(said) == digits
