"""What the tests of the use cases share."""

import pytest

from orbion.adapters.db.store import DbStore
from tests.support.stores import HandClock
from tests.usecases.talk import Talk


@pytest.fixture
def talk(sqlite_store: DbStore, clock: HandClock) -> Talk:
    return Talk(sqlite_store, clock)
