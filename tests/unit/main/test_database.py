"""The database is locked, migrated and opened, or refused with the reason and the fix."""

import os
import random
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from orbion.adapters.db.migrate import HEAD, sqlite_version
from orbion.adapters.db.upkeep import facts
from orbion.domain.errors import FaultCode, RejectedError, UnavailableError
from orbion.kit.clock import SystemClock
from orbion.main.build import running
from orbion.main.database import migrate, open_database
from orbion.main.operating import migrate_alone, operators_store
from orbion.main.world import World, in_thread, thread
from orbion.telemetry.metrics import Metrics
from tests.support.service import settings_for
from tests.support.stores import hello

POSTGRES = "postgresql://orbion@127.0.0.1:9/orbion"


@pytest.fixture
def world() -> World:
    return World(
        clock=SystemClock(),
        random=random.Random(1),
        transport=None,
        executor=thread,
        run_blocking=in_thread,
    )


async def test_a_new_database_is_made_with_its_folder(tmp_path: Path, world: World) -> None:
    settings = settings_for(tmp_path / "data")
    async with open_database(settings, world, Metrics()) as db:
        assert (await db.read(facts)).schema == HEAD


async def test_what_is_already_migrated_needs_no_backup(tmp_path: Path, world: World) -> None:
    settings = settings_for(tmp_path)
    assert await migrate(settings, world) is None
    assert await migrate(settings, world) is None
    assert sqlite_version(tmp_path / "orbion.db") == HEAD


async def test_serving_from_postgresql_is_refused_with_the_fix(
    tmp_path: Path, world: World
) -> None:
    settings = settings_for(tmp_path, database_url=POSTGRES)
    with pytest.raises(RejectedError, match="ORBION_DATABASE_URL") as error:
        async with open_database(settings, world, Metrics()):
            pytest.fail("it opened")
    assert "serves from SQLite only (sqlite:///data/orbion.db)" in str(error.value)
    with pytest.raises(RejectedError, match="serves from SQLite only"):
        async with running(settings, world):
            pytest.fail("it runs")


async def test_a_postgresql_that_does_not_answer_cannot_be_migrated(
    tmp_path: Path, world: World
) -> None:
    settings = settings_for(tmp_path, database_url=POSTGRES)
    with pytest.raises(UnavailableError, match="cannot migrate"):
        await migrate_alone(settings, world)


async def test_a_postgresql_is_migrated(
    tmp_path: Path, world: World, postgres_database: str
) -> None:
    settings = settings_for(tmp_path, database_url=postgres_database)
    done = await migrate_alone(settings, world)
    assert (done.name, done.after, done.backup) == ("PostgreSQL", HEAD, None)


async def test_a_second_service_on_the_same_file_is_refused_naming_the_first(
    tmp_path: Path, world: World
) -> None:
    settings = settings_for(tmp_path)
    async with running(settings, world):
        for start in (running(settings, world), open_database(settings, world, Metrics())):
            with pytest.raises(RejectedError) as error:
                async with start:
                    pytest.fail("it runs")
            assert error.value.code is FaultCode.CONFLICT
            assert f"held by process {os.getpid()}: stop it first" in str(error.value)
        with pytest.raises(RejectedError, match="stop it first"):
            await migrate_alone(settings, world)
    async with running(settings, world):
        assert (tmp_path / "orbion.db.lock").read_text() == str(os.getpid())


async def test_a_start_that_fails_lets_the_lock_go(tmp_path: Path, world: World) -> None:
    broken = settings_for(tmp_path, evolution_webhook_secret="curto")
    with pytest.raises(RejectedError, match="webhook_secrets"):
        async with running(broken, world):
            pytest.fail("it runs")
    async with running(settings_for(tmp_path), world) as service:
        assert service.lifecycle.phase == "ready"
    assert service.lifecycle.phase == "stopped"


async def test_a_migration_alone_says_what_it_did(tmp_path: Path, world: World) -> None:
    settings = settings_for(tmp_path)
    first = await migrate_alone(settings, world)
    again = await migrate_alone(settings, world)
    assert (first.before, first.after) == (None, HEAD)
    assert (again.before, again.after, again.backup) == (HEAD, HEAD, None)
    assert again.name.endswith("orbion.db")


async def test_operators_work_beside_a_running_service(tmp_path: Path, world: World) -> None:
    settings = settings_for(tmp_path)
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(running(settings, world))
        accounts = service.state.receive.accounts
        beside = await stack.enter_async_context(operators_store(settings, world, accounts))
        await service.store.receive("loja", [hello(1)], "t")
        (line,) = await beside.conversations(before=None, limit=9)
        assert line.name == "Maria"


async def test_operators_are_told_when_there_is_nothing_yet(tmp_path: Path, world: World) -> None:
    with pytest.raises(RejectedError, match="holds nothing yet: `orbion serve` makes it"):
        async with operators_store(settings_for(tmp_path), world, {}):
            pytest.fail("it opened")
    assert list(tmp_path.iterdir()) == []
