"""Read the price table of model calls from TOML, with every fault named at once."""

import tomllib

from orbion.domain.errors import FaultCode, RejectedError
from orbion.domain.spend import Price, PriceTable
from orbion.domain.toml_table import TomlTable


def read_prices(text: str, *, name: str) -> PriceTable:
    """`name` stands in the errors; raises `RejectedError` with one line a fault."""
    faults: list[str] = []
    try:
        table = TomlTable(tomllib.loads(text), path="", faults=faults)
    except tomllib.TOMLDecodeError as error:
        raise RejectedError(FaultCode.INPUT_BAD, f"{name}: {error}") from error
    prices = [_price(each) for each in table.tables("price", "add [[price]] with a model", least=1)]
    table.close()
    if faults:
        raise RejectedError(FaultCode.INPUT_BAD, "\n".join(f"{name}: {each}" for each in faults))
    return PriceTable(prices)


def _price(row: TomlTable) -> Price:
    price = Price(
        model=row.text("model", "write the model's name without its date"),
        since=row.day("since", "write the day from which it holds, as 2025-04-14"),
        input=row.rate("input", "write US dollars per million tokens"),
        cached=row.rate("cached", "write US dollars per million tokens"),
        output=row.rate("output", "write US dollars per million tokens"),
    )
    row.close()
    return price
