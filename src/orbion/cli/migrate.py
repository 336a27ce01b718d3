"""`orbion migrate`: brings the database to this program's schema and says what it did."""

import asyncio

import click

from orbion.cli.setup import log_to_stderr
from orbion.config import load_settings
from orbion.main.operating import migrate_alone
from orbion.main.world import real_world


@click.command()
def migrate() -> None:
    """Bring the database to this version, after a backup.

    `orbion serve` does the same at its start. Doing it again changes nothing. A database of a newer
    program is refused. SQLite must be stopped: the command takes the lock of the service.

    \b
    orbion migrate
    ORBION_DATABASE_URL=sqlite:////var/lib/orbion/orbion.db orbion migrate
    """  # noqa: D301 \b is click's mark for lines that keep their breaks
    settings = load_settings()
    log_to_stderr(settings)
    done = asyncio.run(migrate_alone(settings, real_world()))
    if done.before == done.after:
        click.echo(f"{done.name}: already at schema {done.after}")
        return
    click.echo(f"{done.name}: schema {done.before or 'none'} → {done.after}")
    if done.backup is not None:
        click.echo(f"backup: {done.backup}")
