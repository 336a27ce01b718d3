"""`orbion cost`: what models cost on a day, by model, task and conversation."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

import click

from orbion.config import Settings, load_settings
from orbion.domain.spend import Spent
from orbion.main.build import accounts_of
from orbion.main.operating import operators_store
from orbion.main.world import real_world

_HEADINGS = ("calls", "R$", "US$", "tokens in", "cached", "out", "not settled")


@click.command()
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Another day than today (UTC), as 2026-11-25; a row's day is that of its business.",
)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object, money in micro-dollars.")
def cost(day: datetime | None, *, as_json: bool) -> None:
    """Show what models cost on a day, by model, task and conversation.

    A call that was never answered counts with the most that it may have cost ("not settled").
    """
    chosen = datetime.now(UTC).date() if day is None else day.date()
    settings = load_settings()
    spent = asyncio.run(_read(settings, chosen))
    for line in _json(chosen, spent) if as_json else _table(chosen, spent, settings.brl_per_usd):
        click.echo(line)


async def _read(settings: Settings, day: date) -> Mapping[str, Sequence[Spent]]:
    async with operators_store(settings, real_world(), accounts_of(settings)) as store:
        return await store.spent(day)


def _json(day: date, spent: Mapping[str, Sequence[Spent]]) -> Iterator[str]:
    groups: dict[str, Any] = {name: [asdict(row) for row in rows] for name, rows in spent.items()}
    yield json.dumps({"day": day.isoformat(), **groups}, ensure_ascii=False)


def _table(day: date, spent: Mapping[str, Sequence[Spent]], rate: float) -> Iterator[str]:
    if not any(spent.values()):
        yield f"no model was asked on {day.isoformat()}"
        return
    for group, rows in spent.items():
        yield f"{group:<28}" + "".join(f"{heading:>13}" for heading in _HEADINGS)
        for row in rows:
            dollars = row.cost / 1_000_000
            cells = (
                str(row.calls),
                f"{dollars * rate:.4f}",
                f"{dollars:.6f}",
                *map(str, (row.tokens_in, row.tokens_cached, row.tokens_out, row.unsettled)),
            )
            yield f"{row.name:<28}" + "".join(f"{cell:>13}" for cell in cells)
        yield ""
