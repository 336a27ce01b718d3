"""`orbion web`: webhooks apart from the workers, which only PostgreSQL allows."""

import click

from orbion.cli.serve import listens, run_part, settings_of
from orbion.main.parts import WEB, require_apart


@click.command()
@listens
def web(host: str | None, port: int | None) -> None:
    """Take webhooks alone; needs PostgreSQL.

    What it stores is worked by `orbion work` or `orbion serve`. It stops as `orbion serve` does.

    \b
    ORBION_DATABASE_URL=postgresql://orbion@db/orbion orbion web
    """  # noqa: D301 \b is click's mark for lines that keep their breaks
    settings = settings_of(host, port)
    require_apart(settings)
    run_part(WEB, settings)
