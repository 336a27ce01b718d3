"""A SQLite file is durable, read-only for readers, and has one owner at a time."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select, text

from orbion.adapters.db import upkeep
from orbion.adapters.db.filelock import FileLock
from orbion.adapters.db.operators import OperatorsReads
from orbion.adapters.db.schema import MESSAGE, PROBE
from orbion.adapters.db.sqlite import BUSY_TIMEOUT_MS, connect
from orbion.adapters.db.store import DbStore
from orbion.adapters.db.tx import Statement, Tx
from orbion.domain.errors import FaultCode, RejectedError, UnavailableError
from orbion.domain.lanes import Queue
from tests.support.stores import HandClock, hello, make_store, sqlite_database

HOLD = """
import sys
from pathlib import Path
from orbion.adapters.db.filelock import FileLock

lock = FileLock(Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def first_row(statement: Statement, tx: Tx) -> tuple[object, ...]:
    return tuple(tx.one(statement) or ())


@contextmanager
def held_by_another_process(database: Path) -> Generator["subprocess.Popen[str]"]:
    process = subprocess.Popen(  # noqa: S603 our own interpreter and our own script
        [sys.executable, "-c", HOLD, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("query_only", [False, True])
def test_every_connection_is_durable_and_checks_references(
    sqlite_path: Path, *, query_only: bool
) -> None:
    with closing(connect(sqlite_path, query_only=query_only)) as connection:
        found = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "query_only")
        }
        (timeout,) = connection.execute("PRAGMA busy_timeout").fetchone()
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "query_only": int(query_only),
    }
    assert timeout == BUSY_TIMEOUT_MS


async def test_the_pipeline_opens_one_writer_and_one_query_only_reader(
    sqlite_path: Path, clock: HandClock
) -> None:
    async with sqlite_database(sqlite_path, clock) as db:
        for connection, read_only in ((db.connection, 0), (db._query, 1)):
            assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
            assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
            assert connection.execute("PRAGMA query_only").fetchone() == (read_only,)


async def test_operators_read_with_connections_that_cannot_write(
    sqlite_path: Path, clock: HandClock
) -> None:
    operators = OperatorsReads(f"sqlite+aiosqlite:///{sqlite_path}", clock=clock)
    for name, expected in (("query_only", 1), ("synchronous", 2)):
        ask = Statement(text(f"PRAGMA {name}"))
        assert await operators.read(partial(first_row, ask)) == (expected,)
    with pytest.raises(UnavailableError, match="readonly"):
        await operators.read(upkeep.touch)
    await operators.close()


def test_a_database_that_cannot_be_durable_is_refused() -> None:
    with pytest.raises(UnavailableError, match="journal_mode=memory"):
        connect(Path(":memory:"))


def test_a_file_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="cannot open") as caught:
        connect(tmp_path)
    assert caught.value.code is FaultCode.DB_IO


async def test_a_reader_cannot_write(sqlite_store: DbStore) -> None:
    with pytest.raises(UnavailableError, match="readonly"):
        await sqlite_store.db.read(upkeep.touch)
    probes = Statement(select(PROBE.c.id))
    assert await sqlite_store.db.read(lambda tx: tx.all(probes)) == []


async def test_a_read_that_fails_does_not_stop_the_reads_after_it(sqlite_store: DbStore) -> None:
    with pytest.raises(LookupError):
        await sqlite_store.db.read(lambda _: [].pop())
    assert await sqlite_store.conversation(1) is None


async def test_reads_run_beside_a_writer_that_another_process_blocks(
    sqlite_store: DbStore, sqlite_path: Path
) -> None:
    await sqlite_store.receive("loja", [hello(1)], "t")
    with closing(sqlite3.connect(sqlite_path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        blocked = asyncio.ensure_future(sqlite_store.write_probe())
        assert await sqlite_store.conversation(1) is not None
        assert not blocked.done()
        other.execute("ROLLBACK")
    assert await blocked == 0.0


async def test_what_was_stored_is_there_after_closing_and_the_log_is_empty(
    sqlite_path: Path, clock: HandClock
) -> None:
    async with sqlite_database(sqlite_path, clock) as db:
        store = make_store(db, clock)
        await store.start()
        await store.receive("loja", [hello(1)], "t")
    assert not sqlite_path.with_name(sqlite_path.name + "-wal").exists()
    async with sqlite_database(sqlite_path, clock) as db:
        texts = Statement(select(MESSAGE.c.text))
        assert await db.read(lambda tx: tx.all(texts)) == [("mensagem 1",)]


async def test_a_start_frees_what_a_dead_process_held(sqlite_path: Path, clock: HandClock) -> None:
    async with sqlite_database(sqlite_path, clock) as db:
        store = make_store(db, clock)
        await store.start()
        await store.receive("loja", [hello(1)], "t")
        assert (await store.claim(Queue.IN, "dead", 9)).claims
    async with sqlite_database(sqlite_path, clock) as db:
        store = make_store(db, clock)
        assert await store.free_leases() == 1
        (claim,) = (await store.claim(Queue.IN, "w", 9)).claims
        assert (claim.attempts, claim.crashes) == (1, 1)


def test_a_second_process_is_refused_and_told_who_holds_the_lock(sqlite_path: Path) -> None:
    lock = FileLock(sqlite_path)
    with (
        held_by_another_process(sqlite_path) as holder,
        pytest.raises(
            RejectedError, match=rf"held by process {holder.pid}: stop it first"
        ) as error,
    ):
        lock.acquire()
    assert error.value.code is FaultCode.CONFLICT


def test_the_lock_of_a_killed_process_is_free_at_once(sqlite_path: Path) -> None:
    lock = FileLock(sqlite_path)
    with held_by_another_process(sqlite_path) as holder:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait(timeout=10)
        lock.acquire()
    assert lock.path.read_text() == str(os.getpid())
    lock.release()


def test_a_released_lock_may_be_taken_again(tmp_path: Path) -> None:
    first, second = (FileLock(tmp_path / "new" / "orbion.db") for _ in range(2))
    first.acquire()
    with pytest.raises(RejectedError):
        second.acquire()
    first.release()
    first.release()
    second.acquire()
    second.release()


def test_a_lock_that_nobody_has_any_more_is_free(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "orbion.db")
    FileLock(lock.path.with_name("orbion.db")).acquire()
    lock.acquire()
    lock.release()
