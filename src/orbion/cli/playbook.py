"""`orbion playbook`: check a playbook file before it is in force, or show what it holds."""

from collections.abc import Iterator

import click

from orbion.cli.exits import Exit
from orbion.cli.output import plain, table
from orbion.domain.answering import write_hours, write_item
from orbion.domain.errors import RejectedError
from orbion.domain.playbook import Playbook
from orbion.main.playbooks import playbook_of


@click.group()
def playbook() -> None:
    """Check a playbook file before it is in force, or show what it holds.

    FILE is the path of a TOML file or the name of a shipped playbook: solar, school, realestate.

    \b
    orbion playbook check my-shop.toml
    orbion playbook show school
    """  # noqa: D301 \b is click's mark for lines that keep their breaks


@playbook.command()
@click.argument("file", metavar="FILE")
def check(file: str) -> int:
    """Tell every fault, a line each: file, line, key, what is wrong and the fix.

    Exit code 3 if there is one. A service that is running keeps the old playbook until the file
    is whole, then takes the new one within seconds.
    """
    try:
        found = playbook_of(file)
    except RejectedError as error:
        faults = str(error).splitlines()
        for fault in faults:
            click.echo(plain(fault))
        click.echo(f"{len(faults)} {'fault' if len(faults) == 1 else 'faults'}", err=True)
        return Exit.REJECTED
    click.echo(
        f"{file}: whole. {len(found.catalogue)} prices, {len(found.faq)} answers,"
        f" {len(found.objections)} objections, {len(found.slots)} questions;"
        f" version {found.version}"
    )
    return Exit.OK


@playbook.command()
@click.argument("file", metavar="FILE")
def show(file: str) -> None:
    """Show who it is, when it is open, what it sells, asks and knows."""
    for line in _summary(playbook_of(file)):
        click.echo(line)


def _summary(found: Playbook) -> Iterator[str]:
    yield f"{found.business_name} ({found.id}, version {found.version})"
    yield f"assistant: {found.assistant_name}, {found.language}, {found.timezone}"
    yield f"address: {found.address}"
    yield f"hours: {write_hours(found)}"
    national = "Brazil's holidays and " if found.national_holidays else ""
    yield f"closed: {national}{len(found.holidays)} days of its own"
    where = found.catalogue_sheet
    yield "prices:" if where is None else f"prices, while {where.tab}!{where.area} cannot be read:"
    yield from (f"  {plain(write_item(item))}" for item in found.catalogue)
    yield "asks, in this order:"
    rows = [
        (slot.key, slot.kind, slot.weight, "required" if slot.required else "optional")
        for slot in found.slots
    ]
    yield from (f"  {line}" for line in table(("key", "kind", "weight", ""), rows).splitlines())
    yield f"stages: {', '.join(f'{each.key} from {each.threshold}' for each in found.stages)}"
    yield f"answers: {', '.join(entry.id for entry in found.faq)}"
    yield f"objections: {', '.join(entry.id for entry in found.objections) or 'none'}"
    limits = {"a day": found.budget.day, "a conversation": found.budget.conversation}
    told = [f"R$ {limit / 100:.2f} {span}" for span, limit in limits.items() if limit is not None]
    yield f"documents: {found.knowledge_folder or 'none'}"
    yield f"models may cost: {', '.join(told) or 'what the operator allows'}"
    yield f"left to people: {', '.join(rule.reason for rule in found.handoff.rules) or 'requests'}"
