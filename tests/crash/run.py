"""`make crash`: drills one after another until enough was killed, then one table of all of them."""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path

from tests.crash.backlog import starts_with_backlog
from tests.crash.databases import SqliteFile, postgres_alone
from tests.crash.drill import Drill
from tests.crash.report import Backlog, Plan, Report, Summary
from tests.crash.zygote import Spawn, zygote
from tests.support.hidden import UNEXPLAINED
from tests.support.source import ROOT

KEPT = ROOT / "data" / "crash"
BACKLOG, STARTS = 10_000, 3
USUAL = Plan(conversations=300, kills=80, span=60.0)
SHARED = replace(USUAL, replicas=2, conversations=200)
Opened = Callable[[Plan, Path, Spawn], AbstractAsyncContextManager[Drill]]


@asynccontextmanager
async def on_sqlite(plan: Plan, folder: Path, spawn: Spawn) -> AsyncGenerator[Drill]:
    database = SqliteFile(path=folder / "orbion.db")
    yield Drill(plan=plan, folder=folder, database=database, spawn=spawn)


@asynccontextmanager
async def on_postgres(plan: Plan, folder: Path, spawn: Spawn) -> AsyncGenerator[Drill]:
    """What a failed run leaves in the database is written to `database.sql`."""
    async with postgres_alone() as alone:
        drill = Drill(
            plan=plan,
            folder=folder,
            database=alone.database,
            spawn=spawn,
            outage=alone.outage,
        )
        yield drill
        await asyncio.to_thread(alone.dump, folder / "database.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One way to drill."""

    plan: Plan
    opened: Opened


SCENES: Mapping[str, Scene] = {
    "SQLite": Scene(plan=USUAL, opened=on_sqlite),
    "PostgreSQL, two replicas": Scene(plan=SHARED, opened=on_postgres),
    "PostgreSQL that crashes too": Scene(plan=replace(SHARED, restarts=5), opened=on_postgres),
}


async def drilled(name: str, seed: int, spawn: Spawn) -> Report:
    """Drill once; what is needed to understand a broken promise or a riddle is kept in `KEPT`."""
    scene = SCENES[name]
    folder = Path(tempfile.mkdtemp(prefix="orbion-crash-"))
    try:
        async with scene.opened(replace(scene.plan, seed=seed), folder, spawn) as drill:
            report = await drill.run()
        if report.violations or report.hidden[UNEXPLAINED]:
            keep(folder, seed, drill, report)
    except BaseException:
        say(f"what the broken drill of seed {seed} left: {folder}")
        raise
    shutil.rmtree(folder)
    return report


def keep(folder: Path, seed: int, drill: Drill, report: Report) -> None:
    (folder / "story.txt").write_text("\n".join(drill.evidence.story()), encoding="utf-8")
    (folder / "report.txt").write_text(str(report), encoding="utf-8")
    kept = KEPT / f"{folder.name}-seed-{seed}"
    KEPT.mkdir(parents=True, exist_ok=True)
    shutil.copytree(folder, kept)
    say(f"story, log and database of the run: {kept}")


async def backlogs() -> Sequence[Backlog]:
    """Start with a backlog on both databases."""
    with tempfile.TemporaryDirectory(prefix="orbion-crash-") as name:
        folder = Path(name)
        file = SqliteFile(path=folder / "orbion.db")
        found = list(await starts_with_backlog(BACKLOG, STARTS, folder=folder, database=file))
        async with postgres_alone() as alone:
            database = alone.database
            found += await starts_with_backlog(BACKLOG, STARTS, folder=folder, database=database)
    return found


def rounds(seed: int, names: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Every scene in turn, each with a seed of its own."""
    for number, name in enumerate(cycle(names)):
        yield name, seed + number


async def campaign(given: argparse.Namespace) -> Summary:
    """Drill until `kills` were made or `minutes` have passed."""
    summary, until = Summary(), time.monotonic() + given.minutes * 60
    names = [given.only] if given.only else list(SCENES)
    with zygote() as spawn:
        for name, seed in rounds(given.seed, names):
            report = await drilled(name, seed, spawn)
            say(f"{name}, {report}\n")
            summary.add(name, report)
            if summary.kills >= given.kills or time.monotonic() > until:
                break
    if not given.only:
        summary.backlog = await backlogs()
    return summary


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1_000, help="end after so many")
    parser.add_argument("--minutes", type=float, default=60.0, help="or after so long")
    parser.add_argument("--seed", type=int, default=1, help="of the first drill")
    parser.add_argument("--only", choices=SCENES, help="one kind of drill, without the backlog")
    summary = asyncio.run(campaign(parser.parse_args()))
    say(str(summary))
    return 1 if summary.violations else 0


if __name__ == "__main__":
    sys.exit(main())
