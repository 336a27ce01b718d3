"""`orbion lead`: look at leads and their history, move them along the pipeline."""

import click

from orbion.adapters.db.store import DbStore
from orbion.cli import desk
from orbion.cli.output import local, print_json, shown, table
from orbion.config import load_settings
from orbion.domain.errors import FaultCode, RefusedError
from orbion.domain.leads import LeadFile, LeadRow, StageChange
from orbion.domain.pipeline import LossReason
from orbion.main.build import accounts_of
from orbion.main.playbooks import playbook_of
from orbion.usecases.move_lead import MoveLead


@click.group()
def lead() -> None:
    """Look at leads and their history, move them along the pipeline.

    \b
    orbion lead list
    orbion lead show 17
    orbion lead move 17 ganhou
    orbion lead move 17 perdeu --reason preco
    """  # noqa: D301 \b is click's mark for lines that keep their breaks


@lead.command(name="list")
@click.option("--limit", type=click.IntRange(1, desk.MOST), default=desk.PAGE, show_default=True)
@desk.as_json
@desk.unmasked
def list_(limit: int, *, as_json: bool, unmasked: bool) -> None:
    """List leads, newest first."""
    rows = desk.with_store(lambda store: store.leads(limit))
    desk.print_page(
        rows,
        head=("id", "business", "name", "phone", "stage", "score"),
        row=_row,
        empty="No leads.",
        more=None,
        as_json=as_json,
        as_shown=shown(unmasked=unmasked),
    )


@lead.command()
@click.argument("lead_id", type=int, metavar="ID")
@desk.as_json
@desk.unmasked
def show(lead_id: int, *, as_json: bool, unmasked: bool) -> None:
    """Show what is known of a lead, and every change of its stage."""
    found = desk.with_store(lambda store: store.lead_file(lead_id))
    if found is None:
        desk.missing(f"lead {lead_id}")
    as_shown = shown(unmasked=unmasked)
    if as_json:
        print_json(found, as_shown)
        return
    click.echo(f"lead {lead_id}: {found.lead.stage}, {found.lead.score} points, {found.business}")
    for slot, value in found.lead.facts.items():
        click.echo(as_shown(f"  {slot}: {value}"))
    if found.changes:
        head = ("time", "from", "to", "who", "why")
        click.echo(table(head, map(_change, found.changes)))


@lead.command()
@click.argument("lead_id", type=int, metavar="ID")
@click.argument("stage", metavar="STAGE")
@click.option(
    "--reason", type=click.Choice([str(each) for each in LossReason]), help="Why it is lost."
)
def move(lead_id: int, stage: str, reason: str | None) -> None:
    """Move a lead to a stage of its playbook, to ganhou or to perdeu."""
    why = None if reason is None else LossReason(reason)
    moved = desk.with_store(lambda store: _move(store, lead_id, stage, why))
    click.echo(f"lead {lead_id}: {moved.lead.stage}")


async def _move(store: DbStore, lead_id: int, stage: str, reason: LossReason | None) -> LeadFile:
    accounts = accounts_of(load_settings())
    if not accounts:
        raise RefusedError(FaultCode.NOT_FOUND, "no account is configured: whose playbook holds?")
    moving = MoveLead(
        leads=store,
        accounts={account.business: name for name, account in accounts.items()},
        playbooks={name: playbook_of(account.playbook) for name, account in accounts.items()},
    )
    return await moving(lead_id, stage, reason, desk.ACTOR)


def _row(row: LeadRow) -> tuple[object, ...]:
    columns = row.columns
    name, phone = columns["nome"] or "-", columns["telefone"] or "-"
    return row.lead_id, row.business, name, phone, columns["etapa"], columns["pontos"]


def _change(change: StageChange) -> tuple[object, ...]:
    return local(change.at), change.before, change.after, change.actor, change.reason or "-"
