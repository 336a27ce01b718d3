"""Measures the hot statements on a small and on a big database: only the tree may get deeper."""

import random
import sqlite3
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy.dialects import sqlite as dialects

from loadtests.webhooks import ACCOUNT
from orbion.adapters.db import inbox, lanes, leads, turns
from orbion.adapters.db.lanes import LanePolicy
from orbion.adapters.db.migrate import migrate_sqlite
from orbion.adapters.db.sqlite import SqliteTx, connect
from orbion.adapters.db.tx import Tx
from orbion.domain.conversations import Account
from orbion.domain.lanes import Queue

SMALL: Final = 10_000
OF_ONE: Final = 20
"""Messages of each conversation, a few facts of each lead."""
TIMES: Final = 400
DUE: Final = 2_000
"""Lanes that wait, in the small and in the big database: a backlog does not grow with the past."""
CEILINGS: Final[Mapping[str, float]] = {"history": 5.0, "lead": 5.0, "claim": 5.0, "dedup": 2.5}
NOW: Final = 1_800_000_000_000
LOJA: Final = Account(id=ACCOUNT, business="sol", channel="evolution", instance="l", playbook="s")
FILL: Final = Path(__file__).with_suffix(".sql")


def growth(folder: Path, rows: int) -> dict[str, dict[str, float]]:
    """Medians in µs at ten thousand rows and at `rows`, and how many times as long that is."""
    small, big = (_measured(folder / f"{each}.db", each) for each in (SMALL, rows))
    print(f"\ngrowth from {SMALL} to {rows} messages and dedup ids (G7), medians in µs")
    found = {}
    for name, ceiling in CEILINGS.items():
        ratio = big[name] / small[name]
        found[name] = {"small_us": small[name], "big_us": big[name], "ratio": ratio}
        told = "met" if ratio <= ceiling else "MISSED"
        print(
            f"  {name:9}{small[name]:8.1f}{big[name]:8.1f}{ratio:7.2f} times (≤ {ceiling}: {told})"
        )
    return found


def _measured(path: Path, rows: int) -> Mapping[str, float]:
    people = rows // OF_ONE
    migrate_sqlite(path)
    _fill(path, people)
    dice = random.Random(7)
    with closing(connect(path)) as connection:
        tx = SqliteTx(connection, dialects.dialect(), NOW)
        return {
            "history": _median(
                connection, lambda: turns.history(tx, dice.randint(1, people)), settle="COMMIT"
            ),
            "lead": _median(
                connection, lambda: leads.lead_of(tx, dice.randint(1, people)), settle="COMMIT"
            ),
            "claim": _median(connection, lambda: _claim(tx), settle="ROLLBACK"),
            "dedup": _median(
                connection,
                lambda: inbox.is_new(tx, LOJA, f"3A{dice.getrandbits(72):018X}", from_me=False),
                settle="COMMIT",
            ),
        }


def _claim(tx: Tx) -> None:
    claimed = lanes.claim(tx, Queue.IN, "bench", 8, policy=LanePolicy(), lowest_first=False)
    if len(claimed.claims) != 8:  # noqa: PLR2004 as many as were asked for
        raise RuntimeError("no lane was due")


def _fill(path: Path, people: int) -> None:
    """In one transaction whose durability nobody needs."""
    given = {
        "account": ACCOUNT,
        "people": people,
        "each": OF_ONE,
        "now": NOW,
        "due": min(DUE, people // 2),
    }
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-1000000")
        connection.execute("BEGIN")
        for statement in FILL.read_text(encoding="utf-8").split(";\n"):
            connection.execute(statement, given)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _median(connection: sqlite3.Connection, act: Callable[[], object], *, settle: str) -> float:
    """Of the statements alone, µs: the commit, which waits for the disk, is not measured."""
    found = []
    for _ in range(TIMES):
        connection.execute("BEGIN IMMEDIATE")
        started = time.perf_counter_ns()
        act()
        found.append((time.perf_counter_ns() - started) / 1000)
        connection.execute(settle)
    return statistics.median(found)
