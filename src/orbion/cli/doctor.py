"""`orbion doctor`: checks everything that can be wrong and names the fix of each fault."""

import asyncio
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import click

from orbion.adapters.db.filelock import FileLock
from orbion.adapters.db.migrate import HEAD, check, sqlite_version
from orbion.adapters.http import build_client
from orbion.cli.exits import Exit
from orbion.cli.output import table
from orbion.cli.server import bind
from orbion.config import AccountSettings, Settings, load_settings
from orbion.domain.errors import FaultCode, OrbionError
from orbion.domain.events import ConnectionState
from orbion.kit.ids import mask_phone
from orbion.main.build import playbook_of
from orbion.main.outside import build_channel
from orbion.main.world import World, real_world

_PATIENCE_SECONDS: Final = 10.0
_GATEWAY_FIXES: Mapping[FaultCode, str] = {
    FaultCode.WHATSAPP_AUTH: "give the gateway's API key in api_key or api_key_file",
    FaultCode.WHATSAPP_INSTANCE_MISSING: "create the instance in Evolution, or correct `instance`",
    FaultCode.WHATSAPP_UNREACHABLE: "start the gateway, or correct base_url",
    FaultCode.WHATSAPP_UNLICENSED: "activate the gateway's licence",
}


class Verdict(StrEnum):
    OK = "ok"
    NOTE = "note"
    FAULT = "FAULT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`fix` is what to do; empty when there is nothing to do."""

    check: str
    verdict: Verdict
    found: str
    fix: str = ""


@click.command()
def doctor() -> int:
    """Check everything and name the fix of each fault.

    Looks at settings, accounts, secrets, playbooks, database, disk, port and public address, and
    asks each gateway whether its number is connected. Changes nothing and prints no secret. Exit
    code 4 if there is a fault.
    """
    findings = list(_findings())
    rows = [(each.verdict, each.check, each.found, each.fix) for each in findings]
    click.echo(table(("", "check", "found", "what to do"), rows))
    faults = sum(each.verdict is Verdict.FAULT for each in findings)
    click.echo(f"faults: {faults}" if faults else "all well")
    return Exit.REFUSED if faults else Exit.OK


def _findings() -> Iterator[Finding]:
    try:
        settings = load_settings()
    except OrbionError as error:
        yield _fault("settings", str(error), "correct them in the environment or .env")
        return
    yield _ok("settings", "readable")
    try:
        accounts = settings.accounts()
    except OrbionError as error:
        accounts = {}
        yield _fault("accounts", str(error), "correct the accounts file or ORBION_EVOLUTION_*")
    else:
        yield _count(accounts)
    for name, account in accounts.items():
        yield _secrets(name, account)
        yield _playbook(name, account)
        yield _owner(name, account)
    yield from _keys(settings)
    yield _database(settings)
    yield _disk(settings)
    yield _port(settings)
    yield _public_url(settings)
    yield from asyncio.run(_gateways(accounts, real_world()))


def _count(accounts: Mapping[str, AccountSettings]) -> Finding:
    if accounts:
        return _ok("accounts", ", ".join(accounts))
    return Finding(
        check="accounts",
        verdict=Verdict.NOTE,
        found="none: nobody can write to it yet",
        fix="set ORBION_EVOLUTION_URL and its neighbours, or ORBION_ACCOUNTS_FILE",
    )


def _secrets(name: str, account: AccountSettings) -> Finding:
    check = f"secrets of {name}"
    try:
        account.key()
        number = len(account.secrets())
    except OrbionError as error:
        return _fault(check, str(error), "put long random secrets into the accounts file")
    return _ok(check, f"API key, {number} webhook secret{'s' * (number > 1)}")


def _owner(name: str, account: AccountSettings) -> Finding:
    check = f"owner of {name}"
    if account.owner_phone is None:
        return Finding(
            check=check,
            verdict=Verdict.NOTE,
            found="unknown",
            fix="set owner_phone in the accounts file, so that operators know whom to call",
        )
    return _ok(check, mask_phone(account.owner_phone))


def _playbook(name: str, account: AccountSettings) -> Finding:
    check = f"playbook of {name}"
    try:
        found = playbook_of(account.playbook)
    except OrbionError as error:
        return _fault(check, str(error), "correct the playbook")
    return _ok(
        check, f"{account.playbook}: {len(found.catalogue)} offers, {len(found.faq)} answers"
    )


