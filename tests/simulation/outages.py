"""Told days: what a customer says while Orbion, or its gateway, is away for long (promise P5)."""

import asyncio
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.simulation.verdict import Verdict
from tests.simulation.weather import Weather
from tests.simulation.world import Simulation
from tests.support.tokens import tokens

Story = Callable[["Day"], Coroutine[Any, Any, None]]


@dataclass(slots=True, kw_only=True)
class Day(Simulation):
    """One story instead of chance; the gateway does what it should."""

    story: Story
    idle: float = 0.0

    def draw_weather(self) -> Weather:
        return Weather(idle=self.idle)

    def acts(self) -> Sequence[Coroutine[Any, Any, None]]:
        return (self.story(self),)

    @property
    def answered(self) -> Mapping[str, list[str]]:
        """Every word of every answer that each phone got, in the order of its arrival."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for accepted in self.gateway.journal:
            found[accepted.jid.partition("@")[0]] += tokens(accepted.text)
        return found

    @property
    def said(self) -> Mapping[str, list[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for each in self.evidence.said:
            found[each.phone].append(each.token)
        return found

    def fates(self, event: str = "messages.upsert") -> set[str]:
        """How the deliveries of such webhooks ended."""
        return {each.outcome for each in self.gateway.deliveries if each.event == event}

    def reasons(self) -> dict[str, int]:
        """Why customers' messages stayed without an answer."""
        with closing(sqlite3.connect(self._database())) as connection:
            return dict(
                connection.execute(
                    "SELECT reason, count(*) FROM message WHERE direction = 'in'"
                    " AND outcome = 'suppressed' GROUP BY reason"
                )
            )


@contextmanager
def told(story: Story, template: Path, *, idle: float = 0.0) -> Generator[tuple[Day, Verdict]]:
    """Play it in a folder of its own beside the template, and let it be looked at."""
    with tempfile.TemporaryDirectory(prefix="day-", dir=template.parent) as folder:
        day = Day(seed=1, folder=Path(folder), template=template, story=story, idle=idle)
        yield day, day.run()


async def everybody_writes(day: Day, *, seconds: float, people: int = 5) -> None:
    """Each says something at the beginning, now and then, and at the end of this time."""
    for index in range(4):
        for number in range(people):
            day.says(f"55119000{number:05d}", number, len(day.said[f"55119000{number:05d}"]))
            await asyncio.sleep(1.0)
        if index < 3:
            await asyncio.sleep(seconds / 3 - people)
