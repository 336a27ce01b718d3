"""Starts the measured programs as processes of their own on their own core."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from loadtests.http1 import HOST, OK, get_status
from loadtests.webhooks import ACCOUNT, SECRET

ROOT: Final = Path(__file__).resolve().parent.parent
SCENARIOS: Final = (10, 50, 100, 200)
"""Messages a minute."""
GATEWAY_KEY: Final = "the-key-of-the-simulated-gateway"
# read before anything is pinned; the same one twice on a machine that has no other
DRIVER_CORE: Final = min(os.sched_getaffinity(0))
SERVER_CORE: Final = max(os.sched_getaffinity(0))
_PATIENCE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """`started` seconds passed from its spawn to its first 200 on /health/ready."""

    port: int
    process: psutil.Process
    started: float

    def cpu_seconds(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def rss_mb(self) -> float:
        return float(self.process.memory_info().rss) / 2**20


def free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def running(
    *command: str, port: int, log: Path, environment: Mapping[str, str] | None = None
) -> Generator[Program]:
    """Run `python -m command…`, which listens on `port`, on the server's core; killed at the end.

    Raises:
        RuntimeError: it ended, or was not ready in time; the log says why.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ORBION_")}
    with log.open("ab") as output:
        started = time.perf_counter()
        child = subprocess.Popen(  # noqa: S603 our own modules
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env={**clean, **(environment or {})},
            stdout=output,
            stderr=output,
        )
        try:
            os.sched_setaffinity(child.pid, {SERVER_CORE})
            _await_ready(child, port, log)
            seconds = time.perf_counter() - started
            yield Program(port=port, process=psutil.Process(child.pid), started=seconds)
        finally:
            child.kill()
            child.wait()


def _await_ready(child: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.perf_counter() + _PATIENCE_SECONDS
    while get_status(port, "/health/ready") != OK:
        if child.poll() is not None or time.perf_counter() > deadline:
            tail = log.read_text(errors="replace").splitlines()[-5:]
            raise RuntimeError("\n".join(["the measured program is not ready:", *tail]))
        time.sleep(0.002)


def serving(folder: Path, environment: Mapping[str, str]) -> AbstractContextManager[Program]:
    """Run `orbion serve` itself, with its log in `folder`."""
    port = free_port()
    command = ("orbion", "serve", "--port", str(port))
    return running(*command, port=port, log=log_in(folder), environment=environment)


def log_in(folder: Path) -> Path:
    return folder / "log"


def database_in(folder: Path) -> Path:
    return folder / "orbion.db"


def orbion_environment(folder: Path, *, gateway: str, **settings: object) -> dict[str, str]:
    """Settings of one account behind the simulated gateway; `settings` add or replace some."""
    chosen: dict[str, object] = {
        "database_url": f"sqlite:///{database_in(folder)}",
        "sheets_folder": folder / "leads",
        "account": ACCOUNT,
        "business": "sol",
        "evolution_url": gateway,
        "evolution_instance": ACCOUNT,
        "evolution_api_key": GATEWAY_KEY,
        "evolution_webhook_secret": SECRET,
        **settings,
    }
    return {f"ORBION_{name.upper()}": str(value) for name, value in chosen.items()}
