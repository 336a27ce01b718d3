"""Writes that share a commit succeed or fail as their waiters are told, whatever happens to it."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from orbion.adapters.db import inbox
from orbion.adapters.db.schema import QUARANTINE, TASK
from orbion.adapters.db.sql import insert_into
from orbion.adapters.db.sqlite import GROUP, CommitObserver, SqliteDatabase
from orbion.adapters.db.tx import Statement, Tx
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.kit.executor import ThreadExecutor
from tests.support.stores import HandClock

HUGE = bytes(1_000_000)
NO_LIMIT = 1_073_741_823
RAWS = Statement(select(QUARANTINE.c.reason).order_by(QUARANTINE.c.id))
GROW = Statement(update(QUARANTINE).values(raw=HUGE))
ORPHAN = Statement(
    insert_into(TASK, "queue", "key", "seq", "kind", "payload", "trace", "created_at")
)
DEFER = Statement(text("PRAGMA defer_foreign_keys=ON"))


@dataclass(slots=True)
class Collected:
    """An executor that works only when a test says so: then a group is what was waiting."""

    waiting: list[Callable[[], None]] = field(default_factory=list)

    def __call__(self, work: Callable[[], None]) -> None:
        self.waiting.append(work)

    def run(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()


@dataclass(slots=True)
class Desk:
    """A database with its hand-driven writer, and the sizes of the groups that it committed."""

    db: SqliteDatabase
    writer: Collected
    path: Path
    sizes: list[int]

    async def group(self, *bodies: Callable[[Tx], object]) -> list[object]:
        """Write all bodies in one group; returns what each waiter was told."""
        waiters = [asyncio.ensure_future(self.db.write(body)) for body in bodies]
        while not all(waiter.done() for waiter in waiters):
            await asyncio.sleep(0)
            self.writer.run()
        return await asyncio.gather(*waiters, return_exceptions=True)

    async def handed_over(self) -> None:
        """Let the loop give its next group to the writer."""
        while not self.writer.waiting:
            await asyncio.sleep(0)

    async def write(self, body: Callable[[Tx], object]) -> object:
        (told,) = await self.group(body)
        return told

    def stored(self) -> list[str]:
        """Read with a connection of its own, as another process would after a crash."""
        with closing(sqlite3.connect(self.path)) as other:
            found = other.execute("SELECT reason FROM quarantine ORDER BY id").fetchall()
        return [reason for (reason,) in found]

    def leave_room(self, pages: int) -> None:
        (now,) = self.db.connection.execute("PRAGMA page_count").fetchone()
        self.db.connection.execute(f"PRAGMA max_page_count={min(now + pages, NO_LIMIT)}")


@pytest.fixture
async def desk(sqlite_path: Path, clock: HandClock) -> AsyncGenerator[Desk]:
    writer, reader, sizes = Collected(), ThreadExecutor("test-reader"), list[int]()
    db = SqliteDatabase(
        sqlite_path,
        clock=clock,
        writer=writer,
        reader=reader,
        observer=CommitObserver(seconds=lambda _: None, size=sizes.append),
        limit=200,
    )
    yield Desk(db, writer, sqlite_path, sizes)
    reader.close()
    db.close()


def note(reason: str, raw: bytes = b"") -> Callable[[Tx], str]:
    def body(tx: Tx) -> str:
        inbox.quarantine(tx, "loja", reason, raw)
        return reason

    return body


def broken(tx: Tx) -> None:
    note("half")(tx)
    raise LookupError("a plain bug")


def codes(told: list[object]) -> list[object]:
    return [each.code if isinstance(each, UnavailableError) else each for each in told]


async def test_a_group_is_one_commit_and_each_waiter_gets_its_own_result(desk: Desk) -> None:
    assert await desk.group(note("1"), note("2"), note("3")) == ["1", "2", "3"]
    assert desk.sizes == [3]
    assert desk.stored() == ["1", "2", "3"]


async def test_a_group_has_a_bounded_number_of_bodies(desk: Desk) -> None:
    await desk.group(*(note(str(number)) for number in range(150)))
    assert desk.sizes == [GROUP, GROUP, 150 - 2 * GROUP]
    assert desk.stored() == [str(number) for number in range(150)]


async def test_a_full_disk_in_one_body_fails_the_whole_group_and_stores_nothing(
    desk: Desk,
) -> None:
    await desk.write(note("before"))
    desk.leave_room(8)
    told = await desk.group(note("1"), note("2", HUGE), note("3"), note("4"), note("5"))
    assert codes(told) == [FaultCode.DB_FULL] * 5
    assert {each.retry_after for each in told if isinstance(each, UnavailableError)} == {30.0}
    assert desk.stored() == ["before"]
    desk.leave_room(NO_LIMIT)
    assert await desk.group(note("6"), note("7", HUGE)) == ["6", "7"]
    assert desk.stored() == ["before", "6", "7"]
    assert desk.db.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_a_full_disk_while_rows_grow_tells_each_waiter_the_truth(desk: Desk) -> None:
    await desk.group(note("a"), note("b"))
    desk.leave_room(8)
    told = await desk.group(note("1"), lambda tx: tx.run(GROW), note("3"))
    assert codes(told)[1] is FaultCode.DB_FULL
    stored = desk.stored()
    assert [isinstance(each, str) for each in (told[0], told[2])] == [
        "1" in stored,
        "3" in stored,
    ]
    desk.leave_room(NO_LIMIT)
    assert await desk.write(note("4")) == "4"


async def test_a_bug_in_one_body_fails_that_body_alone(desk: Desk) -> None:
    told = await desk.group(note("1"), broken, note("3"))
    assert (told[0], told[2]) == ("1", "3")
    assert isinstance(told[1], LookupError)
    assert desk.stored() == ["1", "3"]


async def test_a_commit_that_fails_fails_every_waiter(desk: Desk) -> None:
    def orphan(tx: Tx) -> None:
        tx.run(DEFER)
        nobody = {"queue": "in", "key": "?", "seq": 1, "kind": "", "payload": "", "trace": ""}
        tx.run(ORPHAN, **nobody, created_at=1)

    told = await desk.group(note("1"), orphan, note("3"))
    assert [type(each) for each in told] == [sqlite3.IntegrityError] * 3
    assert desk.stored() == []
    assert await desk.write(note("4")) == "4"


async def test_another_process_that_holds_the_database_makes_writes_wait_then_fail(
    desk: Desk,
) -> None:
    desk.db.connection.execute("PRAGMA busy_timeout=20")
    with closing(sqlite3.connect(desk.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert codes(await desk.group(note("1"), note("2"))) == [FaultCode.DB_LOCKED] * 2
        other.execute("ROLLBACK")
    assert desk.stored() == []
    assert await desk.write(note("3")) == "3"


async def test_a_queue_that_is_full_refuses_at_once(desk: Desk) -> None:
    told = await desk.group(*(note(str(number)) for number in range(203)))
    assert codes(told)[199:] == ["199", *[FaultCode.DB_BUSY] * 3]
    assert len(desk.stored()) == 200


async def test_a_waiter_that_was_cancelled_disturbs_nobody(desk: Desk) -> None:
    gone, kept = (asyncio.ensure_future(desk.db.write(note(name))) for name in ("gone", "kept"))
    await desk.handed_over()
    gone.cancel()
    desk.writer.run()
    assert await kept == "kept"
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert "kept" in desk.stored()


async def test_a_write_that_comes_as_the_writer_goes_to_rest_is_not_forgotten(desk: Desk) -> None:
    first = asyncio.ensure_future(desk.db.write(note("1")))
    await desk.handed_over()
    second = asyncio.ensure_future(desk.db.write(note("2")))
    desk.writer.run()
    assert await first == "1"
    await desk.handed_over()
    desk.writer.run()
    assert await second == "2"
    assert desk.sizes == [1, 1]


async def test_nobody_reads_what_is_not_committed(desk: Desk) -> None:
    seen: list[object] = []
    await desk.group(note("1"), lambda _: seen.append(desk.stored()))
    assert seen == [[]]
    assert await desk.db.read(lambda tx: [tuple(row) for row in tx.all(RAWS)]) == [("1",)]
