"""Loads the PostgreSQL pipeline, whose driver is an extra that SQLite does without."""

import importlib
from typing import Any

from orbion.domain.errors import FaultCode, RejectedError


def load_postgres() -> Any:
    """Import the pipeline's module; raises `RejectedError` with the fix without its driver."""
    try:
        return importlib.import_module("orbion.adapters.db.postgres")
    except ModuleNotFoundError as error:
        if error.name != "asyncpg":
            raise
        raise RejectedError(
            FaultCode.INPUT_BAD,
            "ORBION_DATABASE_URL: PostgreSQL needs its driver: pip install 'orbion[postgres]'",
        ) from error
