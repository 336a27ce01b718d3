"""Builds what operators' commands need beside a service that may be running."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from orbion import __version__
from orbion.adapters.db.filelock import FileLock
from orbion.adapters.db.migrate import (
    HEAD,
    check,
    migrate_postgres,
    postgres_version,
    sqlite_version,
)
from orbion.adapters.db.sqlite import CommitObserver
from orbion.adapters.db.store import DbStore
from orbion.adapters.http import build_client
from orbion.config import Settings
from orbion.config.account import AccountSettings
from orbion.domain.conversations import Account
from orbion.domain.errors import FaultCode, OrbionError, RefusedError, RejectedError
from orbion.domain.gateway_webhook import Target
from orbion.kit.ids import new_trace
from orbion.main.build import accounts_of
from orbion.main.caring import build_versions
from orbion.main.database import build_store, migrate_file, open_postgres, open_sqlite
from orbion.main.mirroring import Sheets, plain_sheets
from orbion.main.outside import build_channel, build_gateway, target_of
from orbion.main.world import World
from orbion.ports import Gateway
from orbion.telemetry.metrics import Metrics
from orbion.usecases.account_evidence import last_webhook, unconfirmed_sends
from orbion.usecases.check_account import CheckAccount, Look
from orbion.usecases.receive import Receive
from orbion.usecases.resync_sheet import ResyncSheet

_CONNECTIONS: Final = 2
"""What a command takes of the server's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """What a migration did; `before` is None for a new database."""

    name: str
    before: str | None
    after: str
    backup: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replays:
    """A store, and the way a webhook takes into it; `trace` marks what this command stores."""

    store: DbStore
    receive: Receive
    trace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """An account's gateway, and what its webhook should be; `secret` is its first one."""

    account: str
    gateway: Gateway
    target: Target
    secret: str = field(repr=False)


async def migrate_alone(settings: Settings, world: World) -> Migrated:
    """Migrate under the lock of the service.

    Raises:
        RejectedError: a service is running, or the schema is newer than this program.
        UnavailableError: the database cannot be opened.
    """
    path, name = settings.sqlite_path, settings.database_name
    if path is None:
        before = await migrate_postgres(settings.database_url)
        return Migrated(name=name, before=before, after=HEAD, backup=None)
    lock = FileLock(path)
    lock.acquire()
    try:
        before = sqlite_version(path)
        backup = await migrate_file(path, world)
    finally:
        lock.release()
    return Migrated(name=name, before=before, after=HEAD, backup=backup)


@asynccontextmanager
async def operators_store(
    settings: Settings, world: World, accounts: Mapping[str, Account]
) -> AsyncGenerator[DbStore]:
    """Open the store without its lock: SQLite lets several processes write, one after another.

    Raises:
        RejectedError: there is no database yet, or it has another version's schema.
        UnavailableError: it cannot be opened.
    """
    path, name = settings.sqlite_path, settings.database_name
    async with AsyncExitStack() as stack:
        if path is None:
            db = await stack.enter_async_context(
                open_postgres(settings, size=_CONNECTIONS, observe=_unobserved)
            )
            _require_schema(await postgres_version(db), name)
        else:
            _require_schema(sqlite_version(path), name)
            observer = CommitObserver(seconds=_unobserved, size=_unobserved)
            db = stack.enter_context(open_sqlite(path, world, observer))
        yield build_store(settings, world, db=db, operators=db, accounts=accounts)


async def stored_schema(settings: Settings) -> str | None:
    """The version of the database's schema, None for a new one; raises like `operators_store`."""
    if settings.sqlite_path is not None:
        return sqlite_version(settings.sqlite_path)
    async with open_postgres(settings, size=1, observe=_unobserved) as db:
        return await postgres_version(db)


