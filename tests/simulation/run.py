"""Plays many seeds (`python -m tests.simulation.run --kills 2000 --seed 1`) and reports them."""

import argparse
import gc
import math
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from orbion.adapters.db.migrate import migrate_sqlite
from tests.simulation.life import HONEST, Parts
from tests.simulation.story import Story, shortest
from tests.simulation.verdict import Tally, Verdict
from tests.simulation.world import Simulation

MEMORY = Path("/dev/shm")  # noqa: S108 kills are simulated, so even fsync may stay in memory
KILLS_A_SEED = 8
KILLS_IN_A_CROWD = 2
KILLS_IN_A_HAIL = 32
CROWDED_SEED = 7
UNHEALED_SEED = 3
HAILED_SEEDS = (0, 2, 4, 5, 6)


def story_of(seed: int) -> Story:
    """What a seed plays: of eight, one is crowded, one never heals and five have a hail of kills.

    What only a crowd shows: bubbles that wait behind others, while a person may take over.
    """
    crowd, hail = seed % 8 == CROWDED_SEED, seed % 8 in HAILED_SEEDS
    kills = KILLS_IN_A_CROWD if crowd else KILLS_IN_A_HAIL if hail else KILLS_A_SEED
    return Story(
        seed=seed,
        kills=tuple(range(kills)),
        conversations=tuple(range(24 if crowd else 6)),
        crowd=crowd,
        hail=hail,
        heals=seed % 8 != UNHEALED_SEED,
    )


def seeds_of(first: int, kills: int) -> Sequence[int]:
    """As many seeds as hold that many kills."""
    seeds: list[int] = []
    found = 0
    while found < kills:
        seeds.append(first + len(seeds))
        found += len(story_of(seeds[-1]).kills)
    return seeds


def play_story(story: Story, *, template: Path, parts: Parts = HONEST) -> Verdict:
    """Play it in a folder of its own beside the template."""
    gc.collect()  # dead lives never close their files
    with tempfile.TemporaryDirectory(prefix=f"seed-{story.seed}-", dir=template.parent) as folder:
        return Simulation(
            seed=story.seed,
            folder=Path(folder),
            template=template,
            parts=parts,
            kills=story.kills,
            conversations=story.conversations,
            calm=story.calm,
            crowd=story.crowd,
            hail=story.hail,
            heals=story.heals,
        ).run()


def play(seed: int, *, template: Path, parts: Parts = HONEST) -> Verdict:
    return play_story(story_of(seed), template=template, parts=parts)


@contextmanager
def players(processes: int | None = None) -> Generator[tuple[ProcessPoolExecutor, Path]]:
    """Processes that play, and the migrated database that each play begins with."""
    memory = MEMORY if MEMORY.is_dir() else None
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="orbion-sim-", dir=memory) as folder:
        template = Path(folder) / "migrated.db"
        migrate_sqlite(template)
        pool = ProcessPoolExecutor(processes, mp_context=spawn, initializer=_spare_the_collector)
        try:
            yield pool, template
        finally:
            pool.shutdown(cancel_futures=True)


def _spare_the_collector() -> None:
    """A seed makes much garbage and soon ends: what it leaves is collected before the next one."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 10)


def _tell(verdicts: Iterable[Verdict]) -> Sequence[Tally]:
    liveness = Tally("liveness (faults heal, all must come to its end)")
    safety = Tally("safety (faults to the end)")
    for verdict in verdicts:
        (liveness if verdict.heals else safety).add(verdict)
        if verdict.violations:
            sys.stdout.write(f"{verdict.explain()}\n\n")
    return liveness, safety


def _shrink(seed: int) -> int:
    with players(1) as (_, template):
        found = shortest(story_of(seed), partial(play_story, template=template))
    if found is None:
        sys.stdout.write(f"seed {seed} breaks no promise\n")
        return 0
    story, verdict, plays = found
    sys.stdout.write(f"the shortest story of {plays} played: {story}\n{verdict.explain(1_000)}\n")
    return 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100_000)
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no seed after that")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--shrink", action="store_true", help="tell that seed's shortest failure")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    given = parser.parse_args()
    if given.shrink:
        return _shrink(given.seed)
    started = time.monotonic()
    until = time.time() + given.minutes * 60
    with players(given.processes) as (pool, template):
        begin = partial(_play_until, template=template, until=until)
        tallies = _tell(filter(None, pool.map(begin, seeds_of(given.seed, given.kills))))
    sys.stdout.writelines(f"{each}\n" for each in tallies)
    seconds, kills = time.monotonic() - started, sum(each.counts["kills"] for each in tallies)
    sys.stdout.write(f"{kills} kills in {seconds:.1f} s, {kills / seconds:.1f} a second\n")
    return 1 if any(each.counts["failed"] for each in tallies) else 0


def _play_until(seed: int, *, template: Path, until: float) -> Verdict | None:
    return play(seed, template=template) if time.time() < until else None


if __name__ == "__main__":
    sys.exit(main())
