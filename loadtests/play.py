"""Plays one load run against `orbion serve` and tells what both sides saw."""

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Final

import httpx
import msgspec
import psutil
import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send

from loadtests.gateway import SETTLING_SECONDS, Customers, Tally
from loadtests.http1 import HOST
from loadtests.processes import (
    ROOT,
    Program,
    database_in,
    free_port,
    orbion_environment,
    serving,
)
from loadtests.scenarios import QUIET_SECONDS, Scenario
from orbion.domain.reply import Reply, ReplyBubble
from orbion.kit.clock import SystemClock
from orbion.simulators.asgi import Answer, read_request, respond
from orbion.simulators.faults import ModelFaults
from orbion.simulators.openai import OpenAISimulator
from orbion.simulators.tcp import serve

MODEL_KEY: Final = "the-key-of-the-simulated-model"
WORDS: Final = (
    "Oi! Sou o assistente virtual da loja. Me conta: o que você procura?",
    "Entendi. E é para casa ou para empresa?",
    "Obrigado! Qual é a sua cidade?",
    "Anotado. Prefere falar de manhã ou à tarde?",
)
_CACHE: Final = re.compile(
    rb'^orbion_cache_requests_total\{cache="([^"]+)",result="(hit|miss)"\} ([0-9.e+]+)',
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """Times in seconds; CPU as a share of one core; `own` = answers less quiet and model time."""

    scenario: Scenario
    tally: Tally
    own: Sequence[float]
    model_calls: int
    service_cpu: float
    driver_cpu: float
    rss_mb: float
    cache_hits: Mapping[str, float]


def play(scenario: Scenario) -> Played:
    """Start the service on an empty database, let the customers write, wait for the answers."""
    with tempfile.TemporaryDirectory() as name:
        folder, gateway, model = Path(name), free_port(), free_port()
        settings = {**scenario.settings, **_model_settings(scenario, model)}
        environment = orbion_environment(folder, gateway=f"http://{HOST}:{gateway}", **settings)
        with serving(folder, environment) as program:
            return uvloop.run(_play(scenario, program, gateway, model, database_in(folder)))


def _model_settings(scenario: Scenario, port: int) -> Mapping[str, object]:
    if scenario.model_ms is None:
        return {}
    return {
        "llm": "openai",
        "openai_api_key": MODEL_KEY,
        "openai_base_url": f"http://{HOST}:{port}/v1",
        "brl_per_usd": 0.0001,  # the playbook's own budget is not what a run measures
    }


async def _play(
    scenario: Scenario, program: Program, gateway: int, port: int, database: Path
) -> Played:
    customers, driver = Customers(program.port), psutil.Process()
    async with AsyncExitStack() as stack:
        calls = await stack.enter_async_context(_model(scenario, port))
        await stack.enter_async_context(customers.listening(gateway))
        control = await stack.enter_async_context(serve(_control(customers)))
        await asyncio.sleep(SETTLING_SECONDS)
        before, ours = program.cpu_seconds(), _cpu_of(driver)
        await _locust(scenario, control)
        spent = program.cpu_seconds() - before
        driven = _cpu_of(driver) - ours
        await customers.settled()
        tally = customers.tally(database)
        async with httpx.AsyncClient() as client:
            exposed = (await client.get(f"http://{HOST}:{program.port}/metrics")).content
        return Played(
            scenario=scenario,
            tally=tally,
            own=_own(scenario, tally),
            model_calls=len(calls),
            service_cpu=spent / scenario.seconds,
            driver_cpu=driven / scenario.seconds,
            rss_mb=program.rss_mb(),
            cache_hits=_hit_rates(exposed),
        )


@asynccontextmanager
async def _model(scenario: Scenario, port: int) -> AsyncGenerator[Sequence[object]]:
    if scenario.model_ms is None:
        yield ()
        return
    words = cycle(WORDS)
    simulator = OpenAISimulator(
        lambda _: Reply(bubbles=(ReplyBubble(text=next(words)),)).to_json(),
        api_key=MODEL_KEY,
        random=Random(1),
        now=SystemClock().now,
        faults=ModelFaults(latency_ms=(scenario.model_ms, scenario.model_ms)),
    )
    async with serve(simulator, host=HOST, port=port):
        yield simulator.journal


def _control(customers: Customers) -> ASGIApp:
    """POST /say {phone, text}: taken at once, so that no customer waits for another's answer."""
    asking: set[asyncio.Task[object]] = set()

    async def control(scope: Scope, receive: Receive, send: Send) -> None:
        request = await read_request(scope, receive)
        said = msgspec.json.decode(request.body, type=dict[str, str])
        task: asyncio.Task[object] = asyncio.create_task(customers.ask(said["phone"], said["text"]))
        asking.add(task)
        task.add_done_callback(asking.discard)
        await respond(Answer(status=202, body={}), scope, receive, send)

    return control


async def _locust(scenario: Scenario, control: str) -> None:
    locust = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py"),
        *("--headless", "--loglevel", "WARNING", "--host", control),
        *("--messages-a-minute", str(scenario.rate), "--seconds", str(scenario.seconds)),
        *("--customers", str(scenario.customers)),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path[1:]])},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    await locust.wait()


def _cpu_of(driver: psutil.Process) -> float:
    """Seconds of this process and of the customers that it has waited for."""
    times = driver.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def _own(scenario: Scenario, tally: Tally) -> list[float]:
    """What an answer took beside the quiet time and one call of the model; a second call is ours.

    Empty where the waits are not known.
    """
    if not scenario.is_bare:
        return []
    waits = QUIET_SECONDS + (scenario.model_ms or 0) / 1000
    return [answer - waits for answer in tally.answers]


def _hit_rates(exposed: bytes) -> dict[str, float]:
    counts: dict[str, dict[bytes, float]] = {}
    for cache, result, count in _CACHE.findall(exposed):
        counts.setdefault(cache.decode(), {})[result] = float(count)
    return {
        cache: found.get(b"hit", 0.0) / sum(found.values())
        for cache, found in counts.items()
        if sum(found.values())
    }
