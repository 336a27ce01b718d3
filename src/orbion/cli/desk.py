"""What the commands over stored things share: an open store, paging and the words of a refusal."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NoReturn, TypeVar

import click

from orbion.adapters.db.store import DbStore
from orbion.cli.output import Shown, print_json, table
from orbion.config import load_settings
from orbion.domain.errors import FaultCode, RefusedError
from orbion.main.operating import operators_store
from orbion.main.world import real_world

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

ACTOR: Final = "cli"
PAGE: Final = 20
MOST: Final = 200


def paged(what: str) -> Callable[[F], F]:
    """Add the options of a list; `what` is the column that `--before` compares."""
    options = (
        click.option("--before", type=click.IntRange(1), help=f"Go on below this {what}."),
        click.option(
            "--limit", type=click.IntRange(1, MOST), default=PAGE, show_default=True, help="Rows."
        ),
        as_json,
        unmasked,
    )

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


as_json = click.option("--json", "as_json", is_flag=True, help="JSON for scripts.")
unmasked = click.option("--unmasked", is_flag=True, help="Show phone numbers in full.")


def with_store(work: Callable[[DbStore], Awaitable[T]]) -> T:
    """Run one piece of work on the store, whether or not a service is running."""

    async def run() -> T:
        async with operators_store(load_settings(), real_world(), {}) as store:
            return await work(store)

    return asyncio.run(run())


def print_page(
    lines: Sequence[Any],
    *,
    head: Sequence[str],
    row: Callable[[Any], Sequence[object]],
    empty: str,
    more: str | None,
    as_json: bool,
    as_shown: Shown,
) -> None:
    """Print a page; `more` is the `--before` of the next one, None after the last."""
    if as_json:
        print_json({"items": list(lines), "next": more and int(more)}, as_shown)
        return
    if not lines:
        click.echo(empty)
        return
    click.echo(table(head, [[as_shown(str(cell)) for cell in row(line)] for line in lines]))
    if more is not None:
        click.echo(f"more: --before {more}", err=True)


def missing(what: str) -> NoReturn:
    """Refuse with exit code 4."""
    raise RefusedError(FaultCode.NOT_FOUND, f"there is no {what}")
