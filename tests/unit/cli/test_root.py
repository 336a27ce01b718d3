"""The command line helps, and says in one line what is wrong."""

import importlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import click
import pytest

from orbion.cli.exits import EXIT_CODES, Exit, exit_of
from orbion.cli.root import VERBS, load_verb
from orbion.domain.errors import FaultCode, OrbionError, RefusedError, RejectedError
from orbion.domain.errors import UnavailableError as Unavailable
from tests.support.commands import run

WITHOUT_OTEL = (
    "import sys; sys.modules['opentelemetry.sdk'] = None; from orbion.__main__ import main; "
    "sys.argv = ['orbion', 'serve', '--port', '0']; main()"
)
TOO_HEAVY = (
    "openai",
    "alembic",
    "orbion.simulators",
    "locust",
    "aiosqlite",
    "asyncpg",
    "opentelemetry.sdk",
)


def test_the_help_names_every_verb_and_every_exit_code(tmp_path: Path) -> None:
    done = run(tmp_path, "--help")
    assert done.exit_code == 0
    for word in (*VERBS, *EXIT_CODES.values()):
        assert word in done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_explains_itself_with_the_sentence_of_the_overview(
    verb: str, tmp_path: Path
) -> None:
    done = run(tmp_path, verb, "--help")
    assert done.exit_code == 0
    assert VERBS[verb] in done.stdout
    assert load_verb(verb).get_short_help_str(100) == VERBS[verb]


def test_spans_without_their_extra_say_how_to_get_it(tmp_path: Path) -> None:
    done = subprocess.run(  # noqa: S603 our own interpreter
        [sys.executable, "-c", WITHOUT_OTEL],
        cwd=tmp_path,
        env={"ORBION_OTLP_ENDPOINT": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == Exit.REJECTED
    assert done.stderr.endswith("needs pip install 'orbion[otel]'\n")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("verb", ["conversation", "dead", "quarantine"])
def test_each_part_of_a_verb_explains_itself(verb: str, tmp_path: Path) -> None:
    group = load_verb(verb)
    assert isinstance(group, click.Group)
    for name in group.commands:
        assert run(tmp_path, verb, name, "--help").exit_code == 0
        assert group.commands[name].help


@pytest.mark.parametrize(
    "arguments", [("nonsense",), ("serve", "--prot", "1"), ("serve", "--port", "x"), ("dead",)]
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    done = run(tmp_path, *arguments)
    assert done.exit_code == Exit.USAGE
    assert done.stderr.startswith("orbion: ")
    assert done.stderr.count("\n") == 1


def test_a_wrong_setting_is_one_line_that_names_it(tmp_path: Path) -> None:
    done = run(tmp_path, "serve", PORT="many")
    assert done.exit_code == Exit.REJECTED
    assert done.stderr.startswith("orbion: ORBION_PORT: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("verb", ["web", "work"])
def test_web_and_workers_apart_need_postgresql_and_say_why(verb: str, tmp_path: Path) -> None:
    done = run(tmp_path, verb)
    assert done.exit_code == Exit.REJECTED
    assert "one process owns a SQLite file: run `orbion serve`" in done.stderr
    assert done.stderr.count("\n") == 1
    apart = run(tmp_path, verb, DATABASE_URL="postgresql://nobody@127.0.0.1:9/orbion", PORT="0")
    assert apart.exit_code == Exit.UNAVAILABLE
    assert "cannot reach PostgreSQL" in apart.stderr


def test_the_demo_s_door_is_closed_when_no_demo_runs(tmp_path: Path) -> None:
    done = run(tmp_path, "chat", "--url", "http://127.0.0.1:9", stdin="oi\n")
    assert done.exit_code == Exit.UNAVAILABLE
    assert "orbion demo" in done.stderr


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    first, again = run(tmp_path, "migrate"), run(tmp_path, "migrate")
    assert first.exit_code == again.exit_code == 0
    assert "schema none → " in first.stdout
    assert "already at schema" in again.stdout


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path, sqlite_path: Path) -> None:
    with sqlite3.connect(sqlite_path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for arguments in (("migrate",), ("dead", "list")):
        done = run(tmp_path, *arguments)
        assert done.exit_code == Exit.REJECTED
        assert "9999" in done.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RejectedError(FaultCode.INPUT_BAD, "x"), Exit.REJECTED),
        (RejectedError(FaultCode.CONFLICT, "x"), Exit.UNAVAILABLE),
        (RejectedError(FaultCode.NOT_FOUND, "x"), Exit.REFUSED),
        (RefusedError(FaultCode.CONFLICT, "x"), Exit.REFUSED),
        (Unavailable(FaultCode.DB_IO, "x"), Exit.UNAVAILABLE),
        (OrbionError(FaultCode.BUG, "x"), Exit.UNAVAILABLE),
    ],
)
def test_each_error_has_its_exit_code(error: OrbionError, code: Exit) -> None:
    assert exit_of(error) is code


def test_every_exit_code_is_explained() -> None:
    assert set(EXIT_CODES) == set(Exit)


def test_serving_loads_nothing_that_only_others_need() -> None:
    script = (
        "import sys; from orbion.cli.root import load_verb; load_verb('serve'); "
        f"print([name for name in {TOO_HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(  # noqa: S603 our own interpreter
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.strip() == "[]"


def test_every_verb_is_one_file() -> None:
    for verb in VERBS:
        assert importlib.import_module(f"orbion.cli.{verb}").__doc__
