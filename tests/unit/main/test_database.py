"""The database is locked, migrated and opened, or refused with the reason and the fix."""

import asyncio
import os
import random
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from orbion.adapters.db.migrate import HEAD, sqlite_version
from orbion.adapters.db.upkeep import facts
from orbion.domain.errors import FaultCode, RejectedError, UnavailableError
from orbion.domain.lanes import Queue
from orbion.kit.clock import SystemClock
from orbion.main.build import build, running
from orbion.main.database import migrate_file, open_database
from orbion.main.operating import migrate_alone, operators_store
from orbion.main.world import World, in_thread, thread
from orbion.telemetry.metrics import Metrics
from tests.support.service import rows, settings_for
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
    settings = settings_for(tmp_path / "data", playbook="solar")
    async with open_database(settings, world, Metrics()) as db:
        assert (await db.read(facts)).schema == HEAD


async def test_what_is_already_migrated_needs_no_backup(tmp_path: Path, world: World) -> None:
    path = tmp_path / "orbion.db"
    assert await migrate_file(path, world) is None
    assert await migrate_file(path, world) is None
    assert sqlite_version(path) == HEAD


async def test_a_postgresql_that_does_not_answer_is_unavailable_for_everything(
    tmp_path: Path, world: World
) -> None:
    settings = settings_for(tmp_path, database_url=POSTGRES)
    with pytest.raises(UnavailableError, match="cannot reach PostgreSQL") as error:
        await migrate_alone(settings, world)
    assert error.value.code is FaultCode.DB_DOWN
    for start in (
        running(settings, world),
        open_database(settings, world, Metrics()),
        operators_store(settings, world, {}),
    ):
        with pytest.raises(UnavailableError, match="cannot reach PostgreSQL"):
            async with start:
                pytest.fail("it opened")


async def test_a_postgresql_is_migrated_once(
    tmp_path: Path, world: World, postgres_database: str
) -> None:
    settings = settings_for(tmp_path, database_url=postgres_database)
    first = await migrate_alone(settings, world)
    again = await migrate_alone(settings, world)
    name = settings.database_name
    assert (first.name, first.before, first.after, first.backup) == (name, None, HEAD, None)
    assert (again.before, again.after) == (HEAD, HEAD)


async def test_two_replicas_that_start_at_once_migrate_a_new_postgresql_once(
    tmp_path: Path, world: World, postgres_database: str
) -> None:
    settings = settings_for(tmp_path, database_url=postgres_database)

    async def start() -> str:
        async with open_database(settings, world, Metrics()) as db:
            return (await db.read(facts)).schema

    first, second = await asyncio.gather(start(), start())
    assert first == second == HEAD


async def test_a_postgresql_of_a_newer_program_is_refused(
    tmp_path: Path, world: World, postgres_database: str
) -> None:
    settings = settings_for(tmp_path, database_url=postgres_database)
    await migrate_alone(settings, world)
    await rows(postgres_database, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(RejectedError, match="9999"):
        async with running(settings, world):
            pytest.fail("it runs")


async def test_a_replica_that_starts_leaves_the_others_their_lanes(
    tmp_path: Path, world: World, postgres_database: str
) -> None:
    settings = settings_for(tmp_path, database_url=postgres_database)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(build(settings, world))
        await first.store.receive("loja", [hello(1)], "t")
        (held,) = (await first.store.claim(Queue.IN, "first", 9)).claims
        await stack.enter_async_context(build(settings, world))
        assert await first.store.heartbeat([held]) == []


async def test_operators_work_beside_a_service_on_postgresql(
    tmp_path: Path, world: World, postgres_database: str
) -> None:
    settings = settings_for(tmp_path, database_url=postgres_database)
    with pytest.raises(RejectedError, match="holds nothing yet: `orbion serve` makes it"):
        async with operators_store(settings, world, {}):
            pytest.fail("it opened")
    async with build(settings, world) as service, operators_store(settings, world, {}) as beside:
        await service.store.receive("loja", [hello(1)], "t")
        (line,) = await beside.conversations(before=None, limit=9)
        assert line.name == "Maria"


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
        async with operators_store(settings_for(tmp_path, playbook="solar"), world, {}):
            pytest.fail("it opened")
    assert list(tmp_path.iterdir()) == []
