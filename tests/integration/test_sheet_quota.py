"""Ten thousand lead updates within Google's quota, against one call an update on the same trace."""

import asyncio
import math
import random
from pathlib import Path

import pytest

from orbion.adapters.sheets.google_api import QUOTA
from orbion.simulators.sheets import SheetsSimulator
from tests.support.sheets import TAB, google_sheet, key_file, row, shown, simulator

UPDATES = 10_000
LEADS = 1_500
BATCH = 50


def busiest_minute(google: SheetsSimulator, *, is_write: bool) -> int:
    times = [call.at for call in google.journal if call.is_write is is_write]
    return max(sum(at <= other < at + 60_000 for other in times) for at in times)


@pytest.mark.parametrize(("per_second", "calls_a_batch"), [(200, 1), (20, 2)])
def test_ten_thousand_updates_stay_within_the_quota(
    per_second: int, calls_a_batch: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from_trace = random.Random(5)
    trace = [(at / per_second, from_trace.randint(1, LEADS)) for at in range(UPDATES)]
    loop = VirtualLoop()
    google = simulator(loop.now)
    try:
        last = loop.run_until_complete(mirrored(loop, google, trace, key_file(tmp_path)))
    finally:
        loop.close()
    writes = [call for call in google.journal if call.is_write]
    assert {line["lead_id"]: line["nome"] for line in shown(google.tab(TAB))} == last
    assert busiest_minute(google, is_write=True) <= QUOTA.count == 60
    assert busiest_minute(google, is_write=False) <= 60
    assert len(writes) <= calls_a_batch * math.ceil(UPDATES / BATCH) + 2  # tab, header
    calls, busiest = len(writes) * 1000 / UPDATES, busiest_minute(google, is_write=True)
    with capsys.disabled():
        print(  # noqa: T201 the figure that the row asks for
            f"\nsheet, {per_second} updates a second: {calls:.1f} write calls per 1,000 updates "
            f"(one call an update: 1000.0), busiest minute {busiest}"
        )


class VirtualLoop(asyncio.SelectorEventLoop):
    """Jumps to the next timer instead of waiting for it."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def time(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> int:
        return 1_800_000_000_000 + round(self.seconds * 1000)

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self.seconds = max(self.seconds, self._scheduled[0]._when)  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


async def mirrored(
    loop: VirtualLoop, google: SheetsSimulator, trace: list[tuple[float, int]], key: Path
) -> dict[str, str]:
    """Let a queue that coalesces by lead feed the sheet, fifty leads at a time."""
    waiting: dict[int, str] = {}
    last: dict[str, str] = {}
    position = 0
    async with google_sheet(google, key, clock=loop) as sheet:
        while position < len(trace) or waiting:
            while position < len(trace) and trace[position][0] <= loop.time():
                lead = trace[position][1]
                waiting[lead] = last[str(lead)] = f"v{position}"
                position += 1
            batch = {lead: waiting.pop(lead) for lead in list(waiting)[:BATCH]}
            if not batch:
                await asyncio.sleep(0.05)
                continue
            again = await sheet.upsert([row(lead, nome=value) for lead, value in batch.items()])
            assert not again
            if len(batch) < BATCH:
                await asyncio.sleep(5)
    return last
