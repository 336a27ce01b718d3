"""`orbion lead`: look at leads and their history, move and value them, forecast what they bring."""

from collections.abc import Mapping

import click

from orbion.adapters.db.pipeline import DbPipeline
from orbion.adapters.db.store import DbStore
from orbion.cli import desk
from orbion.cli.output import local, print_json, shown, table
from orbion.config import load_settings
from orbion.domain.errors import FaultCode, RefusedError, RejectedError
from orbion.domain.forecast import MOST_CENTAVOS, Forecast, StageForecast
from orbion.domain.leads import LeadFile, LeadRow, StageChange
from orbion.domain.money import find_amounts, write_amount
from orbion.domain.pipeline import LossReason
from orbion.domain.playbook import Playbook
from orbion.main.build import accounts_of
from orbion.main.playbooks import playbook_of
from orbion.usecases.forecast_leads import ForecastLeads
from orbion.usecases.move_lead import MoveLead


@click.group()
def lead() -> None:
    """Look at leads and their history, move and value them, forecast.

    \b
    orbion lead list
    orbion lead show 17
    orbion lead move 17 ganhou
    orbion lead move 17 perdeu --reason preco
    orbion lead value 17 "R$ 17.500"
    orbion lead forecast
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
    found = desk.with_store(lambda store: DbPipeline(db=store.db).lead_file(lead_id))
    if found is None:
        desk.missing(f"lead {lead_id}")
    as_shown = shown(unmasked=unmasked)
    if as_json:
        print_json(found, as_shown)
        return
    worth = "" if found.value is None else f", {write_amount(found.value)}"
    click.echo(
        f"lead {lead_id}: {found.lead.stage}, {found.lead.score} points, {found.business}{worth}"
    )
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


@lead.command()
@click.argument("lead_id", type=int, metavar="ID")
@click.argument("amount", metavar="AMOUNT")
def value(lead_id: int, amount: str) -> None:
    """Say what a lead is worth, as "R$ 17.500" or "17,5 mil"; "-" = not known any more."""
    centavos = None if amount == "-" else _centavos(amount)
    done = desk.with_store(
        lambda store: DbPipeline(db=store.db).value_lead(lead_id, centavos, desk.ACTOR)
    )
    if not done:
        desk.missing(f"lead {lead_id}")
    click.echo(f"lead {lead_id}: {_money(centavos)}")


@lead.command()
@desk.as_json
def forecast(*, as_json: bool) -> None:
    """Sum what open leads are worth, weighed by the probabilities of the playbook's stages."""
    found = desk.with_store(_forecast)
    if as_json:
        print_json({"items": found}, str)
        return
    click.echo("\n\n".join(map(_told, found)))


def _centavos(amount: str) -> int:
    found = find_amounts(amount)
    if len(found) != 1 or found[0].centavos > MOST_CENTAVOS:
        raise RejectedError(
            FaultCode.INPUT_BAD, f'AMOUNT is {amount!r}; write one amount, as "R$ 17.500,00"'
        )
    return found[0].centavos


async def _move(store: DbStore, lead_id: int, stage: str, reason: LossReason | None) -> LeadFile:
    accounts, playbooks = _businesses()
    moving = MoveLead(leads=DbPipeline(db=store.db), accounts=accounts, playbooks=playbooks)
    return await moving(lead_id, stage, reason, desk.ACTOR)


async def _forecast(store: DbStore) -> tuple[Forecast, ...]:
    accounts, playbooks = _businesses()
    leads = DbPipeline(db=store.db)
    return await ForecastLeads(leads=leads, accounts=accounts, playbooks=playbooks)()


def _businesses() -> tuple[Mapping[str, str], Mapping[str, Playbook]]:
    """One account of each business, and the playbook of each account."""
    accounts = accounts_of(load_settings())
    if not accounts:
        raise RefusedError(FaultCode.NOT_FOUND, "no account is configured: whose playbook holds?")
    return (
        {account.business: name for name, account in accounts.items()},
        {name: playbook_of(account.playbook) for name, account in accounts.items()},
    )


def _told(found: Forecast) -> str:
    head = ("stage", "leads", "with a value", "worth", "probability", "expected", "won before")
    lines = [f"{found.business}: {write_amount(found.expected)} expected of open leads"]
    if found.left_out:
        lines.append(f"{found.left_out} have no part in it: no value, or a stage not weighed")
    return "\n".join([*lines, table(head, map(_rung, found.stages))])


def _rung(each: StageForecast) -> tuple[object, ...]:
    return (
        each.stage,
        each.leads,
        each.valued,
        write_amount(each.value),
        "-" if each.probability is None else f"{each.probability} %",
        _money(each.expected),
        f"{each.won} of {each.ended}" if each.ended else "-",
    )


def _money(centavos: int | None) -> str:
    return "-" if centavos is None else write_amount(centavos)


def _row(row: LeadRow) -> tuple[object, ...]:
    columns = row.columns
    name, phone = columns["nome"] or "-", columns["telefone"] or "-"
    return row.lead_id, row.business, name, phone, columns["etapa"], columns["pontos"]


def _change(change: StageChange) -> tuple[object, ...]:
    return local(change.at), change.before, change.after, change.actor, change.reason or "-"
