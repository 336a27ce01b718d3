"""A real process, really killed, in the middle of conversations over a misbehaving gateway."""

from pathlib import Path

import pytest

from tests.crash.databases import Database, PostgresDatabase, SqliteFile
from tests.crash.drill import DRAIN_S, MESSAGES, Drill, Plan, Report


async def drilled(folder: Path, database: Database, plan: Plan) -> Report:
    report = await Drill(plan=plan, folder=folder, database=database).run()
    assert not report.violations, str(report)
    assert report.acknowledged == report.said == plan.conversations * MESSAGES
    assert len(report.starts) == plan.replicas + plan.kills
    return report


@pytest.mark.timeout(DRAIN_S + 60)
async def test_three_kills_lose_nothing_and_double_nothing_avoidable(tmp_path: Path) -> None:
    plan = Plan(conversations=40, kills=3, span=3.0)
    await drilled(tmp_path, SqliteFile(path=tmp_path / "orbion.db"), plan)


@pytest.mark.timeout(DRAIN_S + 60)
async def test_two_replicas_share_one_postgresql_and_take_over_from_each_other(
    tmp_path: Path, postgres_database: str
) -> None:
    plan = Plan(conversations=40, kills=3, span=6.0, replicas=2)
    report = await drilled(tmp_path, PostgresDatabase(url=postgres_database), plan)
    assert all(report.claimed), str(report)
