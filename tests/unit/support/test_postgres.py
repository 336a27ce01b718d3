"""The throw-away PostgreSQL gives each test a database of its own."""

import asyncpg

from tests.support.postgres import PostgresServer


async def fetch(dsn: str, sql: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_a_database_is_a_copy_of_its_template_and_gone_afterwards(
    postgres: PostgresServer,
) -> None:
    async with postgres.database("a_template") as template:
        await fetch(template, "CREATE TABLE kept AS SELECT 42 AS answer")
        async with postgres.database("a_copy", template="a_template") as copy:
            assert await fetch(copy, "SELECT answer FROM kept") == 42
    left = "SELECT count(*) FROM pg_database WHERE datname LIKE 'a\\_%'"
    assert await fetch(postgres.dsn(), left) == 0


async def test_the_server_listens_on_its_socket_only(postgres_database: str) -> None:
    assert await fetch(postgres_database, "SHOW listen_addresses") == ""
    assert await fetch(postgres_database, "SHOW fsync") == "off"
