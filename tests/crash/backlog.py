"""How soon is `orbion serve`, killed with thousands of messages waiting, ready again?"""

from collections.abc import Sequence
from pathlib import Path

import psutil

from loadtests.webhooks import SECRET
from orbion.kit.clock import SystemClock
from tests.crash.databases import Database
from tests.crash.drill import settings
from tests.crash.process import ORBION, Process, free_port
from tests.crash.report import Backlog
from tests.powerloss.run import NOBODY, post

LATER = {"quiet_min": "30", "quiet_max": "60", "quiet_cap": "120"}
"""Settings with which nothing is answered before the backlog is complete."""


async def starts_with_backlog(
    messages: int, starts: int, *, folder: Path, database: Database
) -> Sequence[Backlog]:
    """Start after a kill, again and again."""
    port = free_port()
    given = settings(folder, database.url, NOBODY, port) | LATER
    process = Process(
        folder=folder,
        settings=given | {"evolution_webhook_secret": SECRET},
        port=port,
        now=SystemClock().now,
        waiting=database.waiting,
        spawn=ORBION,
    )
    try:
        await process.start()
        await post(port, messages)
        return [await _started(process) for _ in range(starts)]
    finally:
        process.kill()


async def _started(process: Process) -> Backlog:
    await process.start()
    assert process.child is not None
    spent = psutil.Process(process.child.pid).cpu_times()
    seconds, waiting = process.starts[-1]
    return Backlog(seconds=seconds, cpu=spent.user + spent.system, waiting=waiting)
