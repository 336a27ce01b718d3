"""A turn has one catalogue, that of the sheet, and never waits long for the sheet."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import NoReturn

import pytest

from orbion.agent.agent import Agent
from orbion.agent.catalogues import PATIENCE_SECONDS, REST_SECONDS, CatalogueKey, Catalogues
from orbion.domain.catalogue_sheet import Catalogue
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.domain.leads import LeadRow
from orbion.domain.playbook import Playbook, SheetRange
from orbion.domain.reply import Reply, ReplyBubble
from orbion.domain.turns import TurnResult, Verdict
from orbion.kit.cache import Cache
from orbion.main.pricing import KEPT
from orbion.telemetry.metrics import Metrics
from tests.support.playbooks import solar
from tests.support.turns import JournaledTurns, SaidLLM, in_turn, turn
from tests.support.virtual import SimLoop
from tests.unit.kit.manual_clock import ManualClock

WHERE = SheetRange(tab="Catálogo", area="A1:C")
TITLES = ["nome", "preço", "unidade"]
OWN = "R$ 11.900,00"
"""What solar's file says of its smallest kit."""


def book() -> Playbook:
    return replace(solar(), catalogue_sheet=WHERE)


@dataclass(slots=True)
class Cells:
    """A sheet whose catalogue has one kit; `error` is raised, and `gate` waited for, at a read."""

    price: str = "R$ 7.777,00"
    error: UnavailableError | None = None
    gate: asyncio.Event | None = None
    asked: int = 0
    more: list[list[str]] = field(default_factory=list)

    async def cells(self, business: str, tab: str, area: str) -> Sequence[Sequence[str]]:
        assert (business, tab, area) == ("sol", WHERE.tab, WHERE.area)
        self.asked += 1
        seen = [TITLES, ["Kit solar 3 kWp", self.price, "instalado"], *self.more]
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return seen

    async def upsert(self, rows: Sequence[LeadRow]) -> NoReturn:
        raise NotImplementedError(rows)

    async def read(self, business: str) -> NoReturn:
        raise NotImplementedError(business)

    async def reach(self) -> NoReturn:
        raise NotImplementedError


def catalogues(sheet: Cells, clock: ManualClock) -> Catalogues:
    policy = replace(KEPT, jitter=0.0)
    cache: Cache[CatalogueKey, Catalogue] = Cache(
        "catalogue", policy, clock=clock, random=Random(1)
    )
    return Catalogues(sheet_of=lambda _: sheet, cache=cache, clock=clock)


async def price(kept: Catalogues, playbook: Playbook) -> int:
    return (await kept("sol", playbook)).catalogue[0].price


async def settle() -> None:
    for _ in range(8):
        await asyncio.sleep(0)


async def test_a_playbook_without_a_range_is_left_as_it_is() -> None:
    sheet, playbook = Cells(), solar()
    assert await catalogues(sheet, ManualClock())("sol", playbook) is playbook
    assert sheet.asked == 0


async def test_the_catalogue_is_the_sheets_and_the_version_names_both() -> None:
    sheet, clock, playbook = Cells(), ManualClock(), book()
    kept = catalogues(sheet, clock)
    first = await kept("sol", playbook)
    assert [(item.name, item.price) for item in first.catalogue] == [("Kit solar 3 kWp", 777_700)]
    assert first.version.startswith(f"{playbook.version}+")
    assert await kept("sol", playbook) is first
    assert await kept("sol", replace(playbook, version="new")) is not first
    assert sheet.asked == 1


async def test_past_its_hour_it_is_given_once_more_while_it_is_read_anew() -> None:
    sheet, clock, playbook = Cells(), ManualClock(), book()
    kept = catalogues(sheet, clock)
    before = await kept("sol", playbook)
    sheet.price = "8.888,00"
    clock.advance(3599)
    assert await price(kept, playbook) == 777_700
    clock.advance(1)
    assert await price(kept, playbook) == 777_700
    await settle()
    after = await kept("sol", playbook)
    assert after.catalogue[0].price == 888_800
    assert after.version != before.version
    assert kept.statistics["catalogue"].stale == 1


async def test_a_sheet_that_cannot_be_read_at_first_leaves_the_playbooks_own() -> None:
    sheet, clock, playbook = Cells(), ManualClock(), book()
    sheet.error = UnavailableError(FaultCode.SHEETS_UNREACHABLE, "")
    kept = catalogues(sheet, clock)
    for _ in range(3):
        assert await kept("sol", playbook) is playbook
    assert sheet.asked == 1
    assert kept.looks["sol", WHERE].trouble is sheet.error
    sheet.error = None
    clock.advance(REST_SECONDS)
    assert await price(kept, playbook) == 777_700


async def test_one_that_fails_later_is_said_on_for_a_day_and_no_longer() -> None:
    sheet, clock, playbook = Cells(), ManualClock(), book()
    kept = catalogues(sheet, clock)
    await kept("sol", playbook)
    sheet.error = UnavailableError(FaultCode.SHEETS_RANGE, "")
    for _ in range(23):
        clock.advance(3600)
        assert await price(kept, playbook) == 777_700
        await settle()
    assert kept.looks["sol", WHERE].found is None
    clock.advance(3600)
    assert await kept("sol", playbook) is playbook


