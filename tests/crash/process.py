"""A real service process: spawned and killed with -9, through all its lives."""

import asyncio
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.crash.zygote import Child, Command, Spawn

HOST = "127.0.0.1"
READY_S = 180.0
AGAIN_S = 0.2
ALONE = Command(words=(sys.executable, "-m", "tests.crash.service"))
ORBION = Command(words=(sys.executable, "-m", "orbion", "serve"))


@dataclass(slots=True, kw_only=True)
class Process:
    """One service on one port, through all its lives; `waiting` counts what waits in its database.

    `starts` holds (seconds from spawn to the first 200 on /health/ready, what waited then);
    `born_at` is when the last life was spawned, by the clock of `now`.
    """

    folder: Path
    settings: Mapping[str, str]
    port: int
    now: Callable[[], int]
    waiting: Callable[[], int]
    spawn: Spawn = ALONE
    environment: Mapping[str, str] = field(default_factory=dict)
    born_at: int = 0
    claimed: int = 0
    failed_starts: int = 0
    starts: list[tuple[float, int]] = field(default_factory=list)
    child: Child | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    async def start(self) -> None:
        """Spawn it and wait until it is ready, as an orchestrator would: again if it ends.

        Raises:
            RuntimeError: it is not ready for three minutes; with its log.
        """
        waiting, started = await self.begin(), time.monotonic()
        async with httpx.AsyncClient(base_url=self.url, timeout=1.0) as client:
            while not await _is_ready(client):
                if time.monotonic() - started > READY_S:
                    raise RuntimeError(self._complaint(time.monotonic() - started))
                if self._has_ended():
                    self.failed_starts += 1
                    await asyncio.sleep(AGAIN_S)
                    await self.begin()
                await asyncio.sleep(0.005)
        self.starts.append((time.monotonic() - started, waiting))

    async def begin(self) -> int:
        """Spawn it once the last life is gone; return what waits for it."""
        self.kill()
        waiting = await asyncio.to_thread(self.waiting)
        self.born_at = self.now()
        self._spawn()
        return waiting

    def strike(self) -> None:
        """SIGKILL without waiting for its end."""
        if self.child is not None:
            self.child.kill()

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

    async def count_claims(self) -> None:
        """Add the tasks that this life was handed so far; to be asked once, at its end."""
        async with httpx.AsyncClient(base_url=self.url, timeout=5.0) as client:
            text = (await client.get("/metrics")).text
        found = re.findall(r"^orbion_tasks_claimed_total\{.*\} ([0-9.e+]+)$", text, re.MULTILINE)
        self.claimed += round(sum(map(float, found)))

    def _spawn(self) -> None:
        clean = {name: value for name, value in os.environ.items() if "ORBION" not in name}
        given = {f"ORBION_{name.upper()}": value for name, value in self.settings.items()}
        environment = {**clean, **self.environment, **given}
        self.child = self.spawn(environment, folder=self.folder, log=self._log())

    def _has_ended(self) -> bool:
        return self.child is None or self.child.poll() is not None

    def _complaint(self, seconds: float) -> str:
        ended = self.child and self.child.poll()
        said = self._log().read_text()[-2000:]
        return f"not ready after {seconds:.1f} s, exit code {ended}, its log:\n{said}"

    def _log(self) -> Path:
        return self.folder / f"service-{self.port}.log"


async def _is_ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/health/ready")).is_success
    except httpx.TransportError:
        return False


def free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])
