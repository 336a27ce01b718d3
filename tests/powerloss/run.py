"""Power failures of `orbion serve`, replayed from its own writes: is what it said 200 to there?"""

import argparse
import asyncio
import re
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random

import psutil

from loadtests.webhooks import SECRET, captured_requests
from orbion.kit.clock import SystemClock
from tests.crash.databases import SqliteFile
from tests.crash.drill import settings
from tests.crash.process import ORBION, Process, free_port
from tests.crash.zygote import Command
from tests.powerloss.disk import Content, Disk, without_commit_syncs, without_syncs
from tests.powerloss.trace import STRACE, Answered, Happening, Reader
from tests.simulation.life import damage
from tests.simulation.run import MEMORY
from tests.support.wire import connected

LINES = 8
NOBODY = "http://127.0.0.1:9"  # answers are tried and put off: more writes beside the webhooks
LOG = "orbion.db-wal"
KNOWN = "SELECT provider_id FROM message WHERE direction = 'in'"
_ID = re.compile(rb'"id":"(3A[0-9A-F]{18})"')
_STOP_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What the service did, in order, and which messages each client port asked about, in order."""

    happenings: Sequence[Happening]
    asked: Mapping[int, Sequence[str]]


@dataclass(slots=True, kw_only=True)
class Losses:
    """What was found in the states that a power failure may leave."""

    states: int = 0
    acknowledged: int = 0
    losing: int = 0
    worst: int = 0
    found: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.states} states with {self.acknowledged} acknowledgements, "
            f"losing {self.losing}, worst {self.worst}, damaged {len(self.found)}"
        )


async def record(folder: Path, webhooks: int) -> Recording:
    """Run the unmodified service under strace, post to it, and stop it gracefully."""
    port = free_port()
    trace = folder / "trace"
    database = SqliteFile(path=folder / "orbion.db")
    given = settings(folder, database.url, NOBODY, port) | {"evolution_webhook_secret": SECRET}
    process = Process(
        folder=folder,
        settings=given,
        port=port,
        now=SystemClock().now,
        waiting=database.waiting,
        spawn=Command(words=(*STRACE, "-o", str(trace), *ORBION.words)),
    )
    await process.start()
    try:
        asked = await post(port, webhooks)
    finally:
        await _stop(process)
    with trace.open(encoding="ascii") as lines:
        happenings = Reader(database=database.path).read(lines)
    return Recording(happenings=happenings, asked=asked)


async def post(port: int, webhooks: int) -> Mapping[int, Sequence[str]]:
    """Post over several kept connections at once, so that commits come in groups."""
    asked: dict[int, list[str]] = defaultdict(list)
    requests = islice(captured_requests(), webhooks)

    async def line() -> None:
        async with connected(port) as wire:
            for request in requests:
                found = _ID.search(request)
                assert found is not None
                asked[wire.port].append(found[1].decode())
                status, _ = await wire.ask(request)
                assert status == 200, status

    async with asyncio.TaskGroup() as group:
        for _ in range(LINES):
            group.create_task(line())
    return asked


async def _stop(process: Process) -> None:
    """Stop what strace runs; strace then ends by itself."""
    assert process.child is not None
    for service in psutil.Process(process.child.pid).children():
        service.send_signal(signal.SIGTERM)
    try:
        await asyncio.to_thread(process.child.wait, _STOP_S)
    finally:
        process.kill()


def lose_power(
    recording: Recording, happenings: Sequence[Happening], states: int, dice: Random
) -> Losses:
    """Play the recording to random moments; at each, look at one state that the disk may hold."""
    losses = Losses()
    moments = Counter(dice.randrange(len(happenings)) for _ in range(states))
    disk = Disk(names={"orbion.db": Content()})
    left = {port: iter(ids) for port, ids in recording.asked.items()}
    known: set[str] = set()
    for place, what in enumerate(happenings):
        disk.happen(what)
        if isinstance(what, Answered) and what.port in left:
            known.add(next(left[what.port]))
        for _ in range(moments[place]):
            _look(disk, frozenset(known), losses, dice)
    return losses


def _look(disk: Disk, known: frozenset[str], losses: Losses, dice: Random) -> None:
    with tempfile.TemporaryDirectory(prefix="orbion-power-", dir=_memory()) as folder:
        for name, content in disk.lose_power(dice).items():
            (Path(folder) / name).write_bytes(content)
        lost, found = _examine(Path(folder) / "orbion.db", known)
    losses.states += 1
    losses.acknowledged += len(known)
    losses.losing += lost > 0
    losses.worst = max(losses.worst, lost)
    losses.found += found


def _examine(database: Path, known: frozenset[str]) -> tuple[int, list[str]]:
    """Open it as SQLite does after a power failure; count acknowledged messages not in it."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
            stored = {key for (key,) in connection.execute(KNOWN)} if "message" in tables else set()
            check = connection.execute("PRAGMA integrity_check").fetchall()
        found = (
            damage(database)
            if "message" in tables
            else [str(row) for row in check if row != ("ok",)]
        )
    except sqlite3.DatabaseError as error:
        return len(known), [f"I7 {error}"]
    return len(known - stored), found


def _memory() -> Path | None:
    return MEMORY if MEMORY.is_dir() else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--states", type=int, default=2_000)
    parser.add_argument("--webhooks", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if shutil.which("strace") is None:
        sys.stdout.write("strace is missing: apt-get install strace\n")
        return 2
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="orbion-traced-") as folder:
        recording = asyncio.run(record(Path(folder), given.webhooks))
    seconds = time.monotonic() - started
    happenings = recording.happenings
    sys.stdout.write(f"{given.webhooks} webhooks, {len(happenings)} happenings, {seconds:.1f} s\n")
    full = lose_power(recording, happenings, given.states, Random(given.seed))
    sys.stdout.write(f"as it was:          {full}, {time.monotonic() - started:.1f} s\n")
    sys.stdout.writelines(f"{each}\n" for each in full.found[:20])
    share = given.states // 4
    fewer = without_commit_syncs(happenings, LOG)
    normal = lose_power(recording, fewer, share, Random(given.seed))
    sys.stdout.write(f"synchronous=NORMAL: {normal} (must lose some)\n")
    off = lose_power(recording, without_syncs(happenings), share, Random(given.seed))
    sys.stdout.write(f"synchronous=OFF:    {off} (must damage some)\n")
    is_seen = normal.losing and off.found
    return 1 if full.losing or full.found or not is_seen else 0


if __name__ == "__main__":
    sys.exit(main())
