"""Lives that cost little to start."""

from collections.abc import Generator

import pytest

from tests.crash.zygote import Spawn, zygote


@pytest.fixture(scope="session")
def spawn() -> Generator[Spawn]:
    with zygote() as found:
        yield found
