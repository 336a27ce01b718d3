"""What a driver's exception means: full, locked, broken, away, or ours."""

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
_STATES: Mapping[str, FaultCode] = {
    "53100": FaultCode.DB_FULL,
    "40001": FaultCode.DB_LOCKED,
    "40P01": FaultCode.DB_LOCKED,
    "23503": FaultCode.DB_LOCKED,  # another replica ended what this transaction had just read
    "55P03": FaultCode.DB_LOCKED,
    "57014": FaultCode.DB_BUSY,  # a statement's time-out
    "25P03": FaultCode.DB_BUSY,
    "25006": FaultCode.DB_DOWN,  # a standby after a failover
    "58030": FaultCode.DB_IO,
    "XX001": FaultCode.DB_CORRUPT,
    "XX002": FaultCode.DB_CORRUPT,
}
_STATE_CLASSES: Mapping[str, FaultCode] = {
    "08": FaultCode.DB_DOWN,
    "28": FaultCode.DB_DOWN,
    "3D": FaultCode.DB_DOWN,
    "53": FaultCode.DB_BUSY,
    "57": FaultCode.DB_DOWN,
}


def translate(error: BaseException) -> BaseException:
    """Turn a storage failure into `UnavailableError`; anything else is returned as it is."""
    code = _code_of(error)
    if code is None:
        return error
    wait = _FULL_RETRY_SECONDS if code is FaultCode.DB_FULL else 1.0
    reason = str(error) or type(error).__name__
    return UnavailableError(code, f"the database refused: {reason}", retry_after=wait)


def _code_of(error: BaseException) -> FaultCode | None:
    if isinstance(error, sqlite3.Error):
        return _CODES.get(getattr(error, "sqlite_errorcode", 0) & _PRIMARY)
    if isinstance(error, OSError):  # TimeoutError is one too
        return FaultCode.DB_DOWN
    state = getattr(error, "sqlstate", None) or ""
    return _STATES.get(state) or _STATE_CLASSES.get(state[:2])
