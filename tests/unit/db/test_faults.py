"""A driver's exception is full, locked, broken, or a bug of ours."""

import sqlite3

import asyncpg
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
    ("error", "fault"),
    [
        (asyncpg.DiskFullError("full"), FaultCode.DB_FULL),
        (asyncpg.DeadlockDetectedError("deadlock"), FaultCode.DB_LOCKED),
        (asyncpg.LockNotAvailableError("lock"), FaultCode.DB_LOCKED),
        (asyncpg.QueryCanceledError("too long"), FaultCode.DB_BUSY),
        (asyncpg.TooManyConnectionsError("too many"), FaultCode.DB_BUSY),
        (asyncpg.CannotConnectNowError("starting up"), FaultCode.DB_DOWN),
        (asyncpg.ConnectionDoesNotExistError("gone"), FaultCode.DB_DOWN),
        (asyncpg.InvalidPasswordError("no"), FaultCode.DB_DOWN),
        (asyncpg.ReadOnlySQLTransactionError("a standby"), FaultCode.DB_DOWN),
        (ConnectionRefusedError("nobody listens"), FaultCode.DB_DOWN),
        (TimeoutError(), FaultCode.DB_DOWN),
        (asyncpg.PostgresIOError("disk"), FaultCode.DB_IO),
        (asyncpg.IndexCorruptedError("torn"), FaultCode.DB_CORRUPT),
    ],
)
def test_a_failure_of_postgresql_is_unavailable(error: Exception, fault: FaultCode) -> None:
    found = translate(error)
    assert isinstance(found, UnavailableError)
    assert found.code is fault


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.UniqueViolationError("twice"),
        asyncpg.UndefinedTableError("no such table"),
        failure(sqlite3.SQLITE_CONSTRAINT_UNIQUE),
        failure(sqlite3.SQLITE_ERROR),
        sqlite3.ProgrammingError("wrong number of bindings"),
        LookupError("a bug"),
    ],
)
def test_anything_else_stays_what_it_is(error: Exception) -> None:
    assert translate(error) is error
