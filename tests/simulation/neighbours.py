"""What a drill breaks: the model, the gateway, Google and the disk, each in five ways."""

import asyncio
import sqlite3
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from random import Random
from typing import Any, Protocol

import httpx

from orbion.kit.executor import Executor
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.faults import (
    EvolutionFaults,
    ModelFault,
    ModelFaults,
    SendFault,
    SheetFault,
    SheetFaults,
)
from orbion.simulators.openai import OpenAISimulator
from orbion.simulators.sheets import SheetsSimulator
from tests.support.virtual import SimLoop

SLOW_DISK_S = 2.0
LATE_MS = (6_000, 9_000)  # beyond the simulation's time-out of a send, within its look-ups


class Trouble(StrEnum):
    DOWN = "down"
    SLOW = "slow"
    LIMITED = "429"
    GARBAGE = "garbage"
    FLAPPING = "flapping"


class Neighbour(Protocol):
    """Something that the service depends on; `hurt` never gets FLAPPING, which is down and up."""

    says: Mapping[Trouble, str]

    def hurt(self, trouble: Trouble) -> None: ...

    def heal(self) -> None: ...


class Model:
    says: Mapping[Trouble, str] = {
        Trouble.DOWN: "connections reset",
        Trouble.SLOW: "no answer within the deadline",
        Trouble.LIMITED: "asks to wait 2 s",
        Trouble.GARBAGE: "an HTML page",
    }
    _faults: Mapping[Trouble, ModelFault] = {
        Trouble.DOWN: ModelFault.RESET,
        Trouble.SLOW: ModelFault.HANG,
        Trouble.LIMITED: ModelFault.RATE_LIMITED,
        Trouble.GARBAGE: ModelFault.NOT_JSON,
    }

    def __init__(self, simulator: OpenAISimulator) -> None:
        self._simulator = simulator

    def hurt(self, trouble: Trouble) -> None:
        self._simulator.faults = ModelFaults(call={self._faults[trouble]: 1.0})

    def heal(self) -> None:
        self._simulator.faults = ModelFaults()


class Gateway:
    says: Mapping[Trouble, str] = {
        Trouble.DOWN: "connections refused",
        Trouble.SLOW: "accepts after our time-out",
        Trouble.LIMITED: "asks to wait 2 s",
        Trouble.GARBAGE: "accepts, and its answer is cut",
    }
    _faults: Mapping[Trouble, Mapping[SendFault, float]] = {
        Trouble.DOWN: {},
        Trouble.SLOW: {SendFault.HANG_THEN_ACCEPT: 1.0},
        Trouble.LIMITED: {SendFault.RATE_LIMITED: 1.0},
        Trouble.GARBAGE: {SendFault.TRUNCATED: 1.0},
    }

    def __init__(self, simulator: EvolutionSimulator) -> None:
        self._simulator = simulator
        self.is_up = True

    def hurt(self, trouble: Trouble) -> None:
        self.is_up = trouble is not Trouble.DOWN
        self._simulator.faults = EvolutionFaults(send=self._faults[trouble], late_accept_ms=LATE_MS)

    def heal(self) -> None:
        self.is_up = True
        self._simulator.faults = EvolutionFaults()


class Google:
    says: Mapping[Trouble, str] = {
        Trouble.DOWN: "connections reset",
        Trouble.SLOW: "no answer within the time-out",
        Trouble.LIMITED: "quota exceeded",
        Trouble.GARBAGE: "an HTML page",
    }
    _faults: Mapping[Trouble, SheetFault] = {
        Trouble.DOWN: SheetFault.RESET,
        Trouble.SLOW: SheetFault.HANG,
        Trouble.LIMITED: SheetFault.RATE_LIMITED,
        Trouble.GARBAGE: SheetFault.NOT_JSON,
    }

    def __init__(self, simulator: SheetsSimulator) -> None:
        self._simulator = simulator

    def hurt(self, trouble: Trouble) -> None:
        self._simulator.faults = SheetFaults(call={self._faults[trouble]: 1.0})

    def heal(self) -> None:
        self._simulator.faults = SheetFaults()


class Disk:
    """The writer's file: `connected` puts the faults between SQLite and whoever uses it."""

    says: Mapping[Trouble, str] = {
        Trouble.DOWN: "full",
        Trouble.SLOW: f"{SLOW_DISK_S:.0f} s a commit",
        Trouble.LIMITED: "locked by another",
        Trouble.GARBAGE: "I/O errors",
    }
    _faults: Mapping[Trouble, tuple[str, int]] = {
        Trouble.DOWN: ("COMMIT", sqlite3.SQLITE_FULL),
        Trouble.LIMITED: ("BEGIN IMMEDIATE", sqlite3.SQLITE_BUSY),
        Trouble.GARBAGE: ("COMMIT", sqlite3.SQLITE_IOERR),
    }

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._trouble: Trouble | None = None

    def hurt(self, trouble: Trouble) -> None:
        self._trouble = trouble

    def heal(self) -> None:
        self._trouble = None

    @contextmanager
    def executor(self, _name: str) -> Generator[Executor]:
        def submit(work: Callable[[], None]) -> None:
            slow = SLOW_DISK_S if self._trouble is Trouble.SLOW else 0.0
            asyncio.get_running_loop().call_later(slow + self._dice.uniform(0, 0.003), work)

        yield submit

    def failing(self, statement: str) -> sqlite3.OperationalError | None:
        trouble = self._trouble
        fails_at, code = self._faults.get(trouble, ("", 0)) if trouble else ("", 0)
        if statement != fails_at:
            return None
        error = sqlite3.OperationalError(self.says[trouble or Trouble.DOWN])
        error.sqlite_errorcode = code
        return error


class Faulty:
    """A connection whose `BEGIN` or `COMMIT` fails as the disk says."""

    def __init__(self, inner: sqlite3.Connection, disk: Disk) -> None:
        self._inner = inner
        self._disk = disk

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        error = self._disk.failing(statement)
        if error is not None:
            if self._inner.in_transaction:
                self._inner.execute("ROLLBACK")
            raise error
        return self._inner.execute(statement, values)

    @property
    def in_transaction(self) -> bool:
        return self._inner.in_transaction

    def close(self) -> None:
        self._inner.close()


class Roads(httpx.AsyncBaseTransport):
    """Leads Google's addresses to its simulator and all others to the gateway, while that is up.

    What arrived is carried out even when whoever asked has gone.
    """

    def __init__(
        self, loop: SimLoop, *, gateway: EvolutionSimulator, google: SheetsSimulator, state: Gateway
    ) -> None:
        self._loop = loop
        self._gateway = httpx.ASGITransport(app=gateway)
        self._google = httpx.ASGITransport(app=google)
        self._state = state
        self.calls = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        if request.url.host.endswith("googleapis.com"):
            return await self._google.handle_async_request(request)
        if not self._state.is_up:
            raise httpx.ConnectError("connection refused")
        carried = self._loop.outside(self._gateway.handle_async_request(request))
        carried.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(carried)
