"""What a driver's exception means: full, locked, broken, or ours."""

import sqlite3
from collections.abc import Mapping
from typing import Final

from orbion.domain.errors import FaultCode, UnavailableError

_FULL_RETRY_SECONDS: Final = 30.0
_CODES: Mapping[int, FaultCode] = {
    sqlite3.SQLITE_FULL: FaultCode.DB_FULL,
    sqlite3.SQLITE_BUSY: FaultCode.DB_LOCKED,
    sqlite3.SQLITE_LOCKED: FaultCode.DB_LOCKED,
    sqlite3.SQLITE_IOERR: FaultCode.DB_IO,
    sqlite3.SQLITE_CANTOPEN: FaultCode.DB_IO,
    sqlite3.SQLITE_READONLY: FaultCode.DB_IO,
    sqlite3.SQLITE_CORRUPT: FaultCode.DB_CORRUPT,
    sqlite3.SQLITE_NOTADB: FaultCode.DB_CORRUPT,
}
_PRIMARY: Final = 0xFF


def translate(error: BaseException) -> BaseException:
    """Turn a storage failure into `UnavailableError`; anything else is returned as it is."""
    if not isinstance(error, sqlite3.Error):
        return error
    code = _CODES.get(getattr(error, "sqlite_errorcode", 0) & _PRIMARY)
    if code is None:
        return error
    wait = _FULL_RETRY_SECONDS if code is FaultCode.DB_FULL else 1.0
    return UnavailableError(code, f"the database refused a write: {error}", retry_after=wait)
