# ruff: noqa: INP001 — started by path, before any package is installed
"""Make .venv from the hashed locks, quickly and quietly, and say what is missing when it cannot.

It must parse on an old Python 3, to be able to say that it is too old.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
LOCKS = {
    "run": ("requirements-build.lock", "requirements.lock"),
    "dev": ("requirements-dev.lock",),
    "load": ("requirements-dev.lock", "requirements-load.lock"),
    "rivals": ("requirements-dev.lock", "requirements-rivals.lock"),
}
COVERED_BY = dict.fromkeys(LOCKS["run"], "requirements-dev.lock")
NO_VENV = """\
Python {version} has no working venv module, so .venv cannot be made.
On Debian or Ubuntu: apt-get install python3-venv (or python{version}-venv), then run this again."""
TOO_OLD = """\
Orbion needs Python 3.11 or newer; {executable} is {version}.
Install one, or name it: make {target} PYTHON=/path/to/python3.12"""
NO_INDEX = """\
The packages of {lock} could not be installed. If no package index can be reached from here,
set PIP_INDEX_URL to one that can (PIP_CERT for its certificate, HTTPS_PROXY for a proxy)."""


class SetupError(Exception):
    """What is missing, in words for the person at the terminal."""


def check_python(target: str) -> None:
    if sys.version_info >= OLDEST:
        return
    version = ".".join(map(str, sys.version_info[:3]))
    raise SetupError(TOO_OLD.format(executable=sys.executable, version=version, target=target))


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 — every command is spelled out in this file
        [str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False
    )


def is_usable() -> bool:
    """Say whether .venv works, is new enough and was made for this folder (it cannot be moved)."""
    config = VENV / "pyvenv.cfg"
    if not config.exists() or not PYTHON.exists():
        return False
    made_for = [line for line in config.read_text().splitlines() if line.startswith("command = ")]
    if made_for and Path(made_for[0].split()[-1]).resolve() != VENV:
        return False
    test = f"import pip, sys; sys.exit(sys.version_info < {OLDEST})"
    return run(PYTHON, "-c", test).returncode == 0


def make_venv() -> None:
    if is_usable():
        return
    say("making .venv")
    made = run(sys.executable, "-m", "venv", "--clear", VENV)
    if made.returncode != 0:
        version = "{}.{}".format(*sys.version_info[:2])
        raise SetupError(f"{tail(made)}\n{NO_VENV.format(version=version)}")


def stamp(name: str) -> Path:
    return VENV / f"installed-{name}"


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def is_installed(name: str) -> bool:
    marker = stamp(name)
    if marker.exists() and marker.read_text() == digest(ROOT / name):
        return True
    return name in COVERED_BY and is_installed(COVERED_BY[name])


def pip(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments)


def install_lock(name: str) -> None:
    if is_installed(name):
        return
    say(f"installing {name}")
    done = pip("--require-hashes", "-r", ROOT / name)
    if done.returncode != 0:
        raise SetupError(f"{tail(done)}\n{NO_INDEX.format(lock=name)}")
    stamp(name).write_text(digest(ROOT / name))


def install_project() -> None:
    """Install orbion itself, editable, and compile it: the first start should not have to."""
    name = "pyproject.toml"
    if is_installed(name) and (VENV / "bin" / "orbion").exists():
        return
    say("installing orbion")
    done = pip("--no-deps", "--no-build-isolation", "--no-index", "-e", ROOT)
    if done.returncode != 0:
        raise SetupError(f"{tail(done)}\nThe project itself could not be installed.")
    run(PYTHON, "-m", "compileall", "-q", ROOT / "src")
    stamp(name).write_text(digest(ROOT / name))


def tail(done: subprocess.CompletedProcess[str]) -> str:
    return "\n".join((done.stderr + done.stdout).strip().splitlines()[-6:])


def say(text: str) -> None:
    sys.stderr.write(f"set-up: {text}\n")


def main() -> int:
    target = sys.argv[1] if len(sys.argv) > 1 else "dev"
    os.environ.pop("PYTHONHOME", None)
    try:
        check_python(target)
        make_venv()
        for name in LOCKS[target]:
            install_lock(name)
        install_project()
    except SetupError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
