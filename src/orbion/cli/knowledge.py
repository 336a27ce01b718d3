"""`orbion knowledge`: the documents that answers are found in."""

from pathlib import Path
from typing import Final

import click

from orbion.adapters.db.store import DbStore
from orbion.cli import desk
from orbion.cli.output import plain, table
from orbion.domain.passages import asked_terms, best_passage, read_markdown

OPERATOR: Final = "operator"
_HELP_BUSINESS: Final = "BUSINESS"


@click.group()
def knowledge() -> None:
    """Add documents that answers are found in, list, search or remove them.

    \b
    orbion knowledge add sol-nascente garantia.md
    orbion knowledge search sol-nascente "e se quebrar uma placa?"
    """  # noqa: D301 \b is click's mark for lines that keep their breaks


@knowledge.command()
@click.argument("business", metavar=_HELP_BUSINESS)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
def add(business: str, files: tuple[Path, ...]) -> None:
    """Keep Markdown files; one of the same name is replaced."""
    documents = [
        read_markdown(path.stem, path.read_text(encoding="utf-8"), origin=OPERATOR)
        for path in files
    ]

    async def work(store: DbStore) -> None:
        for each in documents:
            await store.put_document(business, each)

    desk.with_store(work)
    for each in documents:
        click.echo(f"{each.name}: {len(each.passages)} passages")


@knowledge.command("list")
@click.argument("business", metavar=_HELP_BUSINESS)
def list_(business: str) -> None:
    """List the documents of a business."""
    found = desk.with_store(lambda store: store.documents(business))
    if not found:
        click.echo("no documents")
        return
    rows = [(each.name, plain(each.title), each.origin, each.passages) for each in found]
    click.echo(table(("name", "title", "from", "passages"), rows))


@knowledge.command()
@click.argument("business", metavar=_HELP_BUSINESS)
@click.argument("name")
def remove(business: str, name: str) -> None:
    """Forget a document; one of a playbook's folder comes back unless its file goes."""
    if not desk.with_store(lambda store: store.remove_document(business, name)):
        desk.missing(f"document {name!r}")
    click.echo(f"{name} is forgotten")


@knowledge.command()
@click.argument("business", metavar=_HELP_BUSINESS)
@click.argument("question")
def search(business: str, question: str) -> None:
    """Say what the documents answer, and the passages that were looked at."""
    candidates = desk.with_store(lambda store: store.passages(business, asked_terms([question])))
    best = best_passage(candidates, question)
    click.echo(
        "no answer" if best is None else f"{best.passage.fact_id}\n{plain(best.passage.text)}"
    )
    for each in candidates:
        click.echo(f"  {each.fact_id}  {plain(each.heading)}", err=True)
