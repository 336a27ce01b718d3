"""A real process, really killed, in the middle of conversations over a misbehaving gateway."""

from pathlib import Path

import pytest

from tests.crash.databases import Database, PostgresDatabase, SqliteFile
from tests.crash.drill import DRAIN_S, Drill, Plan


async def drilled(folder: Path, database: Database) -> None:
    plan = Plan(conversations=40, kills=3, span=3.0)
    report = await Drill(plan=plan, folder=folder, database=database).run()
    assert not report.violations, str(report)
    assert report.acknowledged == report.said == 120
    assert len(report.starts) == 4


@pytest.mark.timeout(DRAIN_S + 60)
async def test_three_kills_lose_nothing_and_double_nothing_avoidable(tmp_path: Path) -> None:
    await drilled(tmp_path, SqliteFile(path=tmp_path / "orbion.db"))


@pytest.mark.timeout(DRAIN_S + 60)
async def test_three_kills_on_postgresql_lose_nothing_either(
    tmp_path: Path, postgres_database: str
) -> None:
    await drilled(tmp_path, PostgresDatabase(url=postgres_database))
