"""A driver's exception is full, locked, broken, or a bug of ours."""

import sqlite3

import pytest

from orbion.adapters.db.faults import translate
from orbion.domain.errors import FaultCode, UnavailableError


def failure(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("it failed")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "fault", "wait"),
    [
        (sqlite3.SQLITE_FULL, FaultCode.DB_FULL, 30.0),
        (sqlite3.SQLITE_BUSY, FaultCode.DB_LOCKED, 1.0),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, FaultCode.DB_LOCKED, 1.0),
        (sqlite3.SQLITE_LOCKED, FaultCode.DB_LOCKED, 1.0),
        (sqlite3.SQLITE_IOERR_WRITE, FaultCode.DB_IO, 1.0),
        (sqlite3.SQLITE_IOERR_FSYNC, FaultCode.DB_IO, 1.0),
        (sqlite3.SQLITE_CANTOPEN, FaultCode.DB_IO, 1.0),
        (sqlite3.SQLITE_READONLY, FaultCode.DB_IO, 1.0),
        (sqlite3.SQLITE_CORRUPT, FaultCode.DB_CORRUPT, 1.0),
        (sqlite3.SQLITE_NOTADB, FaultCode.DB_CORRUPT, 1.0),
    ],
)
def test_a_storage_failure_is_unavailable(code: int, fault: FaultCode, wait: float) -> None:
    found = translate(failure(code))
    assert isinstance(found, UnavailableError)
    assert (found.code, found.retry_after) == (fault, wait)


@pytest.mark.parametrize(
    "error",
    [
        failure(sqlite3.SQLITE_CONSTRAINT_UNIQUE),
        failure(sqlite3.SQLITE_ERROR),
        sqlite3.ProgrammingError("wrong number of bindings"),
        LookupError("a bug"),
    ],
)
def test_anything_else_stays_what_it_is(error: Exception) -> None:
    assert translate(error) is error
