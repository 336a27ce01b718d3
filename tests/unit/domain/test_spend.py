"""Prices hold from their day on, and a model without one is no way around a budget."""

from datetime import date

import pytest

from orbion.domain.errors import RejectedError
from orbion.domain.price_file import read_prices
from orbion.domain.spend import Scope, reached, renewed

TABLE = """
[[price]]
model = "m"
since = 2026-01-01
input = 1
cached = 0.5
output = 2
[[price]]
model = "m"
since = 2026-06-01
input = 0.5
cached = 0.25
output = 1
[[price]]
model = "m-mini"
since = 2026-01-01
input = 0.1
cached = 0.05
output = 0.2
"""
PRICES = read_prices(TABLE, name="prices.toml")


@pytest.mark.parametrize(
    ("model", "day", "output"),
    [
        ("m", date(2026, 5, 31), 2.0),
        ("m", date(2026, 6, 1), 1.0),
        ("m-2026-03-04", date(2026, 6, 1), 1.0),
        ("m-mini", date(2026, 6, 1), 0.2),
        ("m-mini-2026-03-04", date(2026, 6, 1), 0.2),
        ("m-other", date(2026, 5, 1), 2.0),
        ("unknown", date(2026, 5, 1), 2.0),
        ("m", date(2020, 1, 1), 1.0),
    ],
)
def test_a_model_costs_what_it_cost_that_day(model: str, day: date, output: float) -> None:
    assert PRICES.of(model, day).output == output * 1_000_000


def test_a_cost_is_rounded_up_and_knows_cached_tokens() -> None:
    price = PRICES.of("m-mini", date(2026, 6, 1))
    assert price.cost(tokens_in=1_000, tokens_cached=400, tokens_out=10) == 82
    assert price.cost(tokens_in=1, tokens_cached=0, tokens_out=0) == 1
    assert price.cost(tokens_in=0, tokens_cached=0, tokens_out=0) == 0


@pytest.mark.parametrize(
    ("held", "told", "due"),
    [(49, 0, None), (50, 0, 50), (50, 50, None), (85, 50, 80), (100, 0, 100), (100, 100, None)],
)
def test_each_alarm_is_due_once(held: int, told: int, due: int | None) -> None:
    assert reached(held, 100, told) == due


def test_every_fault_of_a_table_is_named() -> None:
    wrong = '[[price]]\nmodel = "m"\nsince = "soon"\ninput = -1\noutput = true\nextra = 1\n'
    with pytest.raises(RejectedError) as refused:
        read_prices(wrong, name="prices.toml")
    lines = str(refused.value).splitlines()
    assert [line.split()[1] for line in lines] == [
        "price[0].since",
        "price[0].input",
        "price[0].cached",
        "price[0].output",
        "price[0].extra",
    ]


def test_what_is_no_toml_names_the_file() -> None:
    with pytest.raises(RejectedError, match=r"^prices\.toml: "):
        read_prices("[[", name="prices.toml")


def test_an_empty_table_is_no_table() -> None:
    with pytest.raises(RejectedError, match="price is missing"):
        read_prices("", name="prices.toml")


@pytest.mark.parametrize(
    ("scope", "day", "first"),
    [
        ("day", date(2027, 1, 15), date(2027, 1, 16)),
        ("day", date(2028, 2, 28), date(2028, 2, 29)),
        ("month", date(2027, 1, 31), date(2027, 2, 1)),
        ("month", date(2027, 2, 1), date(2027, 3, 1)),
        ("month", date(2027, 12, 15), date(2028, 1, 1)),
    ],
)
def test_a_budget_begins_anew_with_the_next_day_or_month(
    scope: Scope, day: date, first: date
) -> None:
    assert renewed(scope, day) == first
