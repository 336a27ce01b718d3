"""What a command does first: read the settings, and send the log to stderr."""

import logging
import sys
from collections.abc import Iterator

from orbion.config import Settings
from orbion.telemetry.logs import configure

_CHATTY = ("httpx", "alembic", "uvicorn", "asyncio", "aiohttp")


def log_to_stderr(settings: Settings) -> None:
    """Log with every secret that the settings hold redacted."""
    configure(settings.log_level, sys.stderr, secrets_of(settings), settings.log_format)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def secrets_of(settings: Settings) -> Iterator[str]:
    """Every secret, read from its file where it is in one; raises `RejectedError`."""
    for optional in (
        settings.admin(),
        settings.observer(),
        settings.openai_key(),
        settings.database_password(),
    ):
        if optional is not None:
            yield optional
    for account in settings.accounts().values():
        yield account.key()
        yield from account.secrets()
