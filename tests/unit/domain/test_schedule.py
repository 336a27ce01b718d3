"""Days and times of day are found in what a business or its assistant writes."""

import pytest

from orbion.domain.numerals import in_digits
from orbion.domain.schedule import mark_times, openings


def read(text: str) -> list[tuple[str, int | None, bool]]:
    return [
        ("".join(map(str, sorted(each.days))), each.at, each.is_open)
        for each in openings(mark_times(in_digits(text)))
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "seg a sex das 8h as 18h, sab 8h as 12h",
            [("12345", 480, True), ("12345", 1080, True), ("6", 480, True), ("6", 720, True)],
        ),
        ("das nove as dezoito de segunda a sexta", [("12345", 540, True), ("12345", 1080, True)]),
        ("abrimos ate as seis da tarde", [("", 1080, True)]),
        ("9:00-18:30 (sex a seg)", [("1567", 540, True), ("1567", 1110, True)]),
        ("domingo fechado", [("7", None, False)]),
        (
            "domingo nao abrimos, so de segunda a sabado",
            [("7", None, False), ("123456", None, True)],
        ),
        ("todo dia das 9 as 19", [("1234567", 540, True), ("1234567", 1140, True)]),
        ("dias uteis ao meio dia", [("12345", 720, True)]),
        ("fim de semana e feriado", [("678", None, True)]),
        ("ate meia noite", [("", 0, True)]),
        ("fecha as 6", [("", 360, True)]),
        ("nove e meia da manha", [("", 570, True)]),
        ("prazo de 24 horas", []),
        ("em 2h te respondo", []),
        ("leva 1h30", []),
        ("ate 12 parcelas", []),
        ("as 45", []),
        ("segunda parcela, quarta vez", []),
        ("de 10 a 12 dias", []),
    ],
)
def test_days_and_times_are_read_together(
    text: str, found: list[tuple[str, int | None, bool]]
) -> None:
    assert read(text) == found
