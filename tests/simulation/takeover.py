"""Lets a person write at any instant of a turn (`python -m tests.simulation.takeover`)."""

import argparse
import asyncio
import math
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from orbion.simulators.faults import EvolutionFaults
from tests.simulation.run import players
from tests.simulation.weather import Weather
from tests.simulation.world import Simulation
from tests.support.judge import Judge

IN_A_RUN = 100
BETWEEN_S = 0.4  # from one conversation's beginning to the next one's
LONGEST_TURN_S = 2.5  # debounce, model, typing and two bubbles


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Milliseconds: from a person's words to their commit, and from it to each later bubble."""

    interleavings: int
    held: Sequence[int]
    after: Sequence[int]
    kinds: Mapping[str, int]
    violations: Sequence[str]


@dataclass(slots=True, kw_only=True)
class Takeovers(Simulation):
    """Many conversations of one life; in each a person writes once, when the dice say."""

    left: defaultdict[str, asyncio.Event] = field(
        default_factory=lambda: defaultdict(asyncio.Event)
    )

    def draw_weather(self) -> Weather:
        jitter = self.random.choice(((0, 0), (0, 200)))
        return Weather(faults=EvolutionFaults(latency_ms=(1, 60), jitter_ms=jitter))

    def acts(self) -> Sequence[Coroutine[Any, Any, None]]:
        return (self._all(),)

    async def _all(self) -> None:
        async with asyncio.TaskGroup() as group:
            for number in self.conversations:
                group.create_task(self._one(number, Random(self.random.getrandbits(64))))
                await asyncio.sleep(BETWEEN_S)

    async def _one(self, number: int, dice: Random) -> None:
        phone = f"55119000{number:05d}"
        self.says(phone, number, 0)
        self.says(phone, number, 1)
        await self._moment(phone, dice)
        self.takes_over(phone, f"daqui sigo eu {number}")

    async def _moment(self, phone: str, dice: Random) -> None:
        """Any instant, or just after a bubble has left: before its accept, or before the next."""
        kind = dice.choice(("any", "any", "leaving", "between"))
        if kind == "any":
            await asyncio.sleep(dice.uniform(0, LONGEST_TURN_S))
            return
        await self.left[phone].wait()
        await asyncio.sleep(dice.uniform(0, 0.06 if kind == "leaving" else 0.8))

    def signal(self, name: str) -> None:
        if name == "request":
            self.left[self.recorder.asked[-1].phone].set()

    def result(self) -> Result:
        judge = Judge(evidence=self.evidence)
        held, after, kinds = [], [], {"before": 0, "between": 0, "after": 0}
        for phone, word in self.evidence.takeovers.items():
            committed = judge.acknowledged[word.key_id]
            asked = [each.at for each in self.evidence.asked if each.phone == phone]
            early = sum(at < word.at for at in asked)
            kinds[("before", "between", "after")[min(early, 2)]] += 1
            held.append(committed - word.at)
            after += [at - committed for at in asked if at > committed]
        return Result(
            interleavings=len(held),
            held=held,
            after=after,
            kinds=kinds,
            violations=[],
        )


def measure(seed: int, *, template: Path, count: int) -> Result:
    """Run `count` conversations in a folder of their own beside the template."""
    with tempfile.TemporaryDirectory(prefix=f"takeover-{seed}-", dir=template.parent) as folder:
        world = Takeovers(
            seed=seed, folder=Path(folder), template=template, conversations=range(count), kills=()
        )
        verdict = world.run()
        found = world.result()
    return replace(found, violations=verdict.violations)


def quantiles(milliseconds: Sequence[int]) -> str:
    if not milliseconds:
        return "none"
    ordered = sorted(milliseconds)
    at = (ordered[math.ceil(share * len(ordered)) - 1] for share in (0.5, 0.99, 1.0))
    return "p50 {} ms, p99 {} ms, max {} ms".format(*at)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000, help="conversations")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    given = parser.parse_args()
    started = time.monotonic()
    seeds = range(given.seed, given.seed + math.ceil(given.count / IN_A_RUN))
    with players(given.processes) as (pool, template):
        found = list(pool.map(partial(measure, template=template, count=IN_A_RUN), seeds))
    held = [each for result in found for each in result.held]
    after = [each for result in found for each in result.after]
    late = sum(wait > 1_000 for wait in after)
    violations = [each for result in found for each in result.violations]
    kinds = {name: sum(each.kinds[name] for each in found) for name in found[0].kinds}
    told = ", ".join(f"{count} {name}" for name, count in kinds.items())
    seconds = time.monotonic() - started
    lines = [
        *violations,
        f"{len(held)} interleavings (the person wrote {told} the two bubbles), {seconds:.1f} s",
        f"from the person's message to its commit: {quantiles(held)}",
        f"bubbles that left after the commit: {len(after)} ({quantiles(after)})",
        f"bubbles that left more than 1 s after the commit: {late}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if late or violations else 0


if __name__ == "__main__":
    sys.exit(main())
