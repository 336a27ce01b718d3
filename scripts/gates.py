# ruff: noqa: INP001 — started by path
"""Run the gates that every change must pass, all of them, and print what each took."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
BEHIND = ("nice", "-n", "10")  # gives way to the tests that wait for real time
CHECKS = {
    "ruff check": (*BEHIND, BIN / "ruff", "check", "."),
    "ruff format": (*BEHIND, BIN / "ruff", "format", "--check", "."),
    "import contracts": (*BEHIND, BIN / "lint-imports", "--no-logo"),
    "mypy --strict": (*BEHIND, BIN / "mypy"),
}
PYTEST = (BIN / "pytest", "-rs", "--durations=5", "--durations-min=1")
FREELY = ("--dist", "worksteal")
REAL = ("tests/crash", "tests/integration")  # wait for processes and for time that passes
COMPUTING = {
    "pytest": (
        *BEHIND,
        *PYTEST,
        "-n",
        "3",
        *FREELY,
        "tests",
        *(f"--ignore={each}" for each in REAL),
    )
}
WAITING = {"pytest, real time": (*PYTEST, "-n", "2", *FREELY, *REAL)}
Command = tuple[str | Path, ...]


def passes(name: str, command: Command) -> bool:
    start = time.perf_counter()
    done = subprocess.run(  # noqa: S603 — the commands stand above
        [str(part) for part in command],
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},  # the next run need not compile again
        check=False,
        text=True,
        stdout=None if name in COMPUTING else subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    seconds = time.perf_counter() - start
    is_good = done.returncode == 0
    told = "" if is_good and name in CHECKS else done.stdout or ""
    sys.stdout.write(f"{told}{'ok    ' if is_good else 'FAILED'} {name:<17} {seconds:6.1f} s\n")
    sys.stdout.flush()
    return is_good


def all_pass(commands: Mapping[str, Command]) -> bool:
    """Run them one after another, all of them."""
    verdicts = [passes(name, command) for name, command in commands.items()]
    return all(verdicts)


def main() -> int:
    start = time.perf_counter()
    rows = [CHECKS, *((COMPUTING, WAITING) if "test" in sys.argv[1:] else ())]
    with ThreadPoolExecutor(len(rows)) as beside:
        verdicts = list(beside.map(all_pass, rows))
    word = "all gates passed" if all(verdicts) else "NOT all gates passed"
    sys.stdout.write(f"{word} in {time.perf_counter() - start:.0f} s\n")
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
