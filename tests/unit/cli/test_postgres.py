"""Commands on PostgreSQL: operators' work, what the doctor sees, and what is missing."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from orbion.adapters.db.migrate import HEAD
from orbion.cli.exits import Exit
from tests.support.commands import run
from tests.support.stores import ReusedDatabase

WITHOUT_DRIVER = (
    "import sys; sys.modules['asyncpg'] = None; from orbion.__main__ import main; "
    "sys.argv = ['orbion', 'serve', '--port', '0']; main()"
)


@pytest.fixture
def dsn(reused: ReusedDatabase) -> str:
    return asyncio.run(reused.emptied())


@pytest.mark.parametrize("verb", ["conversation", "dead", "quarantine"])
def test_operators_lists_work(verb: str, tmp_path: Path, dsn: str) -> None:
    done = run(tmp_path, verb, "list", DATABASE_URL=dsn)
    assert done.exit_code == Exit.OK, done.stderr
    assert done.stdout.startswith("No")


def test_migrating_again_changes_nothing(tmp_path: Path, dsn: str) -> None:
    done = run(tmp_path, "migrate", DATABASE_URL=dsn)
    assert done.stdout == f"PostgreSQL local/conformance: already at schema {HEAD}\n"


def test_the_doctor_sees_the_schema(tmp_path: Path, dsn: str) -> None:
    done = run(tmp_path, "doctor", DATABASE_URL=dsn, PORT="0")
    assert done.exit_code == Exit.OK, done.stdout
    assert f"PostgreSQL local/conformance: schema {HEAD}" in done.stdout


def test_without_its_driver_it_says_how_to_get_it(tmp_path: Path) -> None:
    done = subprocess.run(  # noqa: S603 our own interpreter
        [sys.executable, "-c", WITHOUT_DRIVER],
        cwd=tmp_path,
        env={"ORBION_DATABASE_URL": "postgresql://orbion@127.0.0.1:9/orbion"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == Exit.REJECTED
    assert done.stderr.endswith("needs its driver: pip install 'orbion[postgres]'\n")
    assert done.stderr.count("\n") == 1
