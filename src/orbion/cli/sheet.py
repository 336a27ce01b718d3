"""`orbion sheet`: compare a business's sheet with the leads, or read the prices in it."""

import asyncio
from collections.abc import Iterator

import click

from orbion.cli.output import plain
from orbion.config import Settings, load_settings
from orbion.domain.answering import write_item
from orbion.domain.catalogue_sheet import Catalogue, read_catalogue
from orbion.domain.errors import FaultCode, RefusedError
from orbion.domain.mirror import Changes
from orbion.main.operating import operators_resync, operators_sheets
from orbion.main.playbooks import playbook_of
from orbion.main.world import real_world

_SHOWN = 20


@click.group()
def sheet() -> None:
    """Compare a business's sheet with the leads, or read the prices in it.

    \b
    orbion sheet resync loja --dry-run
    orbion sheet resync loja
    orbion sheet prices loja
    """  # noqa: D301 \b is click's mark for lines that keep their breaks


@sheet.command()
@click.argument("name", metavar="ACCOUNT|BUSINESS")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def resync(name: str, *, dry_run: bool) -> None:
    """Find leads that the sheet lacks or shows otherwise, and queue them.

    The running service writes what is queued; without one it is written at the next start. Rows of
    unknown leads and second rows of a lead are named and left to a person.
    """
    for line in _told(asyncio.run(_resync(name, dry_run=dry_run)), dry_run=dry_run):
        click.echo(line)


@sheet.command()
@click.argument("account")
def prices(account: str) -> None:
    """Read the catalogue where the account's playbook says it is, and name each row left out."""
    found = asyncio.run(_prices(load_settings(), account))
    for item in found.items:
        click.echo(plain(write_item(item)))
    for row in found.skipped:
        click.echo(row, err=True)
    click.echo(f"{len(found.items)} sold, {len(found.skipped)} left out", err=True)


async def _prices(settings: Settings, name: str) -> Catalogue:
    account = settings.accounts().get(name)
    if account is None:
        raise RefusedError(FaultCode.NOT_FOUND, f"there is no account {name}")
    where = playbook_of(account.playbook).catalogue_sheet
    if where is None:
        raise RefusedError(
            FaultCode.NOT_FOUND, f"the playbook {account.playbook} names no [catalogue_sheet]"
        )
    async with operators_sheets(settings, real_world()) as sheets:
        cells = await sheets.of(account.business).cells(account.business, where.tab, where.area)
    return read_catalogue(cells, where)


async def _resync(name: str, *, dry_run: bool) -> Changes:
    async with operators_resync(load_settings(), real_world(), name) as compare:
        return await compare(dry_run=dry_run)


def _told(changes: Changes, *, dry_run: bool) -> Iterator[str]:
    if changes.columns:
        yield f"columns to add: {', '.join(changes.columns)}"
    for lead, names in list(changes.different.items())[:_SHOWN]:
        yield f"lead {lead} differs: {', '.join(names)}"
    if len(changes.different) > _SHOWN:
        yield f"and {len(changes.different) - _SHOWN} more that differ"
    for what, leads in (
        ("leads without a row", changes.missing),
        ("rows of unknown leads, left alone", changes.unknown),
        ("leads with several rows, delete the copies", changes.repeated),
    ):
        if leads:
            yield f"{what}: {_ids(leads)}"
    yield _outcome(len(changes.leads), dry_run=dry_run)


def _outcome(leads: int, *, dry_run: bool) -> str:
    if not leads:
        return "the sheet shows every lead as it is"
    if dry_run:
        return f"would write {leads} leads"
    return f"queued {leads} leads; the running service writes them"


def _ids(leads: tuple[int, ...]) -> str:
    more = f", … {len(leads) - _SHOWN} more" if len(leads) > _SHOWN else ""
    return ", ".join(map(str, leads[:_SHOWN])) + more
