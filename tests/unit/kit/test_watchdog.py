"""A blocked loop is seen, told of once and answered for by a thread that is not blocked with it."""

import asyncio
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Generator, Sequence

import pytest

from orbion.kit.clock import SystemClock
from orbion.kit.health import Heartbeat, LoopMonitor
from orbion.kit.watchdog import Watchdog
from tests.unit.kit.manual_clock import ManualClock

LIMIT = 50.0


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.beats = {"loop": Heartbeat(self.clock), "queue:in": Heartbeat(self.clock)}
        self.told: list[tuple[Sequence[str], str]] = []
        self.dog = Watchdog(
            self.beats, limit=LIMIT, told=lambda *said: self.told.append(said), every=0.001
        )


@pytest.fixture
def bench() -> Generator[Bench]:
    bench = Bench()
    yield bench
    bench.dog.stop()


def probe(port: int) -> tuple[int, dict[str, object], str]:
    try:
        answer = urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live")
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, json.loads(answer.read()), answer.headers["content-type"]


def test_a_stand_still_is_told_once_with_the_place_where_the_main_thread_is(bench: Bench) -> None:
    bench.dog.look()
    bench.clock.advance(LIMIT + 1)
    bench.beats["loop"].beat()
    bench.dog.look()
    bench.dog.look()
    [(names, where)] = bench.told
    assert names == ["queue:in"]
    assert "test_a_stand_still_is_told_once" in where
    bench.beats["queue:in"].beat()
    bench.dog.look()
    bench.clock.advance(LIMIT + 1)
    bench.dog.look()
    assert [names for names, _ in bench.told] == [["queue:in"], ["loop", "queue:in"]]


def test_its_thread_looks_by_itself(bench: Bench) -> None:
    seen = threading.Event()
    bench.dog = Watchdog(bench.beats, limit=LIMIT, told=lambda *_: seen.set(), every=0.001)
    bench.dog.start()
    bench.clock.advance(LIMIT + 1)
    assert seen.wait(30)


def test_a_probe_is_answered_by_what_beats(bench: Bench) -> None:
    port = bench.dog.listen("127.0.0.1", 0)
    assert probe(port) == (200, {"status": "pass", "stuck": []}, "application/health+json")
    bench.clock.advance(LIMIT + 1)
    assert probe(port)[:2] == (503, {"status": "fail", "stuck": ["loop", "queue:in"]})


async def test_while_the_loop_is_blocked_its_probe_fails() -> None:
    """The loop goes on only when the thread beside it has seen the watchdog answer 503."""
    monitor = LoopMonitor(clock=SystemClock(), observe=lambda _: None, every=0.005)
    dog = Watchdog({"event_loop": monitor.heartbeat}, limit=0.2, told=lambda *_: None)
    port, seen = dog.listen("127.0.0.1", 0), threading.Event()

    def ask_until_it_fails() -> None:
        while probe(port)[0] != 503:
            pass
        seen.set()

    beating = asyncio.create_task(monitor.run())
    await asyncio.sleep(0.01)
    asking = threading.Thread(target=ask_until_it_fails)
    asking.start()
    assert seen.wait(30)
    asking.join()
    beating.cancel()
    dog.stop()
