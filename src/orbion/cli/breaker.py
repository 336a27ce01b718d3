"""`orbion breaker`: look at the circuits of a running service, hold them open or closed."""

import asyncio
from collections.abc import Mapping
from typing import Any

import click

from orbion.cli import desk
from orbion.cli.output import print_json, table
from orbion.config import load_settings
from orbion.main.calling import running_service
from orbion.main.world import real_world

_HEAD = ("name", "state", "mode", "retry in", "ok", "failed", "timed out", "slow", "rejected")
_DONE: Mapping[str, str] = {
    "open": "held open: nothing is called until it is closed or reset",
    "close": "held closed: everything is called, whatever comes of it",
    "reset": "closed, its results decide again",
}

_url = click.option("--url", help="The service's address; else ORBION_HOST and ORBION_PORT.")
_name = click.argument("name")


@click.group()
def breaker() -> None:
    """Look at the circuits of a running service, hold them open or closed.

    A circuit stands before each outside service of each number; the list shows their names. They
    live in the memory of one process: where `web` and `work` run apart, ask `work`. Needs the
    admin key; each change is written to the audit table.

    \b
    orbion breaker list
    orbion breaker open whatsapp:loja
    orbion breaker reset whatsapp:loja
    """  # noqa: D301 \b is click's mark for lines that keep their breaks


@breaker.command(name="list")
@_url
@desk.as_json
def list_(url: str | None, *, as_json: bool) -> None:
    """List the circuits with their calls since the service's start."""
    found = _ask("GET", "", None, url)
    if as_json:
        print_json(found, str)
        return
    rows = [_row(each) for each in found["items"]]
    click.echo(table(_HEAD, rows) if rows else "No circuits: no account is configured.")


@breaker.command(name="open")
@_name
@_url
def open_(name: str, url: str | None) -> None:
    """Let no call through until it is closed or reset."""
    _order("open", name, url)


@breaker.command()
@_name
@_url
def close(name: str, url: str | None) -> None:
    """Let every call through, whatever comes of it."""
    _order("close", name, url)


@breaker.command()
@_name
@_url
def reset(name: str, url: str | None) -> None:
    """Close it with nothing counted, and let its results decide again."""
    _order("reset", name, url)


def _order(verb: str, name: str, url: str | None) -> None:
    _ask("POST", f"/{verb}", {"name": name}, url)
    click.echo(f"{name}: {_DONE[verb]}")


def _ask(method: str, path: str, body: Mapping[str, str] | None, url: str | None) -> Any:
    async def run() -> Any:
        async with running_service(load_settings(), real_world(), url) as service:
            return await service.ask(method, f"/admin/breakers{path}", body)

    return asyncio.run(run())


def _row(each: Mapping[str, Any]) -> tuple[object, ...]:
    counts = each["breaker"]
    wait = f"{each['retry_after']:.0f} s" if each["retry_after"] else "-"
    words = ("ok", "failed", "timed_out", "slow", "rejected")
    return each["name"], each["state"], each["mode"], wait, *(counts[word] for word in words)
