"""A start of the real service imports what serving needs, within a budget."""

from pathlib import Path
from typing import Final

from loadtests.http1 import HOST
from loadtests.imports import imports_of_a_start
from loadtests.processes import orbion_environment, serving

NOBODY: Final = f"http://{HOST}:9"
ONLY_FOR_OTHERS: Final = frozenset(
    {"openai", "alembic", "locust", "aiosqlite", "asyncpg", "google", "mako", "pytest"}
)
MOST_MODULES: Final = 1_300
"""A start had 1,169 of them when this was written."""


def test_a_start_imports_nothing_that_only_others_need(tmp_path: Path) -> None:
    environment = orbion_environment(tmp_path, gateway=NOBODY)
    with serving(tmp_path, environment):  # makes the database: alembic is for that
        pass
    imported = imports_of_a_start(tmp_path, environment)
    packages = {each.package for each in imported}
    assert {"orbion", "fastapi"} <= packages
    assert packages.isdisjoint(ONLY_FOR_OTHERS)
    assert not [each.name for each in imported if each.name.startswith("orbion.simulators")]
    assert len(imported) <= MOST_MODULES, len(imported)
