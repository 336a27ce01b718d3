"""Operators see each circuit and order what it does; each order is written down first."""

import random
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from orbion.domain.errors import FaultCode, UnavailableError
from orbion.kit.breaker import Breaker, BreakerMode, BreakerOpenError, BreakerPolicy
from orbion.kit.concurrency import AdaptiveLimit
from orbion.kit.guard import Guard, Outcome, Verdict
from tests.unit.web.house import OPERATOR, House, StillClock, house

NAME = {"name": "whatsapp:loja"}


def guard_of(name: str) -> Guard:
    clock = StillClock()
    return Guard(
        name,
        breaker=Breaker(
            name,
            policy=BreakerPolicy(),
            clock=clock,
            random=random.Random(1),
            on_change=lambda _: None,
        ),
        limit=AdaptiveLimit(),
        clock=clock,
        timeout=1.0,
        judge=lambda _: Verdict(outcome=Outcome.failure),
        observe=lambda *_: None,
    )


@pytest.fixture
async def orbion() -> AsyncGenerator[House]:
    guards = {name: guard_of(name) for name in ("whatsapp:loja", "openai")}
    async with house(guards=guards) as built:
        yield built


async def ordered(orbion: House, verb: str, body: Any = NAME) -> Any:
    return await orbion.client.post(f"/admin/breakers/{verb}", headers=OPERATOR, json=body)


async def test_circuits_are_listed_with_their_calls(orbion: House) -> None:
    guard = orbion.state.guards["whatsapp:loja"]

    async def answered() -> None:
        """Do nothing."""

    async def broken() -> None:
        raise OSError

    await guard(answered)
    for _ in range(5):
        with pytest.raises(OSError):  # noqa: PT011 nothing else is raised here
            await guard(broken)
    with pytest.raises(BreakerOpenError):
        await guard(answered)
    listed = (await orbion.client.get("/admin/breakers", headers=OPERATOR)).json()["items"]
    assert [item["name"] for item in listed] == ["openai", "whatsapp:loja"]
    found = listed[1]
    assert (found["state"], found["mode"], found["in_flight"]) == ("open", "automatic", 0)
    assert 20 < found["retry_after"] < 40
    assert found["breaker"] == {
        "total": 7,
        "ok": 1,
        "failed": 5,
        "rejected": 1,
        "timed_out": 0,
        "slow": 0,
    }


async def test_each_order_is_done_and_written_down(orbion: House) -> None:
    breaker = orbion.state.guards["whatsapp:loja"].breaker
    expected = {"open": ("open", "forced_open"), "close": ("closed", "forced_closed")}
    for verb, (state, mode) in {**expected, "reset": ("closed", "automatic")}.items():
        answer = await ordered(orbion, verb)
        assert (answer.status_code, answer.json()["state"], answer.json()["mode"]) == (
            200,
            state,
            mode,
        )
        assert breaker.mode == mode
        assert orbion.desk.changes.pop() == ("admin", f"breaker.{verb}", "whatsapp:loja")


async def test_what_an_operator_holds_open_no_recovery_closes(orbion: House) -> None:
    guard = orbion.state.guards["whatsapp:loja"]
    guard.breaker.force_open("credential refused")
    await ordered(orbion, "open")
    guard.recover()
    modes = [guard.breaker.mode]
    await ordered(orbion, "reset")
    modes.append(guard.breaker.mode)
    assert modes == [BreakerMode.forced_open, BreakerMode.automatic]


async def test_an_order_that_cannot_be_written_down_is_not_done(orbion: House) -> None:
    orbion.desk.fault = UnavailableError(FaultCode.DB_DOWN, "down", retry_after=1.0)
    assert (await ordered(orbion, "open")).status_code == 503
    assert orbion.state.guards["whatsapp:loja"].breaker.mode is BreakerMode.automatic


async def test_an_unknown_circuit_is_a_404_that_names_the_known(orbion: House) -> None:
    answer = await ordered(orbion, "open", {"name": "whatsapp:lua"})
    assert answer.status_code == 404
    assert answer.json()["detail"].endswith("there are: openai, whatsapp:loja")
    assert (await ordered(orbion, "open", {"name": "x", "why": "y"})).status_code == 422
