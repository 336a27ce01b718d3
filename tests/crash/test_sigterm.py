"""A real process told to stop in the middle of its work: nobody who was connected goes unheard."""

from pathlib import Path

import pytest

from tests.crash.sigterm import DRAIN_S, Drill
from tests.crash.zygote import Spawn


@pytest.mark.timeout(DRAIN_S + 180)
async def test_three_stops_under_load_leave_no_request_unanswered(
    tmp_path: Path, spawn: Spawn
) -> None:
    report = await Drill(folder=tmp_path, rounds=3, spawn=spawn).run()
    assert not report.violations, str(report)
    assert report.stored
    assert any(each.ready[503] for each in report.rounds), "nobody looked while it drained"
