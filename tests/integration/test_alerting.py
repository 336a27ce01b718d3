"""Faults of running services, told by a real Prometheus and Alertmanager: each its alerts only.

The rules are the shipped ones, sixty times faster (`shortened`): a minute is a second.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from orbion.domain.reply import Reply, ReplyBubble
from orbion.kit.clock import SystemClock
from orbion.simulators.faults import ModelFaults
from orbion.simulators.openai import OpenAISimulator
from orbion.simulators.tcp import serve
from tests.support.alerts import panel_queries, program
from tests.support.monitoring import Monitoring, monitoring
from tests.support.service import Stage, settings_for, stage

WINDOW: Final = "$__rate_interval"
KEY: Final = "sk-certa-123456"
MODEL: Final = {"llm": "openai", "openai_api_key": KEY, "budget_day": 100.0}
FIRST_SCRAPES_S: Final = 2.0
TOLD_S: Final = 45.0
NOTHING_MORE_S: Final = 1.0
SILENT: Final = {
    "orbion_outbound_ambiguous_total": "no send had an unknown outcome",
    "orbion_tool_calls_total": "the simulated model answers without tools",
    "orbion_lane_lost_total": "no lease ran out",
    "orbion_gap_healed_total": "every webhook came",
    "orbion_retry_total": "no call was made again",
    "orbion_failures_total": "what failed was refused for good",
    "orbion_clock_skew_seconds": "the simulated gateway tells no date",
    "orbion_notices_total": "nobody asked for a person",
    "orbion_lead_cost_microusd": "leads are counted each minute, and none had come at the first",
    "orbion_releases_total": "no person had taken over",
}
"""What no panel can show of this run, because it did not happen."""


def in_contract(_request: object) -> str:
    return Reply(bubbles=(ReplyBubble(text="Oi! Como posso ajudar?"),)).to_json()


async def nothing(_on_stage: Stage) -> None:
    """Leave it in peace."""


async def closes(on_stage: Stage) -> None:
    on_stage.gateway.connection("loja", "close", reason=401)


async def refuses_a_send(on_stage: Stage) -> None:
    """The customer gives up WhatsApp as soon as the question is out."""
    loja = on_stage.gateway.instances["loja"]
    on_stage.gateway.customer_says("loja", "5511900000077", "oi")
    loja.known.clear()
    loja.absent.add("5511900000077")


async def speaks_nonsense(on_stage: Stage) -> None:
    assert (await on_stage.post(b"not json")).is_success


async def asks_the_model(on_stage: Stage) -> None:
    on_stage.gateway.customer_says("loja", "5511900000078", "oi")


async def has_a_wrong_secret(on_stage: Stage) -> None:
    for _ in range(8):
        answer = await on_stage.post(b"{}", authorization="Bearer errado")
        assert answer.status_code == 401


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is done to a service, and which alerts somebody is told, besides the watchdog."""

    alerts: frozenset[str] = frozenset()
    inject: Callable[[Stage], Awaitable[None]] = nothing
    settings: Mapping[str, Any] = field(default_factory=dict)
    is_down: bool = False


