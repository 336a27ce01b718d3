"""Builds the outside: gateways, model and sheet, each behind its guard."""

import asyncio
import importlib
import logging
import math
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx

from orbion.adapters.channels.evolution import EvolutionChannel, SendTimeouts
from orbion.adapters.guarded import GuardedLLM, judge
from orbion.adapters.llm.late import ClosingLLM, LateLLM
from orbion.adapters.llm.scripted import ScriptedLLM
from orbion.config import AccountSettings, Settings
from orbion.domain.errors import FaultCode, RejectedError
from orbion.kit.breaker import Breaker, BreakerChange, BreakerPolicy
from orbion.kit.concurrency import AdaptiveLimit
from orbion.kit.guard import Guard
from orbion.main.world import World
from orbion.ports import LLM, Channel
from orbion.telemetry.logs import CIRCUIT, log
from orbion.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """Makes the guard of each outside service and remembers it for health and metrics."""

    settings: Settings
    world: World
    metrics: Metrics
    made: dict[str, Guard]

    def make(self, name: str, service: str, *, timeout: float, patience: float = math.inf) -> Guard:
        """Seconds: `timeout` of a call, `patience` before it while too many others run."""

        def on_change(change: BreakerChange) -> None:
            self.metrics.set_circuit(service, change.after)
            log(CIRCUIT, logging.WARNING, name=name, before=change.before, after=change.after)

        breaker = Breaker(
            name,
            policy=BreakerPolicy(open_for=self.settings.breaker_open),
            clock=self.world.clock,
            random=self.world.random,
            on_change=on_change,
        )
        self.metrics.set_circuit(service, breaker.state)
        guard = Guard(
            name,
            breaker=breaker,
            limit=AdaptiveLimit(patience=patience),
            clock=self.world.clock,
            timeout=timeout,
            judge=judge,
            observe=self.metrics.guard_observer(service, "call"),
        )
        self.made[name] = guard
        return guard


def build_channel(
    account: AccountSettings,
    client: httpx.AsyncClient,
    world: World,
    timeout: float,
    *,
    file_timeout: float = 0.0,
) -> Channel:
    """Seconds: a file never has less time than a text."""
    return EvolutionChannel(
        client,
        base_url=str(account.base_url),
        instance=account.instance,
        api_key=account.key(),
        secrets=account.secrets(),
        now=world.clock.now,
        timeouts=SendTimeouts(text=timeout, file=max(timeout, file_timeout)),
    )


def load_openai(settings: Settings, key: str) -> ClosingLLM:
    """Import the SDK and build the provider; slow (up to 1 s), so it is called in a thread."""
    adapter = importlib.import_module("orbion.adapters.llm.openai")
    base_url = settings.openai_base_url
    client = adapter.build_client(
        api_key=key,
        base_url=None if base_url is None else str(base_url),
        timeout=settings.model_deadline,
    )
    provider: ClosingLLM = adapter.OpenAILLM(
        client,
        model=settings.openai_model,
        timeout=settings.model_deadline,
        max_output_tokens=settings.openai_max_output_tokens,
    )
    return provider


def build_llm(settings: Settings, guards: Guards, *, closing: AsyncExitStack) -> LLM:
    """Choose who words the answers; what it opens is closed by `closing`.

    Raises:
        RejectedError: OpenAI is chosen and has no key.
    """
    if guards.world.llm is not None:
        return guards.world.llm
    if settings.llm == "scripted":
        return ScriptedLLM()
    key = settings.openai_key()
    if key is None:
        raise RejectedError(
            FaultCode.INPUT_BAD,
            "ORBION_LLM=openai needs ORBION_OPENAI_API_KEY or ORBION_OPENAI_API_KEY_FILE",
        )
    arriving = asyncio.ensure_future(asyncio.to_thread(load_openai, settings, key))
    guard = guards.make("openai", "openai", timeout=settings.model_deadline)
    late = LateLLM(arriving)
    closing.push_async_callback(late.close)
    return GuardedLLM(late, guard)
