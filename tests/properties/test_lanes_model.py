"""Lanes behave like a page of plain Python, whatever workers, clocks and kills do to them."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from orbion.adapters.db import lanes
from orbion.adapters.db.lanes import CRASH_CAP, MERGED_ATTEMPTS, LanePolicy
from orbion.domain.errors import LeaseLostError
from orbion.domain.lanes import Claim, Queue
from tests.support.stores import HandClock, Template, make_store, sqlite_database

T = TypeVar("T")
KEYS = ("a", "b", "c")
POLICY = LanePolicy()
SECONDS = st.sampled_from([0.0, 1.0, 5.0, 16.0])


@dataclass(slots=True)
class ModelLane:
    """What one lane must look like; times in ms, `due` None = nothing to do."""

    seq: int = 0
    ended: list[int] = field(default_factory=list)
    due: int | None = None
    holder: Claim | None = None
    failures: int = 0
    crashes: int = 0
    alone_upto: int = 0

    @property
    def ack(self) -> int:
        return len(self.ended)

    def end(self, upto: int, now: int) -> None:
        self.ended += range(self.ack + 1, upto + 1)
        self.holder = None
        self.failures = self.crashes = 0
        self.due = now if self.seq > upto else None

    def let_go(self, due: int) -> None:
        self.holder = None
        self.due = due

    def crash(self) -> None:
        self.crashes = min(self.crashes + 1, CRASH_CAP)


class LanesMachine(RuleBasedStateMachine):
    """Runs each step on the real store and on the model, and compares what can be seen."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp())
        path = Path(shutil.copyfile(self.template, self.folder / "orbion.db"))
        self.clock = HandClock()
        self.stack = AsyncExitStack()
        db = self.do(
            self.stack.enter_async_context(
                sqlite_database(path, self.clock, writer=lambda work: work())
            )
        )
        db.connection.execute("PRAGMA synchronous=OFF")
        self.store = make_store(db, self.clock, lanes=POLICY)
        self.model = {key: ModelLane() for key in KEYS}
        self.lost: list[Claim] = []

    def do(self, step: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(step)

    def held(self) -> list[str]:
        return [key for key, lane in self.model.items() if lane.holder is not None]

    def pick(self, data: st.DataObject) -> tuple[ModelLane, Claim]:
        lane = self.model[data.draw(st.sampled_from(self.held()))]
        assert lane.holder is not None
        return lane, lane.holder

    @rule(key=st.sampled_from(KEYS))
    def enqueue(self, key: str) -> None:
        lane = self.model[key]
        seq = self.do(
            self.store.db.write(
                lambda tx: lanes.enqueue(tx, Queue.OUT, key, kind="k", payload={}, trace="t")
            )
        )
        lane.seq += 1
        assert seq == lane.seq
        if lane.due is None:
            lane.due = self.clock.now()

    @rule(owner=st.sampled_from(["w1", "w2"]), limit=st.integers(1, 4))
    def claim(self, owner: str, limit: int) -> None:
        now = self.clock.now()
        due = {key for key, lane in self.model.items() if lane.due is not None and lane.due <= now}
        got = self.do(self.store.claim(Queue.OUT, owner, limit))
        keys = [claim.key for claim in got.claims]
        assert len(set(keys)) == len(keys) == min(limit, len(due))
        assert set(keys) <= due
        for claim in got.claims:
            self.take(self.model[claim.key], claim)
        waits = [lane.due for lane in self.model.values() if lane.due is not None]
        is_full = len(keys) == limit
        assert got.next_due == (None if is_full else min(waits, default=None))

    def take(self, lane: ModelLane, claim: Claim) -> None:
        if lane.holder is not None:
            self.lost.append(lane.holder)
            lane.crash()
        lane.holder = claim
        lane.due = self.clock.now() + POLICY.lease
        alone = lane.alone_upto > lane.ack
        assert claim.ack == lane.ack
        assert claim.alone is alone
        assert claim.upto == (lane.ack + 1 if alone else lane.seq)
        assert (claim.attempts, claim.crashes) == (lane.failures + 1, lane.crashes)
        tasks = self.do(self.store.tasks(claim))
        assert [task.seq for task in tasks] == list(range(claim.ack + 1, claim.upto + 1))

    @precondition(lambda self: bool(self.held()))
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        lane, claim = self.pick(data)
        upto = data.draw(st.integers(claim.ack + 1, claim.upto))
        self.do(self.store.finish(claim, upto))
        lane.end(upto, self.clock.now())

    @precondition(lambda self: bool(self.held()))
    @rule(data=st.data(), seconds=SECONDS)
    def fail(self, data: st.DataObject, seconds: float) -> None:
        lane, claim = self.pick(data)
        single = claim.upto == claim.ack + 1
        died = self.do(self.store.fail(claim, "bug", seconds))
        assert died is (single and claim.attempts >= POLICY.attempts)
        if died:
            lane.end(claim.ack + 1, self.clock.now())
            return
        if not single and claim.attempts >= MERGED_ATTEMPTS:
            lane.failures, lane.alone_upto = 0, claim.upto
        else:
            lane.failures += 1
        lane.let_go(self.clock.now() + round(seconds * 1000))

    @precondition(lambda self: bool(self.held()))
    @rule(data=st.data(), seconds=SECONDS)
    def snooze(self, data: st.DataObject, seconds: float) -> None:
        lane, claim = self.pick(data)
        self.do(self.store.snooze(claim, seconds))
        lane.let_go(self.clock.now() + round(seconds * 1000))

    @precondition(lambda self: bool(self.held()))
    @rule()
    def heartbeat(self) -> None:
        claims = [lane.holder for lane in self.model.values() if lane.holder is not None]
        assert self.do(self.store.heartbeat([*claims, *self.lost])) == self.lost
        for key in self.held():
            self.model[key].due = self.clock.now() + POLICY.lease

    @precondition(lambda self: bool(self.lost))
    @rule(data=st.data(), verb=st.sampled_from(["finish", "snooze", "fail"]))
    def act_too_late(self, data: st.DataObject, verb: str) -> None:
        claim = data.draw(st.sampled_from(self.lost))
        acts: dict[str, Callable[[], Coroutine[Any, Any, object]]] = {
            "finish": lambda: self.store.finish(claim, claim.upto),
            "snooze": lambda: self.store.snooze(claim, 0),
            "fail": lambda: self.store.fail(claim, "late", 0),
        }
        with pytest.raises(LeaseLostError):
            self.do(acts[verb]())

    @rule()
    def free_all(self) -> None:
        """Start again after a kill."""
        held = self.held()
        assert self.do(self.store.db.write(lanes.free_all)) == len(held)
        for key in held:
            lane = self.model[key]
            assert lane.holder is not None
            self.lost.append(lane.holder)
            lane.crash()
            lane.let_go(self.clock.now())

    @rule(seconds=SECONDS)
    def wait(self, seconds: float) -> None:
        self.clock.pass_(seconds)

    @invariant()
    def nothing_ends_twice_or_out_of_order(self) -> None:
        for lane in self.model.values():
            assert lane.ended == list(range(1, lane.ack + 1))

    def teardown(self) -> None:
        """Let everything that waits be finished: no task may be lost."""
        try:
            self.free_all()
            for _ in range(200):
                if all(lane.due is None for lane in self.model.values()):
                    break
                self.clock.pass_(16)
                self.claim("w1", 4)
                for key in self.held():
                    lane = self.model[key]
                    assert lane.holder is not None
                    upto = lane.holder.upto
                    self.do(self.store.finish(lane.holder, upto))
                    lane.end(upto, self.clock.now())
            assert [lane.ack for lane in self.model.values()] == [
                lane.seq for lane in self.model.values()
            ]
        finally:
            self.do(self.stack.aclose())
            self.loop.close()
            shutil.rmtree(self.folder)


def test_lanes_behave_like_the_model(tmp_path: Path, template: Template) -> None:
    path = template.copy_to(tmp_path / "template.db")
    machine = type("BoundMachine", (LanesMachine,), {"template": path})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=150,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