MATRIX: Final[Mapping[str, Fault]] = {
    "healthy": Fault(settings=MODEL),
    "disconnected": Fault(inject=closes, alerts=frozenset({"OrbionWhatsAppDisconnected"})),
    "dead letter": Fault(inject=refuses_a_send, alerts=frozenset({"OrbionDeadLetters"})),
    "quarantine": Fault(inject=speaks_nonsense, alerts=frozenset({"OrbionQuarantine"})),
    "circuit": Fault(
        inject=asks_the_model,
        settings=MODEL | {"openai_api_key": "sk-errada-123456"},
        alerts=frozenset({"OrbionCircuitOpen", "OrbionCircuitOpenLong", "OrbionModelUnreachable"}),
    ),
    "disk": Fault(settings={"disk_reserve": 2**60}, alerts=frozenset({"OrbionDiskFull"})),
    "wrong secret": Fault(inject=has_a_wrong_secret, alerts=frozenset({"OrbionWebhooksRefused"})),
    "down": Fault(is_down=True, alerts=frozenset({"OrbionDown"})),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One running service for each row of the matrix, scraped by one Prometheus."""

    stages: Mapping[str, Stage]
    servers: Mapping[str, AsyncExitStack]
    watched: Monitoring

    def told(self) -> Mapping[str, set[str]]:
        return {name: self.watched.pager.alerts_of(name) for name in MATRIX}


@asynccontextmanager
async def running(folder: Path) -> AsyncGenerator[Run]:
    stages: dict[str, Stage] = {}
    servers: dict[str, AsyncExitStack] = {}
    targets: dict[str, str] = {}
    model = OpenAISimulator(
        in_contract,
        api_key=KEY,
        random=random.Random(1),
        now=SystemClock().now,
        faults=ModelFaults(),
    )
    backups = folder / "backups"
    backups.mkdir()
    (backups / "today.db").touch()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serve(model))
        for name, fault in MATRIX.items():
            (folder / name).mkdir()
            changes = {"openai_base_url": f"{url}/v1", "backup_folder": backups, **fault.settings}
            settings = settings_for(folder / name, **changes)
            stages[name] = await stack.enter_async_context(stage(settings))
            servers[name] = await stack.enter_async_context(AsyncExitStack())
            address = await servers[name].enter_async_context(serve(stages[name].app))
            targets[name] = address.removeprefix("http://")
        watched = await stack.enter_async_context(monitoring(targets, folder))
        yield Run(stages=stages, servers=servers, watched=watched)


async def until(holds: Callable[[], Awaitable[object]], seconds: float, what: Any) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not await holds():
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(what()) from None


async def load(on_stage: Stage) -> None:
    """Ten customers who ask twice, one webhook twice, and a wrong secret that is no burst."""
    for question in range(1, 3):
        for number in range(10):
            on_stage.gateway.customer_says("loja", f"55119000001{number:02d}", "quanto custa?")
            await asyncio.sleep(0.1)
        await on_stage.answers(10 * question)
    await on_stage.post(on_stage.gateway.deliveries[0].body)
    assert (await on_stage.post(b"{}", authorization="Bearer errado")).status_code == 401


async def empty_panels(watched: Monitoring) -> Sequence[str]:
    """The panels without data that have no reason to be empty; each query is judged anyway."""
    queries = [(panel, expr.replace(WINDOW, "20s")) for panel, expr in panel_queries()]
    found = [(panel, expr, await watched.query(expr)) for panel, expr in queries]
    return [
        f"{panel}: {expr}"
        for panel, expr, value in found
        if not value and not any(metric in expr for metric in SILENT)
    ]


@pytest.mark.timeout(150)
async def test_each_fault_raises_exactly_its_alerts_and_the_dashboards_show_the_run(
    tmp_path: Path,
) -> None:
    program("prometheus")
    program("prometheus-alertmanager", "alertmanager")
    async with running(tmp_path) as run:

        async def scraped() -> bool:
            return len(await run.watched.query("up == 1")) == len(MATRIX)

        await until(scraped, 20.0, lambda: "not every service was scraped")
        await asyncio.sleep(FIRST_SCRAPES_S)  # what grows is seen only after its first sample
        pager = run.watched.pager
        unscraped = pager.alerts_of("") & {"OrbionDown"}  # of before the first scrape
        for name, fault in MATRIX.items():
            await fault.inject(run.stages[name])
            if fault.is_down:
                await run.servers[name].aclose()
        await load(run.stages["healthy"])

        async def all_told() -> bool:
            return all(MATRIX[name].alerts <= told for name, told in run.told().items())

        await until(all_told, TOLD_S, run.told)
        await asyncio.sleep(NOTHING_MORE_S)
        assert run.told() == {name: set(fault.alerts) for name, fault in MATRIX.items()}
        assert pager.alerts_of("") == {"OrbionWatchdog"} | unscraped
        receivers = {(name, receiver) for _, name, receiver in run.watched.pager.told}
        assert ("OrbionWatchdog", "watchdog") in receivers
        assert ("OrbionDown", "pager") in receivers
        assert ("OrbionQuarantine", "tickets") in receivers

        async def burst_is_over() -> bool:
            return ("wrong secret", "OrbionWebhooksRefused") in run.watched.pager.ended

        await until(burst_is_over, 15.0, lambda: run.watched.pager.ended)
        assert await empty_panels(run.watched) == []
        exemplars = await run.watched.exemplars("orbion_webhook_ack_seconds_bucket")
        assert all(len(each["labels"]["trace_id"]) == 32 for each in exemplars)
        assert exemplars
