"""The composition root chooses the model, refuses what is wrong, and watches what it built."""

import asyncio
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from orbion.adapters.guarded import GuardedLLM
from orbion.adapters.llm.scripted import ScriptedLLM
from orbion.domain.errors import FaultCode, RejectedError, UnavailableError
from orbion.domain.lanes import Queue
from orbion.domain.notices import Notice
from orbion.kit.breaker import BreakerChange, BreakerMode, BreakerState
from orbion.kit.clock import SystemClock
from orbion.main.build import build, serving
from orbion.main.outside import Guards, build_llm
from orbion.main.telling import CircuitNews, owners_of
from orbion.main.world import World, in_thread, real_world, thread
from orbion.ports import Notices
from orbion.telemetry.metrics import Metrics
from tests.support.ledger import RecordedLedger
from tests.support.playbooks import solar
from tests.support.service import settings_for
from tests.support.stores import LOJA
from tests.support.turns import SaidLLM, prompt
from tests.usecases.stage import counted


def world(**changes: Any) -> World:
    given: dict[str, Any] = {
        "clock": SystemClock(),
        "random": random.Random(1),
        "transport": None,
        "executor": thread,
        "run_blocking": in_thread,
    }
    return World(**(given | changes))


def guards(folder: Path, **settings: Any) -> Guards:
    return Guards(
        settings=settings_for(folder, **settings), world=world(), metrics=Metrics(), made={}
    )


# The model


def test_without_more_the_script_words_the_answers(tmp_path: Path) -> None:
    given = guards(tmp_path)
    assert isinstance(
        build_llm(given.settings, given, RecordedLedger(), closing=AsyncExitStack()), ScriptedLLM
    )


def test_openai_without_a_key_is_refused_with_the_fix(tmp_path: Path) -> None:
    given = guards(tmp_path, llm="openai")
    with pytest.raises(RejectedError, match="needs ORBION_OPENAI_API_KEY or ORBION_OPENAI_API_KEY"):
        build_llm(given.settings, given, RecordedLedger(), closing=AsyncExitStack())


async def test_openai_stands_behind_its_guard(tmp_path: Path) -> None:
    given = guards(
        tmp_path,
        llm="openai",
        openai_api_key="sk-teste",
        openai_base_url="http://127.0.0.1:9/v1",
        model_deadline=5,
    )
    llm = build_llm(given.settings, given, RecordedLedger(), closing=AsyncExitStack())
    assert isinstance(llm, GuardedLLM)
    with pytest.raises(UnavailableError):
        await llm.complete(prompt("oi"))
    assert 1 <= given.made["openai"].statistics.failure <= 3


async def test_a_model_of_the_world_wins(tmp_path: Path) -> None:
    said = SaidLLM(lambda _: "{}")
    given = Guards(
        settings=settings_for(tmp_path, llm="openai"),
        world=world(llm=said),
        metrics=Metrics(),
        made={},
    )
    assert build_llm(given.settings, given, RecordedLedger(), closing=AsyncExitStack()) is said


# Guards


def test_a_circuit_that_changes_is_seen_in_the_metrics(tmp_path: Path) -> None:
    given = guards(tmp_path)
    guard = given.make("whatsapp:loja", "whatsapp", timeout=1)
    assert counted(given.metrics, "circuit_state", "whatsapp:loja", "closed") == 1
    guard.breaker.force_open("test")
    assert counted(given.metrics, "circuit_state", "whatsapp:loja", "closed") == 0
    assert given.made == {"whatsapp:loja": guard}


# Who is told


@pytest.mark.parametrize("secret", [None, "curto"])
async def test_a_webhook_without_a_good_secret_is_refused(
    tmp_path: Path, secret: str | None
) -> None:
    changes = {"events_url": "http://receiver/x", "events_secret": secret}
    with pytest.raises(RejectedError, match="ORBION_EVENTS_URL needs ORBION_EVENTS_SECRET"):
        async with build(settings_for(tmp_path, **changes), world()):
            pytest.fail("it was built")


def test_the_account_names_its_owner_before_the_playbook_does() -> None:
    book = solar()
    book = replace(book, handoff=replace(book.handoff, owner_phone="5511922223333"))
    named = replace(LOJA, id="filial", owner_phone="5511911112222")
    owner_of = owners_of({"loja": LOJA, "filial": named}, {"loja": book, "filial": book})
    assert [owner_of("loja"), owner_of("filial")] == ["5511922223333", "5511911112222"]


@dataclass(slots=True)
class Ledge:
    """A store that is down at first."""

    kept: list[Notice] = field(default_factory=list)
    downs: int = 1

    async def announce(self, notice: Notice) -> None:
        if self.downs:
            self.downs -= 1
            raise UnavailableError(FaultCode.DB_BUSY, "busy")
        self.kept.append(notice)


async def test_news_that_the_store_cannot_take_are_kept_and_own_news_are_none() -> None:
    news, ledge = CircuitNews(SystemClock()), Ledge()
    for circuit, after in (("a", "open"), ("events", "open"), ("b", "closed"), ("c", "open")):
        news(circuit, changed(circuit, BreakerState(after)))
    with pytest.raises(UnavailableError):
        await news.run(cast("Notices", ledge))
    running = asyncio.ensure_future(news.run(cast("Notices", ledge)))
    await asyncio.sleep(0)
    running.cancel()
    assert [each.details["circuit"] for each in ledge.kept] == ["a", "c"]


def changed(circuit: str, after: BreakerState) -> BreakerChange:
    return BreakerChange(
        name=circuit,
        before=BreakerState.closed,
        after=after,
        mode=BreakerMode.automatic,
        reason="x",
    )


# The whole


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"playbook": "nada"}, "nada"),
        ({"evolution_instance": None}, "instance"),
        ({"evolution_api_key": None}, "has no key"),
        ({"evolution_webhook_secret": "curto"}, "webhook_secrets"),
        ({"llm": "openai"}, "ORBION_OPENAI_API_KEY"),
    ],
)
async def test_what_is_wrong_is_refused_before_anything_runs(
    changes: dict[str, Any], says: str, tmp_path: Path
) -> None:
    with pytest.raises(RejectedError, match=says):
        async with build(settings_for(tmp_path, **changes), world()):
            pytest.fail("it was built")


async def test_without_any_account_it_serves_and_is_healthy(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, evolution_url=None)
    async with serving(settings, world()) as state:
        await state.board.probe_all()
        assert state.board.status == "healthy"
        assert set(state.board.results) == {"database", "disk"}


async def test_everything_that_is_built_is_watched(tmp_path: Path) -> None:
    async with build(settings_for(tmp_path), real_world()) as service:
        state = service.state
        assert set(state.heartbeats) == {"event_loop", *(f"queue:{queue}" for queue in Queue)}
        details = {name: look() for name, look in state.sections.items()}
        assert set(details["circuits"]) == {"sheets:sol", "whatsapp:loja"}
        assert set(details) == {"circuits", "caches", "system", "versions"}
        assert details["system"]["uptime_seconds"] >= 0


async def test_what_is_counted_elsewhere_is_in_the_metrics_when_they_are_read(
    tmp_path: Path,
) -> None:
    async with build(settings_for(tmp_path), world()) as service:
        service.state.receive.last_seen["loja"] = service.state.clock.now() - 5_000
        for _ in range(3):
            await service.store.history(1, 1)
        assert counted(service.metrics, "cache_requests_total", "history", "miss") == 1
        assert counted(service.metrics, "cache_requests_total", "history", "hit") == 2
        assert counted(service.metrics, "webhook_age_seconds", "loja") == pytest.approx(5, abs=1)