@asynccontextmanager
async def operators_replays(settings: Settings, world: World) -> AsyncGenerator[Replays]:
    """Open the store and what reads webhooks; a running service works what comes in."""
    accounts = accounts_of(settings)
    async with (
        operators_store(settings, world, accounts) as store,
        build_client(transport=world.transport) as client,
    ):
        channels = {
            name: build_channel(account, client, world, settings.send_timeout)
            for name, account in settings.accounts().items()
        }
        receive = Receive(
            channels=channels,
            accounts=accounts,
            inbox=store,
            wake=_unobserved,
            metrics=Metrics(version=__version__),
            now=world.clock.now,
        )
        yield Replays(store=store, receive=receive, trace=new_trace(world.random))


@asynccontextmanager
async def operators_gateway(settings: Settings, world: World, name: str) -> AsyncGenerator[Reached]:
    """Reach one account's gateway without a guard: a command calls it for a person.

    Raises:
        RefusedError: there is no such account.
        RejectedError: a setting or the accounts file is wrong.
    """
    accounts = settings.accounts()
    if name not in accounts:
        known = ", ".join(accounts) or "none"
        raise RefusedError(FaultCode.NOT_FOUND, f"there is no account {name}; there are: {known}")
    account = accounts[name]
    async with build_client(transport=world.transport) as client:
        channel = build_channel(account, client, world, settings.send_timeout)
        yield Reached(
            account=name,
            gateway=build_gateway(account, client),
            target=target_of(settings, name, channel),
            secret=account.secrets()[0],
        )


@asynccontextmanager
async def operators_checks(
    settings: Settings, world: World, accounts: Mapping[str, AccountSettings]
) -> AsyncGenerator[Sequence[CheckAccount]]:
    """Make the check of each account, with what a database tells if there is one to read."""
    versions = build_versions(world)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(build_client(transport=world.transport))
        try:
            store = await stack.enter_async_context(operators_store(settings, world, {}))
        except OrbionError:
            store = None
        yield [
            CheckAccount(
                account=name,
                gateway=build_gateway(account, client),
                target=target_of(
                    settings, name, build_channel(account, client, world, settings.send_timeout)
                ),
                evidence=() if store is None else _stored_evidence(store, name, world),
                versions=versions,
                now=world.clock.now,
            )
            for name, account in accounts.items()
        ]


@asynccontextmanager
async def operators_sheets(settings: Settings, world: World) -> AsyncGenerator[Sheets]:
    """Reach the sheets without guards; raises `RejectedError` if their settings are wrong."""
    async with build_client(transport=world.transport) as client:
        yield plain_sheets(settings, world, client)


@asynccontextmanager
async def operators_resync(
    settings: Settings, world: World, name: str
) -> AsyncGenerator[ResyncSheet]:
    """Compare one business's sheet, which is named by itself or by one of its accounts.

    Raises:
        RefusedError: there is no such account or business.
        RejectedError: a setting is wrong, or there is no database of this version yet.
    """
    accounts = settings.accounts()
    businesses = dict.fromkeys(account.business for account in accounts.values())
    business = accounts[name].business if name in accounts else name
    if business not in businesses:
        known = ", ".join((*accounts, *businesses)) or "none"
        raise RefusedError(
            FaultCode.NOT_FOUND, f"there is no account or business {name}; there are: {known}"
        )
    async with (
        operators_sheets(settings, world) as sheets,
        operators_store(settings, world, {}) as store,
    ):
        yield ResyncSheet(business=business, leads=store, sheet=sheets.of(business))


def _stored_evidence(store: DbStore, name: str, world: World) -> Sequence[Look]:
    return (
        last_webhook(name, store.last_heard, world.clock.now),
        unconfirmed_sends(name, store.receipts),
    )


def _require_schema(version: str | None, name: str) -> None:
    if version is None:
        raise RejectedError(
            FaultCode.NOT_FOUND, f"{name} holds nothing yet: `orbion serve` makes it at its start"
        )
    if check(version):
        raise RejectedError(
            FaultCode.DB_SCHEMA, f"{name} has schema {version}, not {HEAD}: run `orbion migrate`"
        )


def _unobserved(_value: object) -> None:
    """Nobody scrapes a command."""
