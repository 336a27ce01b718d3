"""A watch looks every minute and at once when woken, tells changes once, and frees the outbox."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from orbion.domain.accounts import Receipts
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.domain.events import ConnectionState
from orbion.domain.lanes import Queue
from orbion.simulators.virtual import elapsed, virtually
from orbion.telemetry.metrics import Metrics
from orbion.usecases.follow_connection import FollowConnection
from orbion.workers.accounts import AccountWatch
from tests.support.stores import HandClock
from tests.unit.workers.doubles import gauges
from tests.usecases.test_check_account import DOWN, ScriptedGateway, check_over

OPEN, CLOSE, CONNECTING = ConnectionState.OPEN, ConnectionState.CLOSE, ConnectionState.CONNECTING


@dataclass(slots=True)
class Row:
    """The stored state of the account; `more` is how often a resume leaves something over."""

    state: ConnectionState = ConnectionState.UNKNOWN
    more: int = 0
    resumed: list[float] = field(default_factory=list)

    async def note_connection(self, account: str, state: ConnectionState) -> bool:
        assert account == "loja"
        before, self.state = self.state, state
        return before is not state

    async def resume(self, account: str) -> bool:
        assert account == "loja"
        self.resumed.append(round(elapsed(), 2))
        self.more -= 1
        return self.more >= 0

    async def receipts(self, account: str) -> Receipts:
        raise NotImplementedError(account)

    async def last_heard(self, account: str) -> int | None:
        raise NotImplementedError(account)


@dataclass(slots=True)
class Bench:
    """A watch over a scripted gateway; make it inside the virtual loop."""

    gateway: ScriptedGateway = field(default_factory=ScriptedGateway)
    row: Row = field(default_factory=Row)
    metrics: Metrics = field(default_factory=Metrics)
    woken: list[Queue] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)

    def watch(self) -> AccountWatch:
        return AccountWatch(
            check_over(self.gateway, HandClock()),
            FollowConnection(
                connections=self.row, wake=self.woken.append, opened=self.opened.append
            ),
            random=Random(3),
            metrics=self.metrics,
        )

    @property
    def looks(self) -> int:
        return self.gateway.asked["connection"]


def scene(play: Callable[[Bench, AccountWatch], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        bench = Bench()
        watch = bench.watch()
        running = asyncio.create_task(watch.run())
        await asyncio.sleep(0.1)
        await play(bench, watch)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    virtually(whole)


def told(caplog: pytest.LogCaptureFixture, event: str) -> list[tuple[int, Any]]:
    return [
        (each.levelno, getattr(each, "fields", {}))
        for each in caplog.records
        if each.getMessage() == event
    ]


def test_it_looks_at_the_start_and_then_at_least_every_minute_but_not_in_step() -> None:
    async def play(bench: Bench, watch: AccountWatch) -> None:
        assert (bench.looks, watch.latest() is None) == (1, False)
        gaps = []
        for _ in range(20):
            before, began = bench.looks, elapsed()
            while bench.looks == before:
                await asyncio.sleep(0.5)
            gaps.append(elapsed() - began)
        assert 44 <= min(gaps) < max(gaps) <= 60

    scene(play)


def test_a_storm_of_webhooks_is_a_handful_of_looks_and_the_first_is_at_once() -> None:
    async def play(bench: Bench, watch: AccountWatch) -> None:
        await asyncio.sleep(1)
        watch.wake()
        await asyncio.sleep(0.001)
        assert bench.looks == 2
        for _ in range(26):
            watch.wake()
            await asyncio.sleep(0.04)
        await asyncio.sleep(1)
        assert 3 <= bench.looks <= 7
        seen = bench.looks
        await asyncio.sleep(20)
        assert bench.looks == seen

    scene(play)


def test_a_connection_that_goes_and_comes_is_told_once_each_way(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)

    async def play(bench: Bench, watch: AccountWatch) -> None:
        for state in (CLOSE, CLOSE, CLOSE, CONNECTING, OPEN, OPEN):
            bench.gateway.state = state
            watch.wake()
            await asyncio.sleep(1)
            assert bench.row.state is state
            assert gauges(bench.metrics, "whatsapp_connected") == {"loja": float(state is OPEN)}
            assert gauges(bench.metrics, "account_faults") == {"loja": float(state is not OPEN)}

    scene(play)
    levels = [(level, fields["before"], fields["after"]) for level, fields in told(caplog, LINK)]
    assert levels == [
        (logging.INFO, "unknown", "open"),
        (logging.ERROR, "open", "close"),
        (logging.WARNING, "close", "connecting"),
        (logging.INFO, "connecting", "open"),
    ]


LINK = "account.connection"


def test_a_fault_is_told_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def play(bench: Bench, watch: AccountWatch) -> None:
        good = bench.gateway.hook
        for hook in (None, None, good, good):
            bench.gateway.hook = hook
            watch.wake()
            await asyncio.sleep(1)

    scene(play)
    findings = [(level, fields["check"]) for level, fields in told(caplog, "account.finding")]
    assert findings == [(logging.ERROR, "webhook"), (logging.INFO, "webhook")]


def test_a_gateway_that_is_gone_leaves_the_stored_state_as_it_was() -> None:
    async def play(bench: Bench, watch: AccountWatch) -> None:
        bench.gateway.state = DOWN
        watch.wake()
        await asyncio.sleep(1)
        assert bench.row.state is OPEN
        assert gauges(bench.metrics, "whatsapp_connected") == {"loja": 0.0}

    scene(play)


@pytest.mark.parametrize("before", [CLOSE, CONNECTING, DOWN])
def test_the_outbox_goes_on_within_a_minute_of_a_connection_that_nobody_told(
    before: ConnectionState | UnavailableError,
) -> None:
    async def play(bench: Bench, watch: AccountWatch) -> None:
        bench.gateway.state = before
        watch.wake()
        await asyncio.sleep(1)
        bench.row.resumed.clear()
        bench.woken.clear()
        bench.gateway.state = OPEN
        began = elapsed()
        await asyncio.sleep(60)
        (at,) = bench.row.resumed
        assert at - began <= 60
        assert bench.woken == [Queue.OUT]

    scene(play)


def test_the_outbox_goes_on_at_once_when_it_is_told_of_the_connection() -> None:
    async def play(bench: Bench, watch: AccountWatch) -> None:
        await asyncio.sleep(5)
        bench.row.resumed.clear()
        bench.row.more = 2
        watch.wake()
        await asyncio.sleep(0.001)
        assert len(bench.row.resumed) == 3

    scene(play)


def test_a_connection_that_stays_disturbs_no_lane() -> None:
    async def play(bench: Bench, _: AccountWatch) -> None:
        bench.row.resumed.clear()
        await asyncio.sleep(600)
        assert bench.looks > 10
        assert bench.row.resumed == []

    scene(play)


def test_a_stored_state_that_a_late_webhook_left_wrong_is_put_right() -> None:
    async def play(bench: Bench, _: AccountWatch) -> None:
        bench.row.resumed.clear()
        bench.row.state = CONNECTING
        await asyncio.sleep(60)
        assert bench.row.state is OPEN
        assert len(bench.row.resumed) == 1

    scene(play)


def test_a_failing_store_does_not_hide_the_report() -> None:
    class Broken(Row):
        async def note_connection(self, account: str, state: ConnectionState) -> bool:
            raise UnavailableError(FaultCode.DB_DOWN, f"{account} {state}")

    async def whole() -> None:
        bench = Bench(row=Broken())
        watch = bench.watch()
        with pytest.raises(UnavailableError):
            await watch.look()
        report = watch.latest()
        assert report is not None
        assert report.connection is OPEN

    virtually(whole)
