"""`orbion work`: workers apart from the web, which only PostgreSQL allows."""

import click

from orbion.cli.serve import listens, run_part, settings_of
from orbion.main.parts import WORK, require_apart


@click.command()
@listens
def work(host: str | None, port: int | None) -> None:
    """Work the queues alone; needs PostgreSQL.

    It listens for health, metrics and operators, not for webhooks: those are taken by `orbion web`
    or `orbion serve`. Any number of them share the work. It stops as `orbion serve` does.

    \b
    ORBION_DATABASE_URL=postgresql://orbion@db/orbion orbion work --port 8081
    """  # noqa: D301 \b is click's mark for lines that keep their breaks
    settings = settings_of(host, port)
    require_apart(settings)
    run_part(WORK, settings)
