"""Operators' requests are counted and timed by their route's template, and by nothing else."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.web.house import OPERATOR, House, house

Counts = Mapping[tuple[str, ...], float]


def counted(orbion: House) -> Counts:
    """By method, route and class of status."""
    return {
        tuple(each.labels[name] for name in ("method", "route", "status")): each.value
        for metric in orbion.state.metrics.collect()
        for each in metric.samples
        if each.name == "orbion_http_requests_total"
    }


async def test_a_route_is_counted_by_its_template_and_class_of_status() -> None:
    async with house() as orbion:
        for number in (404, 405):
            await orbion.client.get(f"/admin/conversations/{number}", headers=OPERATOR)
        await orbion.client.get("/admin/conversations", headers=OPERATOR)
        await orbion.client.get("/admin/conversations")
        assert counted(orbion) == {
            ("GET", "/admin/conversations/{conversation_id}", "4xx"): 2,
            ("GET", "/admin/conversations", "2xx"): 1,
            ("GET", "/admin/conversations", "4xx"): 1,
        }


async def test_what_no_route_took_is_all_the_same() -> None:
    async with house() as orbion:
        await orbion.client.get("/wp-login.php")
        await orbion.client.get("/.env?5511900000001")
        await orbion.client.delete("/metrics")
        await orbion.client.request("BREW", "/metrics")
        assert counted(orbion) == {("none", "none", "4xx"): 4}


async def test_webhooks_and_probes_cost_nothing_more() -> None:
    async with house() as orbion:
        await orbion.post(b"{}")
        for path in ("/health", "/health/live", "/health/ready"):
            await orbion.client.get(path)
        assert counted(orbion) == {}


async def test_a_request_is_timed_and_one_that_fails_is_an_error_too() -> None:
    sections: dict[str, Any] = {"versions": dict}
    async with house(sections=sections) as orbion:

        def wait() -> Mapping[str, str]:
            orbion.clock.seconds += 0.3
            return {}

        sections["slow"] = wait
        await orbion.client.get("/health/detailed")
        sections["broken"] = None
        with pytest.raises(TypeError):
            await orbion.client.get("/health/detailed")
        route = ("GET", "/health/detailed")
        assert counted(orbion) == {(*route, "2xx"): 1, (*route, "5xx"): 1}
        seconds = "orbion_http_request_seconds"
        labels = dict(zip(("method", "route"), route, strict=True))
        assert orbion.metric(f"{seconds}_count", **labels) == 2
        assert orbion.metric(f"{seconds}_sum", **labels) == 0.6
        orbion.clock.seconds += 10
        summed = (await orbion.client.get("/api/metrics/summary")).json()["1m"]["operators"]
        assert summed["statuses"]["5xx"] == {"count": 1, "percent": 50}
        rows = (await orbion.client.get("/api/metrics")).json()["windows"]["1m"][seconds]
        (detailed,) = (each for each in rows if each["labels"]["route"] == "/health/detailed")
        assert (detailed["count"], detailed["mean"]) == (2, 0.3)