def _keys(settings: Settings) -> Iterator[Finding]:
    try:
        openai, admin = settings.openai_key(), settings.admin()
    except OrbionError as error:
        yield _fault("keys", str(error), "correct the file's path, or give the key itself")
        return
    if settings.llm == "openai" and openai is None:
        yield _fault("model", "openai, without a key", "set ORBION_OPENAI_API_KEY[_FILE]")
    else:
        yield _ok("model", settings.llm)
    if admin is None:
        found = "no key: the admin routes answer 403"
        yield Finding(
            check="admin key", verdict=Verdict.NOTE, found=found, fix="set ORBION_ADMIN_KEY[_FILE]"
        )


def _database(settings: Settings) -> Finding:
    path = settings.sqlite_path
    if path is None:
        return _fault("database", "PostgreSQL", "this release serves from SQLite: sqlite:///…")
    if not os.access(_folder(settings), os.W_OK):
        return _fault("database", f"{_folder(settings)} is read-only", "let this user write there")
    try:
        version = sqlite_version(path)
        is_behind = check(version)
    except OrbionError as error:
        return _fault("database", str(error), "restore a backup, or set ORBION_DATABASE_URL")
    later = f", `orbion serve` brings it to {HEAD}" if is_behind else ""
    return _ok("database", f"{path}: schema {version or 'none'}{later}")


def _folder(settings: Settings) -> str:
    """The database's folder, or the nearest one above it that exists already."""
    path = (settings.sqlite_path or settings.sheets_folder).resolve().parent
    while not path.exists():
        path = path.parent
    return str(path)


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(_folder(settings)).free
    found = f"{free // 2**20} MiB free, reserve {settings.disk_reserve // 2**20} MiB"
    if free < settings.disk_reserve:
        return _fault("disk", found, "make room: below the reserve it is not ready")
    return _ok("disk", found)


def _port(settings: Settings) -> Finding:
    where = f"{settings.host} port {settings.port}"
    try:
        bind(settings.host, settings.port).close()
    except OrbionError as error:
        if _is_running(settings):
            return _ok("port", f"{where}: taken by the running service")
        return _fault("port", str(error), "stop what listens there, or set ORBION_PORT")
    return _ok("port", f"{where} is free")


def _is_running(settings: Settings) -> bool:
    if settings.sqlite_path is None or not settings.sqlite_path.exists():
        return False
    lock = FileLock(settings.sqlite_path)
    try:
        lock.acquire()
    except OrbionError:
        return True
    lock.release()
    return False


def _public_url(settings: Settings) -> Finding:
    if settings.public_url is None:
        return Finding(
            check="public address",
            verdict=Verdict.NOTE,
            found="unknown",
            fix="set ORBION_PUBLIC_URL to where the gateways reach this service",
        )
    return _ok("public address", f"{str(settings.public_url).rstrip('/')}/webhooks/evolution/…")


async def _gateways(accounts: Mapping[str, AccountSettings], world: World) -> list[Finding]:
    return list(await asyncio.gather(*(_gateway(*each, world) for each in accounts.items())))


async def _gateway(name: str, account: AccountSettings, world: World) -> Finding:
    check = f"gateway of {name}"
    where = f"{account.base_url.host}:{account.base_url.port}"
    try:
        async with build_client(transport=world.transport) as client:
            channel = build_channel(account, client, world, _PATIENCE_SECONDS)
            state = await channel.connection()
    except OrbionError as error:
        fix = _GATEWAY_FIXES.get(error.code, "see the gateway's own log")
        return _fault(check, f"{where}: {error}", fix)
    if state is ConnectionState.OPEN:
        return _ok(check, f"{where}: instance {account.instance} is connected")
    found = f"{where}: instance {account.instance} is {state}"
    return _fault(check, found, "scan its QR code in the gateway's manager")


def _ok(check: str, found: str) -> Finding:
    return Finding(check=check, verdict=Verdict.OK, found=found)


def _fault(check: str, found: str, fix: str) -> Finding:
    return Finding(check=check, verdict=Verdict.FAULT, found=found, fix=fix)
