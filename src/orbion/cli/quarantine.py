"""`orbion quarantine`: look at what could not be read; read it again or let it go."""

import asyncio

import click

from orbion.adapters.db.store import DbStore
from orbion.cli import desk
from orbion.cli.output import local, plain, print_json, shown
from orbion.config import load_settings
from orbion.domain.errors import FaultCode, RefusedError
from orbion.domain.listing import QuarantineLine
from orbion.main.operating import operators_replays
from orbion.main.world import real_world

_HEAD = ("id", "account", "reason", "at", "bytes", "state")


@click.group()
def quarantine() -> None:
    """Look at what could not be read; read it again or let it go.

    Authentic webhooks that this version does not understand are kept here, without credentials.
    After an update `replay` takes one again as if it had just come.

    \b
    orbion quarantine list
    orbion quarantine show 3
    orbion quarantine replay 3
    """  # noqa: D301 \b is click's mark for lines that keep their breaks


@quarantine.command(name="list")
@desk.paged("id")
def list_(before: int | None, limit: int, *, as_json: bool, unmasked: bool) -> None:
    """List what is set aside, newest first."""
    lines = desk.with_store(lambda store: store.quarantined(before=before, limit=limit))
    desk.print_page(
        lines,
        head=_HEAD,
        row=_row,
        empty="Nothing in quarantine.",
        more=str(lines[-1].id) if len(lines) == limit else None,
        as_json=as_json,
        as_shown=shown(unmasked=unmasked),
    )


@quarantine.command()
@click.argument("row_id", type=int, metavar="ID")
@desk.as_json
@desk.unmasked
def show(row_id: int, *, as_json: bool, unmasked: bool) -> None:
    """Show the kept body."""
    line = desk.with_store(lambda store: _find(store, row_id))
    as_shown = shown(unmasked=unmasked)
    if as_json:
        print_json(line, as_shown)
        return
    state = line.ended or "open"
    click.echo(f"{line.id}: {line.reason}, account {line.account}, {local(line.at)}, {state}")
    click.echo(as_shown(plain(line.raw.decode("utf-8", "replace"))))


@quarantine.command()
@click.argument("row_id", type=int, metavar="ID")
@click.option("--force", is_flag=True, help="Even if it was replayed or discarded before.")
def replay(row_id: int, *, force: bool) -> None:
    """Read it again; refused while it still cannot be read, or once that was done.

    A message that is stored already stays a duplicate and is not answered again.
    """
    outcomes = asyncio.run(_replay(row_id, force=force))
    click.echo(f"{row_id}: replayed, {', '.join(outcomes) or 'nothing in it'}")


@quarantine.command()
@click.argument("row_id", type=int, metavar="ID")
def discard(row_id: int) -> None:
    """Let it go: it stays listed as discarded."""
    if not desk.with_store(lambda store: store.end_quarantine(row_id, "discarded", desk.ACTOR)):
        desk.missing(f"open quarantine row {row_id}")
    click.echo(f"{row_id}: discarded")


async def _replay(row_id: int, *, force: bool) -> tuple[str, ...]:
    async with operators_replays(load_settings(), real_world()) as opened:
        line = await _find(opened.store, row_id)
        if line.ended is not None and not force:
            raise RefusedError(
                FaultCode.CONFLICT, f"row {row_id} is already {line.ended}: --force reads it again"
            )
        answer = await opened.receive.replay(line.account, line.raw, trace=opened.trace)
        await opened.store.end_quarantine(row_id, "replayed", desk.ACTOR)
        return answer.outcomes


async def _find(store: DbStore, row_id: int) -> QuarantineLine:
    lines = await store.quarantined(before=row_id + 1, limit=1)
    if not lines or lines[0].id != row_id:
        desk.missing(f"quarantine row {row_id}")
    return lines[0]


def _row(line: QuarantineLine) -> tuple[object, ...]:
    return line.id, line.account, line.reason, local(line.at), len(line.raw), line.ended or "open"
