"""`orbion work`: workers apart from the web, which only PostgreSQL allows."""

import click

from orbion.config import load_settings
from orbion.domain.errors import FaultCode, RejectedError

_SQLITE = (
    "web and workers cannot run apart on SQLite, because one process owns the file: run "
    "`orbion serve`, which does both; apart they need PostgreSQL"
)
_POSTGRES = (
    "this release runs on SQLite only: on PostgreSQL it has the schema and the lanes, the rest "
    "follows; run `orbion serve` on SQLite"
)


@click.command()
def work() -> None:
    """Work the queues alone; needs PostgreSQL.

    On one machine `orbion serve` takes webhooks and works the queues in one process.
    """
    on_sqlite = load_settings().sqlite_path is not None
    raise RejectedError(FaultCode.INPUT_BAD, _SQLITE if on_sqlite else _POSTGRES)
