# ruff: noqa: INP001 — started by path
"""Resolve the hashed requirements*.lock files with uv, kept in an environment of its own."""

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIDE = ROOT / ".venv-lock"
UV = "uv>=0.13,<0.14"
LOCKS = {
    "requirements.lock": ("pyproject.toml", "--extra", "postgres"),
    "requirements-dev.lock": ("pyproject.toml", "--group", "dev"),
    "requirements-postgres.lock": (
        *("pyproject.toml", "--extra", "postgres"),
        *("--constraints", "requirements-dev.lock"),
    ),
    "requirements-load.lock": (
        *("pyproject.toml", "--group", "load"),
        *("--constraints", "requirements-dev.lock"),
    ),
    "requirements-rivals.lock": (
        *("pyproject.toml", "--group", "rivals"),
        *("--constraints", "requirements-dev.lock"),
    ),
    "requirements-build.lock": ("--group", "build", "--constraints", "requirements-dev.lock"),
}
OPTIONS = (
    *("--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--custom-compile-command", "make lock"),
)


def run(*command: str) -> None:
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 — spelled out in this file


def main() -> None:
    if not (SIDE / "bin" / "uv").exists():
        venv.create(SIDE, with_pip=True)
        run(str(SIDE / "bin" / "pip"), "install", "--quiet", UV)
    for name, sources in LOCKS.items():
        run(str(SIDE / "bin" / "uv"), "pip", "compile", *OPTIONS, *sources, "-o", name)
        sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    main()
