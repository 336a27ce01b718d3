"""Lets locust's customers write to `orbion serve`, slowly to beyond its knee, and reports it."""

import argparse
import importlib.util
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from loadtests.grade import grade, knee
from loadtests.machine import machine
from loadtests.play import Played, play
from loadtests.processes import DRIVER_CORE
from loadtests.report import heading, knee_line, line, write
from loadtests.scenarios import Scenario, crowded, modelled, ramp, usual

PARTS: Final[Mapping[str, Callable[[float], list[Scenario]]]] = {
    "usual": usual,
    "model": modelled,
    "crowd": crowded,
    "ramp": ramp,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0, help="of each run")
    parser.add_argument("--only", choices=tuple(PARTS), help="one part")
    parser.add_argument("--folder", type=Path, default=Path("data/load"), help="of the report")
    chosen = parser.parse_args()
    if importlib.util.find_spec("locust") is None:
        print("locust is not installed: use `make load`, which installs it", file=sys.stderr)
        return 1
    os.sched_setaffinity(0, {DRIVER_CORE})
    facts = machine()
    print(heading(), flush=True)
    played = {
        name: _played(part(chosen.seconds), stops=name == "ramp")
        for name, part in PARTS.items()
        if chosen.only in (None, name)
    }
    found = knee(played["ramp"]) if "ramp" in played else None
    chosen.folder.mkdir(parents=True, exist_ok=True)
    runs = [run for part in played.values() for run in part]
    write(chosen.folder, facts, runs, found)
    if found is not None:
        print(knee_line(found))
    print(f"the report is in {chosen.folder}")
    steady = [run for name, part in played.items() if name != "ramp" for run in part]
    return int(any(grade(run) == "D" for run in steady))


def _played(scenarios: list[Scenario], *, stops: bool) -> list[Played]:
    """Play one after the other; a ramp stops at the first step that does not hold."""
    runs: list[Played] = []
    for scenario in scenarios:
        runs.append(play(scenario))
        print(line(runs[-1]), flush=True)
        if stops and knee(runs).breaks is not None:
            break
    return runs


if __name__ == "__main__":
    sys.exit(main())
