"""Days and hours as people say them, seen from Friday 2026-11-20."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orbion.domain.moments import day_of, find_date, find_time

FRIDAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("hoje ainda", FRIDAY),
        ("amanhã", date(2026, 11, 21)),
        ("depois de amanhã de manhã", date(2026, 11, 22)),
        ("sexta que vem", date(2026, 11, 27)),
        ("sábado", date(2026, 11, 21)),
        ("sábado que vem", date(2026, 11, 28)),
        ("próxima segunda-feira", date(2026, 11, 23)),
        ("sábado, 28", date(2026, 11, 28)),
        ("qua 15h", date(2026, 11, 25)),
        ("dia 20", FRIDAY),
        ("dia 15", date(2026, 12, 15)),
        ("dia 31", date(2026, 12, 31)),
        ("15/12", date(2026, 12, 15)),
        ("10/01", date(2027, 1, 10)),
        ("15/12/28", date(2028, 12, 15)),
        ("05.12.2026", date(2026, 12, 5)),
        ("2026-12-05", date(2026, 12, 5)),
        ("1º de dezembro", date(2026, 12, 1)),
        ("5 dez de 2027", date(2027, 12, 5)),
        ("daqui a duas semanas", date(2026, 12, 4)),
        ("amanhã não posso, pode ser domingo", date(2026, 11, 22)),
    ],
)
def test_a_named_day_is_found(text: str, day: date) -> None:
    assert find_date(text, FRIDAY) == day


@pytest.mark.parametrize(
    "text",
    [
        "semana que vem",
        "de segunda a sexta",
        "toda sexta",
        "aos sábados",
        "segunda via da conta",
        "vence dia 10",
        "hoje em dia",
        "31/02",
        "31 de fevereiro",
        "99/99",
        "3/4 da casa",
        "não posso segunda",
        "bom domingo!",
        "quero ter 5",
        "",
    ],
)
def test_what_names_no_single_day_is_none(text: str) -> None:
    assert find_date(text, FRIDAY) is None


def test_the_twenty_ninth_of_february_is_in_a_leap_year_or_none() -> None:
    assert find_date("29/02", FRIDAY) is None
    assert find_date("29/02/2028", FRIDAY) == date(2028, 2, 29)
    assert find_date("dia 30", date(2027, 2, 1)) == date(2027, 3, 30)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("às 14h30", time(14, 30)),
        ("14:30", time(14, 30)),
        ("às 3 da tarde", time(15)),
        ("às 3", time(15)),
        ("às 6h", time(6)),
        ("as 16", time(16)),
        ("8 da noite", time(20)),
        ("9 e meia", time(9, 30)),
        ("às duas e quinze", time(14, 15)),
        ("às 10 e 20", time(10, 20)),
        ("onze horas", time(11)),
        ("meio dia", time(12)),
        ("meio-dia e meia", time(12, 30)),
        ("meia noite", time(0)),
        ("7h30 da manhã", time(7, 30)),
        ("umas 5 da tarde", time(17)),
    ],
)
def test_an_exact_time_is_found(text: str, at: time) -> None:
    assert find_time(text) == at


@pytest.mark.parametrize(
    "text",
    [
        "de manhã",
        "das 8h às 18h",
        "de 8 às 18",
        "depois das 18h",
        "atende 24h?",
        "2h de viagem",
        "umas 5 placas",
        "as 3 opções",
        "em 2h",
        "27:30",
    ],
)
def test_a_span_or_a_duration_is_no_time(text: str) -> None:
    assert find_time(text) is None


def test_a_day_begins_at_midnight_of_the_business() -> None:
    at = int(datetime(2026, 11, 21, 2, 0, tzinfo=UTC).timestamp() * 1000)
    assert day_of(at, "America/Sao_Paulo") == FRIDAY
    assert day_of(at, "UTC") == date(2026, 11, 21)


@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error(text: str) -> None:
    find_date(text, FRIDAY)
    find_time(text)


@given(st.dates(FRIDAY, date(2099, 12, 31)))
def test_a_written_day_is_read_back(day: date) -> None:
    assert find_date(f"pode ser {day:%d/%m/%Y}?", FRIDAY) == day


@given(st.times())
def test_a_written_time_is_read_back(at: time) -> None:
    expected = at.replace(second=0, microsecond=0)
    assert find_time(f"às {at:%H:%M}") == expected
    assert find_time(f"às {at:%Hh%M}") == expected
