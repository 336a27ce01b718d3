"""`orbion webhook`: look at where a gateway posts its webhooks, and point them at this service."""

from collections.abc import Iterator

import click

from orbion.cli.gateway import with_gateway
from orbion.cli.output import table
from orbion.domain.accounts import Verdict
from orbion.domain.gateway_webhook import Target, Webhook, judge_webhook
from orbion.main.operating import Reached
from orbion.main.world import World
from orbion.usecases.set_webhook import SetWebhook, WebhookChange

Pair = tuple[str, str]


@click.group()
def webhook() -> None:
    """Look at an account's webhook, or set it.

    `set` points the gateway at ORBION_PUBLIC_URL, with the events that are needed and the first
    webhook secret of the account. No secret is shown.

    \b
    orbion webhook show loja
    orbion webhook set loja
    """  # noqa: D301 \b is click's mark for lines that keep their breaks


@webhook.command()
@click.argument("account", metavar="ACCOUNT")
def show(account: str) -> None:
    """Show what is set, and what is wrong with it."""
    target, found = with_gateway(account, _look)
    click.echo(table(("", "is set"), _rows(found, target)))
    finding = judge_webhook(found, target, fix=f"orbion webhook set {account}")
    click.echo(f"{finding.verdict}: {finding.found}")
    if finding.verdict is not Verdict.OK:
        click.echo(f"to correct it: {finding.fix}")


@webhook.command(name="set")
@click.argument("account", metavar="ACCOUNT")
def set_(account: str) -> None:
    """Point it at this service; doing it twice does it once."""
    target, change = with_gateway(account, _set)
    if change.before == change.after:
        click.echo(f"{account}: already set")
        return
    rows = zip(_rows(change.before, target), _rows(change.after, target), strict=True)
    lines = [(name, before, after) for (name, before), (_, after) in rows]
    click.echo(table(("", "before", "after"), lines))
    click.echo(f"{account}: set")


async def _look(reached: Reached, _: World) -> tuple[Target, Webhook | None]:
    return reached.target, await reached.gateway.webhook()


async def _set(reached: Reached, _: World) -> tuple[Target, WebhookChange]:
    setting = SetWebhook(gateway=reached.gateway, target=reached.target, secret=reached.secret)
    return reached.target, await setting()


def _rows(found: Webhook | None, target: Target) -> Iterator[Pair]:
    """Name the headers only: their values are the secrets."""
    yield "address", target.shown(found.url) if found and found.url else "-"
    yield "enabled", _word(found is not None and found.enabled)
    yield "byEvents", _word(found is not None and found.by_events)
    yield "base64", _word(found is not None and found.base64)
    yield "headers", ", ".join(sorted(found.headers)) if found and found.headers else "-"
    yield "events", ", ".join(sorted(found.events)) if found and found.events else "-"


def _word(yes: bool) -> str:  # noqa: FBT001 - it only writes it
    return "yes" if yes else "no"
