"""Processes that play beside the tests, in a folder in memory: nothing here asks the disk."""

from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.simulation.run import players


@pytest.fixture(scope="session")
def playing() -> Generator[tuple[ProcessPoolExecutor, Path]]:
    with players(1) as found:  # each worker of the tests has one of its own
        yield found
