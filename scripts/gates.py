# ruff: noqa: INP001 — started by path
"""Run the gates that every change must pass, all of them, and print what each took."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CHECKS = {
    "ruff check": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "import contracts": ("lint-imports", "--no-logo"),
    "mypy --strict": ("mypy",),
}
SHARED = ("-n", "3", "--dist", "worksteal")  # for two cores: much of the time is waiting
TOLD = ("-rs", "--durations=5", "--durations-min=1")
TESTS = {
    "pytest": ("pytest", "-m", "not alone", *SHARED, *TOLD),
    "pytest alone": ("pytest", "-m", "alone", *TOLD),
}


def passes(name: str, command: tuple[str, ...], *, shows_output: bool) -> bool:
    start = time.perf_counter()
    done = subprocess.run(  # noqa: S603 — the commands stand above
        [str(BIN / command[0]), *command[1:]],
        cwd=ROOT,
        check=False,
        text=True,
        stdout=None if shows_output else subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    seconds = time.perf_counter() - start
    is_good = done.returncode == 0
    told = "" if is_good or not done.stdout else done.stdout
    sys.stdout.write(f"{told}{'ok    ' if is_good else 'FAILED'} {name:<18} {seconds:6.1f} s\n")
    sys.stdout.flush()
    return is_good


def check() -> list[bool]:
    return [passes(name, command, shows_output=False) for name, command in CHECKS.items()]


def test() -> list[bool]:
    return [passes(name, command, shows_output=True) for name, command in TESTS.items()]


def main() -> int:
    start = time.perf_counter()
    with ThreadPoolExecutor() as beside:
        checked = beside.submit(check)
        verdicts = test() if "test" in sys.argv[1:] else []
        verdicts += checked.result()
    word = "all gates passed" if all(verdicts) else "NOT all gates passed"
    sys.stdout.write(f"{word} in {time.perf_counter() - start:.0f} s\n")
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
