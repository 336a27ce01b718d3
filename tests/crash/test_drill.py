"""Real processes, really killed, amid conversations, while all around them misbehave."""

from pathlib import Path

import pytest

from tests.crash.databases import Database, PostgresDatabase, SqliteFile
from tests.crash.drill import DRAIN_S, MESSAGES, Drill
from tests.crash.faults import HASTY_SHEET
from tests.crash.report import Plan, Report
from tests.crash.zygote import Spawn
from tests.support.hidden import SENT_AGAIN, UNEXPLAINED

ON_A_BUSY_MACHINE = 420.0


async def drilled(folder: Path, database: Database, plan: Plan, spawn: Spawn) -> Report:
    drill = Drill(plan=plan, folder=folder, database=database, spawn=spawn, sheet=HASTY_SHEET)
    report = await drill.run()
    assert not report.violations, told(drill, report)
    assert report.acknowledged == report.said == plan.conversations * MESSAGES
    assert plan.kills <= report.kills <= plan.kills + 1
    assert report.hidden[SENT_AGAIN] == report.duplicates
    assert not report.hidden[UNEXPLAINED]
    return report


def told(drill: Drill, report: Report) -> str:
    """The report, and what happened to those of whom it complains."""
    complaint = " ".join(report.violations)
    theirs = [said for said in drill.evidence.said if said.phone in complaint]
    marks = {"KILLED", "BORN"}.union(*((said.phone, said.key_id) for said in theirs))
    lines = [line for line in drill.evidence.story() if any(mark in line for mark in marks)]
    return "\n".join([str(report), *lines])


@pytest.mark.timeout(DRAIN_S + ON_A_BUSY_MACHINE)
async def test_kills_lose_nothing_and_double_nothing_avoidable(
    tmp_path: Path, spawn: Spawn
) -> None:
    plan = Plan(conversations=40, kills=30, span=12.0)
    await drilled(tmp_path, SqliteFile(path=tmp_path / "orbion.db"), plan, spawn)


@pytest.mark.timeout(DRAIN_S + ON_A_BUSY_MACHINE)
async def test_two_replicas_share_one_postgresql_and_take_over_from_each_other(
    tmp_path: Path, postgres_database: str, spawn: Spawn
) -> None:
    plan = Plan(conversations=40, kills=30, span=12.0, replicas=2)
    report = await drilled(tmp_path, PostgresDatabase(url=postgres_database), plan, spawn)
    assert all(report.claimed), str(report)
