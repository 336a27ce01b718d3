"""The composition root chooses the model, refuses what is wrong, and watches what it built."""

import random
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from orbion.adapters.guarded import GuardedLLM
from orbion.adapters.llm.scripted import ScriptedLLM
from orbion.domain.errors import RejectedError, UnavailableError
from orbion.domain.lanes import Queue
from orbion.kit.clock import SystemClock
from orbion.main.build import build, serving
from orbion.main.outside import Guards, build_llm
from orbion.main.world import World, in_thread, real_world, thread
from orbion.telemetry.metrics import Metrics
from tests.support.ledger import RecordedLedger
from tests.support.service import settings_for
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
    assert given.made["openai"].statistics.failure == 1


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
