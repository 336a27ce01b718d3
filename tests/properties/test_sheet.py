"""Whatever people do to a tab between writes, each lead keeps one row and its values."""

import asyncio
import tempfile
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from orbion.adapters.sheets.google import GoogleSheet
from orbion.simulators.sheets import SheetsSimulator
from orbion.simulators.sheets_grid import Tab
from tests.support.sheets import TAB, HurryingClock, google_sheet, key_file, row, simulator

NOTE = "nota"
LEADS = 6


class Person:
    """Edits the tab as people do; each lead that has a row gets a note once."""

    def __init__(self, google: SheetsSimulator, random: Random) -> None:
        self.google = google
        self.random = random
        self.notes: dict[str, str] = {}
        self.named = 0

    @property
    def tab(self) -> Tab | None:
        return next((tab for tab in self.google.tabs if tab.title == TAB), None)

    def act(self) -> None:
        if (tab := self.tab) is None or "lead_id" not in tab.header:
            return
        self._annotate(tab)
        rows, columns = len(tab.cells), len(tab.header)
        match self.random.randrange(7):
            case 0:
                tab.sort(self.random.choice(["lead_id", "nome"]))
            case 1 if rows > 2:
                tab.move_row(self.random.randrange(1, rows), self.random.randrange(1, rows))
            case 2:
                tab.insert_row(self.random.randrange(1, rows + 1))
            case 3 if rows > 2:
                gone = self.random.randrange(1, rows)
                self.notes.pop(self._key(tab, gone), None)
                tab.delete_row(gone)
            case 4 if columns < 12:
                self.named += 1
                tab.insert_column(self.random.randrange(columns + 1), f"c{self.named}")
            case 5:
                tab.move_column(self.random.randrange(columns), self.random.randrange(columns))
            case _:
                pass

    def _annotate(self, tab: Tab) -> None:
        if NOTE not in tab.header:
            tab.put(0, len(tab.header), NOTE)
        place = tab.header.index(NOTE)
        for number in range(1, len(tab.cells)):
            key = self._key(tab, number)
            if key and key not in self.notes:
                self.notes[key] = f"nota de {key}: {len(self.notes)}"
                tab.put(number, place, self.notes[key])

    @staticmethod
    def _key(tab: Tab, number: int) -> str:
        return tab.cell(number, tab.header.index("lead_id"))


async def write(sheet: GoogleSheet, wanted: dict[int, dict[str, str]], leads: set[int]) -> None:
    """Write until nothing asks to be written again, as the lanes do."""
    waiting = frozenset(leads)
    for _ in range(30):
        if not waiting:
            return
        known = sorted(waiting & set(wanted))
        waiting = await sheet.upsert([row(lead, **wanted[lead]) for lead in known])
    raise AssertionError(waiting)


async def live(seed: int, updates: list[tuple[int, int]], folder: Path) -> None:
    clock, random = HurryingClock(), Random(seed)
    google = simulator(clock.now)
    person = Person(google, random)
    wanted: dict[int, dict[str, str]] = {}
    async with google_sheet(google, key_file(folder), clock=clock) as sheet:
        for lead, value in updates:
            wanted[lead] = {"nome": f"n{value}", "etapa": f"e{value}"}
            if value % 3 == 0:
                wanted[lead] |= {"cidade": f"=c{value}"}
            person.act()
            await write(sheet, wanted, {lead})
        await write(sheet, wanted, set(wanted))
    assert_mirrored(google.tab(TAB), wanted, person.notes)


def assert_mirrored(tab: Tab, wanted: dict[int, dict[str, str]], notes: dict[str, str]) -> None:
    lines = [
        {name: tab.cell(number, place) for place, name in enumerate(tab.header)}
        for number in range(1, len(tab.cells))
    ]
    keys = sorted(line["lead_id"] for line in lines if line["lead_id"])
    assert keys == sorted(map(str, wanted)), tab.cells
    for line in lines:
        ours = wanted[int(line["lead_id"])] if line["lead_id"] else {}
        for name in ("nome", "etapa", "cidade"):
            assert line.get(name, "") == ours.get(name, line.get(name, "") if ours else ""), tab
        if line["lead_id"]:
            assert line.get(NOTE, "") == notes.get(line["lead_id"], ""), tab.cells
        for name, value in line.items():
            assert not (name.startswith("c") and name[1:].isdigit() and value), tab.cells


UPDATES = st.lists(st.tuples(st.integers(1, LEADS), st.integers(0, 99)), min_size=1, max_size=14)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), updates=UPDATES)
def test_one_row_a_lead_with_its_last_value_beside_people(
    seed: int, updates: list[tuple[int, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live(seed, updates, Path(folder)))
