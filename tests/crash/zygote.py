"""Imports the service once and forks a real process for each of its lives."""

import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.crash.service import main as live
from tests.support.source import ROOT

IMPORTED_LATE = (
    "orbion.adapters.db.postgres",
    "orbion.adapters.llm.openai",
    "orbion.adapters.sheets.google_key",
)
PATHS: Mapping[str, str] = {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}
LONGEST_ORDER = 65_536


class Child(Protocol):
    """A process that was started here: what `subprocess.Popen` offers of it."""

    @property
    def pid(self) -> int: ...

    def kill(self) -> None: ...

    def terminate(self) -> None: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int:
        """Raise `subprocess.TimeoutExpired` when it lives on."""


class Spawn(Protocol):
    """Starts a life with just this environment; its output is added to the log."""

    def __call__(self, environment: Mapping[str, str], *, folder: Path, log: Path) -> Child: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Starts each life as a program of its own."""

    words: tuple[str, ...]

    def __call__(self, environment: Mapping[str, str], *, folder: Path, log: Path) -> Child:
        with log.open("ab") as output:
            return subprocess.Popen(  # noqa: S603 our own commands
                self.words,
                cwd=folder,
                env={**environment, **PATHS},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )


@dataclass(slots=True, kw_only=True)
class Forked:
    """A life that the zygote forked. Its pid is not reused before `code` was asked for."""

    pid: int
    descriptor: int
    zygote: socket.socket
    code: int | None = None

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def poll(self) -> int | None:
        return self._ended(0.0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("a forked life", timeout or 0.0)
        return code

    def _signal(self, number: signal.Signals) -> None:
        if self.code is None:
            signal.pidfd_send_signal(self.descriptor, number)

    def _ended(self, timeout: float | None) -> int | None:
        if self.code is None and select.select([self.descriptor], [], [], timeout)[0]:
            os.close(self.descriptor)
            self.code = int(_ask(self.zygote, {"reap": self.pid})["code"])
        return self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class Zygote:
    """Forks lives out of a process that has imported all that a life imports."""

    line: socket.socket

    def __call__(self, environment: Mapping[str, str], *, folder: Path, log: Path) -> Child:
        order = {"environment": dict(environment), "folder": str(folder), "log": str(log)}
        pid = int(_ask(self.line, order)["pid"])
        return Forked(pid=pid, descriptor=os.pidfd_open(pid), zygote=self.line)


@contextmanager
def zygote() -> Generator[Zygote]:
    """Start one; it ends with the block."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        command = (sys.executable, "-m", "tests.crash.zygote", str(theirs.fileno()))
        environment = {**os.environ, **PATHS}
        process = subprocess.Popen(command, env=environment, pass_fds=[theirs.fileno()])  # noqa: S603 our own module
        theirs.close()
        try:
            yield Zygote(line=ours)
        finally:
            ours.close()
            process.wait()


def _ask(line: socket.socket, order: Mapping[str, Any]) -> dict[str, Any]:
    line.send(json.dumps(order).encode())
    return _read(line)


def _read(line: socket.socket) -> dict[str, Any]:
    said = line.recv(LONGEST_ORDER)
    if not said:
        raise EOFError
    found: dict[str, Any] = json.loads(said)
    return found


def _fork(line: socket.socket, order: Mapping[str, Any]) -> int:
    """Fork a life. A second thread would be lost, and whatever lock it holds never be freed."""
    assert threading.active_count() == 1
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        line.close()
        _become(order)
        live()
        code = 0
    except BaseException:  # noqa: BLE001 nothing of the zygote may run on in the child
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        sys.stdout.flush()
        os._exit(code)


def _become(order: Mapping[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())
    os.close(log)


def main() -> None:
    """Serve orders on the socket whose descriptor is given, until its other end is closed."""
    for name in IMPORTED_LATE:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as line, suppress(EOFError):
        while True:
            order = _read(line)
            if "reap" in order:
                _, status = os.waitpid(order["reap"], 0)
                said = {"code": os.waitstatus_to_exitcode(status)}
            else:
                said = {"pid": _fork(line, order)}
            line.send(json.dumps(said).encode())


if __name__ == "__main__":
    main()
