"""Plays many seeds (`python -m tests.simulation.run --kills 2000 --seed 1`) and reports them."""

import argparse
import math
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from orbion.adapters.db.migrate import migrate_sqlite
from tests.simulation.life import HONEST, Parts
from tests.simulation.world import Simulation, Verdict

MEMORY = Path("/dev/shm")  # noqa: S108 kills are simulated, so even fsync may stay in memory
KILLS_A_SEED = 8
KILLS_IN_A_CROWD = 2
KILLS_PER_SEED = (7 * KILLS_A_SEED + KILLS_IN_A_CROWD) / 8
CROWDED_SEED = 7


def play(seed: int, *, template: Path, parts: Parts = HONEST) -> Verdict:
    """Play one seed in a folder of its own beside the template; each eighth is crowded.

    What only a crowd shows: bubbles that wait behind others, while a person may take over.
    """
    crowd = seed % 8 == CROWDED_SEED
    with tempfile.TemporaryDirectory(prefix=f"seed-{seed}-", dir=template.parent) as folder:
        return Simulation(
            seed=seed,
            folder=Path(folder),
            template=template,
            parts=parts,
            kills=KILLS_IN_A_CROWD if crowd else KILLS_A_SEED,
            conversations=24 if crowd else 6,
            crowd=crowd,
        ).run()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    given = parser.parse_args()
    seeds = range(given.seed, given.seed + math.ceil(given.kills / KILLS_PER_SEED))
    started, total, failed = time.monotonic(), Counter[str](), 0
    memory = MEMORY if MEMORY.is_dir() else None
    spawn = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="orbion-sim-", dir=memory) as folder,
        ProcessPoolExecutor(given.processes, mp_context=spawn) as pool,
    ):
        template = Path(folder) / "migrated.db"
        migrate_sqlite(template)
        for verdict in pool.map(partial(play, template=template), seeds):
            total += verdict.totals()
            if verdict.violations:
                failed += 1
                sys.stdout.write(f"{verdict.explain()}\n\n")
    counts = ", ".join(f"{name} {count}" for name, count in total.items())
    sys.stdout.write(
        f"{len(seeds)} seeds, {counts}, failed seeds {failed}, {time.monotonic() - started:.1f} s\n"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
