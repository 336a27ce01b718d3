"""Alive, ready, healthy: three questions with three answers that do not depend on each other."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Literal

import pytest

from orbion.domain.errors import FaultCode, UnavailableError
from orbion.kit.health import Check, CheckResult, Fact, Status
from tests.unit.web.house import OPERATOR, House, house

DOWN = UnavailableError(FaultCode.DB_LOCKED, "locked")


@pytest.fixture
async def orbion() -> AsyncGenerator[House]:
    async with house() as built:
        yield built


def check(
    name: str,
    status: Status,
    *,
    critical: bool = False,
    observed: Fact = None,
    summary: str = "",
    kind: Literal["component", "system"] = "component",
) -> Check:
    async def probe() -> CheckResult:
        return CheckResult(status=status, summary=summary, observed=observed, facts={"known": True})

    return Check(
        name=name, critical=critical, measures="responseTime", unit="ms", kind=kind, probe=probe
    )


async def test_a_process_with_nothing_configured_is_healthy_live_and_ready(orbion: House) -> None:
    for path in ("/health", "/health/live", "/health/ready", "/health/detailed"):
        answer = await orbion.client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-type"] == "application/health+json"


@pytest.mark.parametrize(
    ("status", "critical", "overall", "word", "code"),
    [
        (Status.healthy, True, "healthy", "pass", 200),
        (Status.degraded, True, "degraded", "warn", 200),
        (Status.unhealthy, False, "degraded", "warn", 200),
        (Status.unhealthy, True, "unhealthy", "fail", 503),
    ],
)
async def test_only_a_critical_part_makes_the_whole_unhealthy(
    status: Status,
    critical: bool,  # noqa: FBT001 - a row of the table
    overall: str,
    word: str,
    code: int,
) -> None:
    async with house(checks=[check("openai", status, critical=critical)]) as orbion:
        await orbion.state.board.probe_all()
        answer = await orbion.client.get("/health")
        said = answer.json()
        assert (answer.status_code, said["status"], said["level"]) == (code, word, overall)
        assert (await orbion.client.get("/health/ready")).status_code == 200
        assert (await orbion.client.get("/health/live")).status_code == 200


async def test_a_body_is_health_json_by_component_and_measurement() -> None:
    fine = check("disk", Status.healthy, critical=True, observed=41.5, kind="system")
    ill = check("whatsapp:loja", Status.unhealthy, summary="timed out")
    also = check("whatsapp:outra", Status.degraded, observed=7)
    async with house(checks=[fine, ill, also]) as orbion:
        await orbion.state.board.probe_all()
        said = (await orbion.client.get("/health")).json()
    same = {"time": "2026-11-20T10:20:00.000+00:00", "seconds": 0.0, "facts": {"known": True}}
    assert said["checks"] == {
        "disk:responseTime": [
            {
                "componentType": "system",
                "observedValue": 41.5,
                "observedUnit": "ms",
                "status": "pass",
                "critical": True,
                **same,
            }
        ],
        "whatsapp:responseTime": [
            {
                "componentId": "loja",
                "componentType": "component",
                "status": "fail",
                "output": "timed out",
                "critical": False,
                **same,
            },
            {
                "componentId": "outra",
                "componentType": "component",
                "observedValue": 7,
                "observedUnit": "ms",
                "status": "warn",
                "critical": False,
                **same,
            },
        ],
    }


async def test_a_store_that_cannot_write_is_not_ready_but_alive(orbion: House) -> None:
    orbion.probe.fault = DOWN
    answer = await orbion.client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json() == {"status": "fail", "reason": "db.locked"}
    assert (await orbion.client.get("/health/live")).status_code == 200


async def test_the_store_is_asked_once_a_second_however_many_ask_and_even_if_it_fails(
    orbion: House,
) -> None:
    for fault in (None, DOWN):
        orbion.probe.fault = fault
        orbion.clock.seconds += 1.1
        asked = [orbion.client.get("/health/ready") for _ in range(50)]
        statuses = {answer.status_code for answer in await asyncio.gather(*asked)}
        assert statuses == {503 if fault else 200}
    assert orbion.probe.writes == 2


async def test_a_reserve_that_is_used_up_is_not_ready(orbion: House) -> None:
    orbion.disk["free"] = 999
    answer = await orbion.client.get("/health/ready")
    assert (answer.status_code, answer.json()["reason"]) == (503, "disk reserve reached")
    assert orbion.probe.writes == 0


async def test_a_loop_without_a_beat_for_a_minute_is_stuck(orbion: House) -> None:
    orbion.clock.seconds += 61
    orbion.state.heartbeats["loop"].beat()
    answer = await orbion.client.get("/health/live")
    assert answer.status_code == 503
    assert answer.json() == {"status": "fail", "stuck": ["replies"]}
    orbion.state.heartbeats["replies"].beat()
    assert (await orbion.client.get("/health/live")).status_code == 200


async def test_the_details_hold_every_part() -> None:
    sections = {
        "breakers": lambda: {"openai": "closed"},
        "versions": lambda: {"orbion": "0.1.0"},
    }
    async with house(checks=[check("sheets", Status.degraded)], sections=sections) as orbion:
        await orbion.state.board.probe_all()
        detail = (await orbion.client.get("/health/detailed")).json()
    assert (detail["status"], detail["level"]) == ("warn", "degraded")
    assert detail["store"]["depth"] == {"in": 3}
    assert detail["breakers"] == {"openai": "closed"}
    assert detail["versions"] == {"orbion": "0.1.0"}
    assert set(detail["heartbeats"]) == {"loop", "replies"}


async def test_details_are_shown_with_the_store_down(orbion: House) -> None:
    orbion.probe.fault = DOWN
    detail = (await orbion.client.get("/health/detailed")).json()
    assert (detail["ready"], detail["store"]) == (False, None)


async def test_details_and_metrics_can_be_closed_with_a_key() -> None:
    async with house(observer_key="observer-key") as orbion:
        for path in ("/health", "/health/live", "/health/ready"):
            assert (await orbion.client.get(path)).status_code == 200
        for path in ("/health/detailed", "/metrics", "/api/metrics", "/api/metrics/summary"):
            assert (await orbion.client.get(path)).status_code == 401
            orbion.clock.seconds += 60
            for key in ({"authorization": "Bearer observer-key"}, OPERATOR):
                assert (await orbion.client.get(path, headers=key)).status_code == 200


async def test_metrics_are_prometheus_text_or_json(orbion: House) -> None:
    text = await orbion.client.get("/metrics")
    assert text.headers["content-type"].startswith("text/plain; version=")
    assert "# TYPE orbion_webhook_requests_total counter" in text.text
    for path in ("/metrics?format=json", "/api/metrics"):
        assert "totals" in (await orbion.client.get(path)).json()
    assert "1m" in (await orbion.client.get("/api/metrics/summary")).json()


async def test_a_reset_needs_the_admin_key_and_leaves_the_counters(orbion: House) -> None:
    await orbion.post(b"{}")
    assert (await orbion.client.post("/api/metrics/reset")).status_code == 401
    done = await orbion.client.post("/api/metrics/reset", headers=OPERATOR)
    assert (done.status_code, done.json()) == (200, {"reset": True})
    requests = "orbion_webhook_requests_total"
    assert orbion.metric(requests, channel="evolution", outcome="quarantined") == 1
