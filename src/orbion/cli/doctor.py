"""`orbion doctor`: checks everything that can be wrong and names the fix of each fault."""

import asyncio
import os
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from orbion.adapters.db.filelock import FileLock
from orbion.adapters.db.migrate import HEAD, check
from orbion.cli.exits import Exit
from orbion.cli.output import table
from orbion.cli.server import bind
from orbion.config import Settings, load_settings
from orbion.config.account import AccountSettings
from orbion.domain.accounts import Finding, Verdict, fault, note, ok
from orbion.domain.errors import OrbionError
from orbion.kit.ids import mask_phone
from orbion.main.operating import operators_checks, operators_sheets, stored_schema
from orbion.main.playbooks import playbook_of
from orbion.main.world import World, real_world
from orbion.usecases.check_sheet import check_sheet

_MARKS: Mapping[Verdict, str] = {
    Verdict.OK: "ok",
    Verdict.NOTE: "note",
    Verdict.FAULT: "FAULT",
}


@click.command()
def doctor() -> int:
    """Check everything and name the fix of each fault.

    Looks at settings, accounts, secrets, playbooks, database, disk, port and public address, and
    asks each gateway for its version, its number's connection and its webhook, and each Google
    sheet for its header. Changes nothing and prints no secret. Exit code 4 if there is a fault.
    """
    findings = list(_findings())
    rows = [(_MARKS[each.verdict], each.check, each.found, each.fix) for each in findings]
    click.echo(table(("", "check", "found", "what to do"), rows))
    faults = sum(each.verdict is Verdict.FAULT for each in findings)
    click.echo(f"faults: {faults}" if faults else "all well")
    return Exit.REFUSED if faults else Exit.OK


def _findings() -> Iterator[Finding]:
    try:
        settings = load_settings()
    except OrbionError as error:
        yield fault("settings", str(error), "correct them in the environment or .env")
        return
    yield ok("settings", "readable")
    try:
        accounts = settings.accounts()
    except OrbionError as error:
        accounts = {}
        yield fault("accounts", str(error), "correct the accounts file or ORBION_EVOLUTION_*")
    else:
        yield _count(accounts)
    for name, account in accounts.items():
        yield _secrets(name, account)
        yield _playbook(name, account)
        yield _owner(name, account)
        if account.google_key_file is not None:
            yield _key_file(name, account.google_key_file)
    yield from _keys(settings)
    yield _database(settings)
    yield _disk(settings)
    yield _port(settings)
    yield _public_url(settings)
    usable = {name: account for name, account in accounts.items() if _has_secrets(account)}
    yield from asyncio.run(_cared_for(settings, usable, real_world()))
    if accounts:
        yield from asyncio.run(_sheets(settings, real_world()))


def _count(accounts: Mapping[str, AccountSettings]) -> Finding:
    if accounts:
        return ok("accounts", ", ".join(accounts))
    return note(
        "accounts",
        "none: nobody can write to it yet",
        "set ORBION_EVOLUTION_URL and its neighbours, or ORBION_ACCOUNTS_FILE",
    )


def _secrets(name: str, account: AccountSettings) -> Finding:
    check = f"secrets of {name}"
    try:
        account.key()
        number = len(account.secrets())
    except OrbionError as error:
        return fault(check, str(error), "put long random secrets into the accounts file")
    return ok(check, f"API key, {number} webhook secret{'s' * (number > 1)}")


def _has_secrets(account: AccountSettings) -> bool:
    try:
        account.key()
        account.secrets()
    except OrbionError:
        return False
    return True


def _owner(name: str, account: AccountSettings) -> Finding:
    check = f"owner of {name}"
    if account.owner_phone is None:
        return note(
            check,
            "unknown",
            "set owner_phone in the accounts file: who is told when a customer needs a person",
        )
    return ok(check, mask_phone(account.owner_phone))


def _key_file(name: str, path: Path) -> Finding:
    check = f"google key of {name}"
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        return fault(check, f"cannot read {path}: {error.strerror}", "correct google_key_file")
    if not os.access(path, os.R_OK):
        return fault(check, f"{path} is not readable", "let this user, and nobody else, read it")
    if mode & 0o077:
        return fault(check, f"{path} is open to others: {mode:04o}", f"chmod 0400 {path}")
    return ok(check, f"{path}: {mode:04o}")


def _playbook(name: str, account: AccountSettings) -> Finding:
    check = f"playbook of {name}"
    try:
        found = playbook_of(account.playbook)
    except OrbionError as error:
        return fault(check, str(error), "correct the playbook")
    return ok(check, f"{account.playbook}: {len(found.catalogue)} offers, {len(found.faq)} answers")


def _keys(settings: Settings) -> Iterator[Finding]:
    try:
        openai, admin = settings.openai_key(), settings.admin()
    except OrbionError as error:
        yield fault("keys", str(error), "correct the file's path, or give the key itself")
        return
    if settings.llm == "openai" and openai is None:
        yield fault("model", "openai, without a key", "set ORBION_OPENAI_API_KEY[_FILE]")
    else:
        yield ok("model", settings.llm)
    if admin is None:
        found = "no key: the admin routes answer 403"
        yield note("admin key", found, "set ORBION_ADMIN_KEY[_FILE]")


def _database(settings: Settings) -> Finding:
    is_file = settings.sqlite_path is not None
    if is_file and not os.access(_folder(settings), os.W_OK):
        return fault("database", f"{_folder(settings)} is read-only", "let this user write there")
    try:
        version = asyncio.run(stored_schema(settings))
        is_behind = check(version)
    except OrbionError as error:
        fix = "restore a backup" if is_file else "let it run and let this user in"
        return fault("database", str(error), f"{fix}, or set ORBION_DATABASE_URL")
    later = f", `orbion serve` brings it to {HEAD}" if is_behind else ""
    return ok("database", f"{settings.database_name}: schema {version or 'none'}{later}")


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
        return fault("disk", found, "make room: below the reserve it is not ready")
    return ok("disk", found)


def _port(settings: Settings) -> Finding:
    where = f"{settings.host} port {settings.port}"
    try:
        bind(settings.host, settings.port).close()
    except OrbionError as error:
        if _is_running(settings):
            return ok("port", f"{where}: taken by the running service")
        return fault("port", str(error), "stop what listens there, or set ORBION_PORT")
    return ok("port", f"{where} is free")


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
        return note(
            "public address",
            "unknown",
            "set ORBION_PUBLIC_URL to where the gateways reach this service",
        )
    return ok("public address", f"{str(settings.public_url).rstrip('/')}/webhooks/evolution/…")


async def _cared_for(
    settings: Settings, accounts: Mapping[str, AccountSettings], world: World
) -> Iterator[Finding]:
    async with operators_checks(settings, world, accounts) as checks:
        reports = await asyncio.gather(*(check() for check in checks))
    return (
        replace(finding, check=f"{finding.check} of {report.account}")
        for report in reports
        for finding in report.findings
    )


async def _sheets(settings: Settings, world: World) -> Sequence[Finding]:
    try:
        async with operators_sheets(settings, world) as sheets:
            return await asyncio.gather(
                *(check_sheet(sheet, business) for business, sheet in sheets.made.items())
            )
    except OrbionError as error:
        return [fault("sheets", str(error), "correct sheet_id and sheet_tab of the accounts")]