def test_no_turn_waits_longer_for_a_slow_sheet_than_its_patience() -> None:
    async def scene() -> None:
        sheet, clock, playbook = Cells(), ManualClock(), book()
        sheet.gate = asyncio.Event()
        kept = catalogues(sheet, clock)
        loop = asyncio.get_running_loop()
        started = loop.time()
        turns = [kept("sol", playbook) for _ in range(5)]
        assert await asyncio.gather(*turns) == [playbook] * 5
        assert loop.time() - started == pytest.approx(PATIENCE_SECONDS)
        assert sheet.asked == 1
        sheet.gate.set()
        assert await price(kept, playbook) == 777_700

    loop = SimLoop(Random(1))
    try:
        loop.run_until_complete(scene())
    finally:
        loop.close()


async def test_a_slow_reading_that_fails_at_last_troubles_nobody() -> None:
    sheet, playbook = Cells(), book()
    sheet.gate, sheet.error = asyncio.Event(), UnavailableError(FaultCode.SHEETS_QUOTA, "")
    kept = catalogues(sheet, ManualClock())
    turn_of = asyncio.create_task(kept("sol", playbook))
    await settle()
    turn_of.cancel()
    sheet.gate.set()
    await settle()
    assert kept.looks["sol", WHERE].trouble is sheet.error


async def test_refreshing_reads_what_is_missing_or_old_and_nothing_else() -> None:
    sheet, clock = Cells(), ManualClock()
    kept = catalogues(sheet, clock)
    for asked in (1, 1):
        await kept.refresh("sol", WHERE)
        assert sheet.asked == asked
    clock.advance(3600)
    await kept.refresh("sol", WHERE)
    await settle()
    assert sheet.asked == 2
    sheet.error = UnavailableError(FaultCode.SHEETS_UNREACHABLE, "")
    clock.advance(24 * 3600)
    await kept.refresh("sol", WHERE)
    assert kept.looks["sol", WHERE].trouble is sheet.error


async def test_an_operator_has_it_read_at_once_and_a_failure_changes_nothing() -> None:
    sheet, playbook = Cells(), book()
    kept = catalogues(sheet, ManualClock())
    assert await price(kept, playbook) == 777_700
    sheet.price = "8.888,00"
    assert await price(kept, playbook) == 777_700
    sheet.error = UnavailableError(FaultCode.SHEETS_QUOTA, "")
    with pytest.raises(UnavailableError):
        await kept.read_now("sol", WHERE)
    assert await price(kept, playbook) == 777_700
    sheet.error = None
    assert (await kept.read_now("sol", WHERE)).items[0].price == 888_800
    assert await price(kept, playbook) == 888_800


async def test_each_change_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    sheet, clock = Cells(), ManualClock()
    kept = catalogues(sheet, clock)

    async def read() -> None:
        clock.advance(25 * 3600)
        await kept.refresh("sol", WHERE)

    with caplog.at_level(logging.INFO, logger="orbion"):
        await read()
        await read()
        sheet.more = [["Kit 9", "a combinar"]]
        await read()
        sheet.error = UnavailableError(FaultCode.SHEETS_RANGE, "Catálogo has no column")
        await read()
        await read()
    told = [(record.levelname, record.__dict__["fields"]) for record in caplog.records]
    row = "row 3 'preco' is no amount above zero; write it as 12.900,00"
    assert told == [
        ("INFO", {"business": "sol", "items": 1, "skipped": ()}),
        ("WARNING", {"business": "sol", "items": 1, "skipped": (row,)}),
        ("WARNING", {"business": "sol", "fault": "Catálogo has no column"}),
    ]


# A turn


def agent(llm: SaidLLM, kept: Catalogues) -> Agent:
    return Agent(
        llm=llm,
        turns=JournaledTurns(),
        playbooks={"loja": book()},
        deadline_seconds=5.0,
        clock=ManualClock(),
        metrics=Metrics(),
        priced=kept,
    )


def says(amount: str) -> Reply:
    return Reply(bubbles=(ReplyBubble(text=f"O Kit solar 3 kWp custa {amount} instalado."),))


async def told(sheet: Cells, *said: str | Reply) -> TurnResult:
    return await agent(in_turn(*said), catalogues(sheet, ManualClock()))(
        1, turn("quanto custa o kit solar 3 kwp?"), ()
    )


async def test_a_price_is_grounded_in_the_sheet_and_the_files_own_is_not() -> None:
    assert (await told(Cells(), says("R$ 7.777,00"))).verdict is Verdict.ANSWERED
    assert (await told(Cells(), says(OWN))).verdict is Verdict.FALLBACK
    broken = Cells(error=UnavailableError(FaultCode.SHEETS_UNREACHABLE, ""))
    assert (await told(broken, says(OWN))).verdict is Verdict.ANSWERED


async def test_without_a_model_the_sheets_price_is_said_and_no_other() -> None:
    (said, *_) = (await told(Cells(), "nonsense")).bubbles
    assert "R$ 7.777,00" in said.text
    assert OWN not in said.text


async def test_a_change_in_the_middle_of_a_turn_is_for_the_next_one() -> None:
    sheet, clock = Cells(), ManualClock()
    kept = catalogues(sheet, clock)
    waiting = [says("R$ 8.888,00").to_json(), says("R$ 7.777,00").to_json()]

    def meanwhile(_prompt: object) -> str:
        sheet.price = "R$ 8.888,00"
        kept.cache.clear()
        return waiting.pop(0)

    llm = SaidLLM(meanwhile)
    result = await agent(llm, kept)(1, turn("quanto custa o kit solar 3 kwp?"), ())
    assert result.verdict is Verdict.ANSWERED
    assert "R$ 7.777,00" in result.bubbles[0].text
    assert len({prompt.playbook.version for prompt in llm.prompts}) == 1
    assert all("7.777,00" in prompt.messages[0].text for prompt in llm.prompts)
    assert (await kept("sol", book())).catalogue[0].price == 888_800
