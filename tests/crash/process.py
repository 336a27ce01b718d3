"""A real service process: spawned, killed with -9, and its files looked at while it is dead."""

import asyncio
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.support.source import ROOT

HOST = "127.0.0.1"
READY_S = 60.0
OPEN_WORK = (
    "SELECT (SELECT count(*) FROM message WHERE outcome = 'open')"
    " + (SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending', 'unknown'))"
    " + (SELECT count(*) FROM lane WHERE owner IS NOT NULL OR seq > ack)"
)
WAITING = (
    "SELECT (SELECT count(*) FROM message WHERE outcome = 'open')"
    " + (SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending', 'unknown'))"
)


@dataclass(slots=True, kw_only=True)
class Process:
    """One service on one port and one database, through all its lives.

    `starts` holds (seconds from spawn to the first 200 on /health/ready, what waited then);
    `born_at` is when the last life was spawned, by the clock of `now`.
    """

    folder: Path
    settings: Mapping[str, str]
    port: int
    now: Callable[[], int]
    command: Sequence[str] = (sys.executable, "-m", "tests.crash.service")
    born_at: int = 0
    starts: list[tuple[float, int]] = field(default_factory=list)
    child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def database(self) -> Path:
        return self.folder / "orbion.db"

    async def start(self) -> None:
        """Spawn it and wait until it is ready; raises RuntimeError with its log when it is not."""
        waiting = await asyncio.to_thread(self._waiting)
        started, self.born_at = time.monotonic(), self.now()
        self._spawn()
        async with httpx.AsyncClient(base_url=self.url, timeout=1.0) as client:
            while not await _is_ready(client):
                if self._has_ended() or time.monotonic() - started > READY_S:
                    raise RuntimeError(self._complaint(time.monotonic() - started))
                await asyncio.sleep(0.005)
        self.starts.append((time.monotonic() - started, waiting))

    def kill(self) -> None:
        """SIGKILL, then reap; harmless when it is already gone."""
        if self.child is not None:
            self.child.kill()
            self.child.wait()
            self.child = None

    async def stop(self, patience: float) -> int | None:
        """SIGTERM; return its exit code, or None when it had to be killed after `patience` s."""
        assert self.child is not None
        self.child.terminate()
        try:
            return await asyncio.to_thread(self.child.wait, patience)
        except subprocess.TimeoutExpired:
            return None
        finally:
            self.kill()

    def open_work(self) -> int:
        """Count messages, bubbles and lanes that have not come to their end."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return int(connection.execute(OPEN_WORK).fetchone()[0])

    def damage(self) -> list[str]:
        """What SQLite finds wrong; for a dead process' files."""
        with closing(sqlite3.connect(self.database)) as connection:
            found = connection.execute("PRAGMA integrity_check").fetchall()
            broken = connection.execute("PRAGMA foreign_key_check").fetchall()
        return [f"I7 {row[0]}" for row in found if row[0] != "ok"] + [f"I7 {row}" for row in broken]

    def _waiting(self) -> int:
        """Count in a copy: opening the real files would do the recovery that the process owes."""
        if not self.database.exists():
            return 0
        with tempfile.TemporaryDirectory(dir=self.folder) as copy:
            for each in self.folder.glob("orbion.db*"):
                if each.suffix != ".lock":
                    shutil.copyfile(each, Path(copy) / each.name)
            with closing(sqlite3.connect(Path(copy) / "orbion.db")) as connection:
                return int(connection.execute(WAITING).fetchone()[0])

    def _spawn(self) -> None:
        clean = {name: value for name, value in os.environ.items() if "ORBION" not in name}
        given = {f"ORBION_{name.upper()}": value for name, value in self.settings.items()}
        paths = {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}
        with self._log().open("ab") as log:
            self.child = subprocess.Popen(  # noqa: S603 our own commands
                self.command,
                cwd=self.folder,
                env=clean | paths | given,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _has_ended(self) -> bool:
        return self.child is None or self.child.poll() is not None

    def _complaint(self, seconds: float) -> str:
        ended = self.child and self.child.poll()
        said = self._log().read_text()[-2000:]
        return f"not ready after {seconds:.1f} s, exit code {ended}, its log:\n{said}"

    def _log(self) -> Path:
        return self.folder / "service.log"


async def _is_ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/health/ready")).is_success
    except httpx.TransportError:
        return False


def free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])
