"""Builds the outside: gateways and model, each behind its guard."""

import asyncio
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import httpx

from orbion.adapters.channels.evolution import EvolutionChannel, SendTimeouts
from orbion.adapters.channels.evolution_archive import EvolutionArchive
from orbion.adapters.channels.evolution_care import EvolutionGateway
from orbion.adapters.guarded import (
    GuardedArchive,
    GuardedChannel,
    GuardedGateway,
    GuardedLLM,
    GuardedProvider,
    judge,
)
from orbion.adapters.llm.late import ClosingLLM, LateLLM
from orbion.adapters.llm.scripted import ScriptedLLM
from orbion.config import Settings
from orbion.config.account import AccountSettings
from orbion.domain.errors import FaultCode, RejectedError, code_of
from orbion.domain.events import WebhookRequest
from orbion.domain.gateway_webhook import Target, webhook_path
from orbion.kit.breaker import Breaker, BreakerChange, BreakerPolicy
from orbion.kit.concurrency import AdaptiveLimit
from orbion.kit.guard import Guard, Verdict
from orbion.kit.limiter import Limiter, Rate
from orbion.kit.retry import Retries, RetryBudget
from orbion.main.measuring import MeasuredLLM
from orbion.main.metering import MeteredLLM, limits_of, shipped_prices
from orbion.main.world import World
from orbion.ports import LLM, Archive, Channel, Gateway, Ledger, Provider
from orbion.telemetry.logs import CIRCUIT, log
from orbion.telemetry.metrics import Metrics

# A bubble that waits has already looked whether a person took over: more would break promise P9.
_SLOT_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """Makes the guard of each outside service and remembers it for health and metrics.

    `providers` are the model's, by the name of their guard, for the check that looks at them;
    `news` is told of each change of a circuit, if anybody wants to know.
    """

    settings: Settings
    world: World
    metrics: Metrics
    made: dict[str, Guard]
    providers: dict[str, Provider] = field(default_factory=dict)
    news: Callable[[str, BreakerChange], None] | None = None

    def make(self, name: str, service: str, *, timeout: float, patience: float = math.inf) -> Guard:
        """Seconds: `timeout` of a call, `patience` before it while too many others run."""

        def on_change(change: BreakerChange) -> None:
            self.metrics.set_circuit(name, change.after)
            if self.news is not None:
                self.news(name, change)
            log(
                CIRCUIT,
                logging.WARNING,
                name=name,
                before=change.before,
                after=change.after,
                mode=change.mode,
                reason=change.reason,
            )

        breaker = Breaker(
            name,
            policy=BreakerPolicy(open_for=self.settings.breaker_open),
            clock=self.world.clock,
            random=self.world.random,
            on_change=on_change,
        )
        self.metrics.set_circuit(name, breaker.state)
        guard = Guard(
            name,
            breaker=breaker,
            limit=AdaptiveLimit(patience=patience),
            clock=self.world.clock,
            timeout=timeout,
            judge=self._judge,
            observe=self.metrics.guard_observer(service, "call"),
        )
        self.made[name] = guard
        return guard

    def _judge(self, error: BaseException) -> Verdict:
        self.metrics.failures.add(error, code_of(error), self.world.clock.now())
        return judge(error)


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


def build_gateway(account: AccountSettings, client: httpx.AsyncClient) -> Gateway:
    return EvolutionGateway(
        client,
        base_url=str(account.base_url),
        instance=account.instance,
        api_key=account.key(),
    )


def guarded_channels(
    given: Mapping[str, AccountSettings], client: httpx.AsyncClient, guards: Guards
) -> Mapping[str, Channel]:
    """Put each number behind a guard of its own, which outwaits the longest send."""
    settings = guards.settings
    pace = Limiter(sending_rates(settings), clock=guards.world.clock)
    return {
        name: GuardedChannel(
            build_channel(
                account,
                client,
                guards.world,
                settings.send_timeout,
                file_timeout=settings.file_timeout,
            ),
            guards.make(
                guard_of(name),
                "whatsapp",
                timeout=settings.longest_send + 1.0,
                patience=_SLOT_SECONDS,
            ),
            pace,
        )
        for name, account in given.items()
    }


def sending_rates(settings: Settings) -> Sequence[Rate]:
    """What no number may exceed: in any second, any minute and any hour."""
    spans = (
        (settings.sends_per_second, 1.0),
        (settings.sends_per_minute, 60.0),
        (settings.sends_per_hour, 3600.0),
    )
    share = settings.sends_at_once
    return [Rate(most, span, burst=math.ceil(most * share)) for most, span in spans]


def guarded_gateways(
    given: Mapping[str, AccountSettings], client: httpx.AsyncClient, guards: Guards
) -> Mapping[str, Gateway]:
    """Put the care of each number behind the guard that its channel has already."""
    return {
        name: GuardedGateway(build_gateway(account, client), guards.made[guard_of(name)])
        for name, account in given.items()
    }


def guarded_archives(
    given: Mapping[str, AccountSettings], client: httpx.AsyncClient, guards: Guards
) -> Mapping[str, Archive]:
    """Put what each gateway keeps behind the guard that its channel has already."""
    return {
        name: GuardedArchive(
            EvolutionArchive(
                client,
                base_url=str(account.base_url),
                instance=account.instance,
                api_key=account.key(),
                now=guards.world.clock.now,
            ),
            guards.made[guard_of(name)],
        )
        for name, account in given.items()
    }


def guard_of(account: str) -> str:
    """The name of an account's guard, and of its check in the health."""
    return f"whatsapp:{account}"


def target_of(settings: Settings, name: str, channel: Channel) -> Target:
    """Where the account's webhooks must go, and who of them would be let in."""

    def accepts(request: WebhookRequest) -> bool:
        try:
            channel.verify(request)
        except RejectedError:
            return False
        return True

    path = webhook_path(name)
    public = settings.public_url
    address = None if public is None else str(public).rstrip("/") + path
    return Target(path=path, address=address, accepts=accepts)


async def _arriving(settings: Settings, world: World, key: str) -> ClosingLLM:
    arrived: list[ClosingLLM] = []
    await world.run_blocking(lambda: arrived.append(world.load_model(settings, key)))
    return arrived[0]


def build_llm(
    settings: Settings, guards: Guards, ledger: Ledger, *, closing: AsyncExitStack
) -> LLM:
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
    arriving = asyncio.ensure_future(_arriving(settings, guards.world, key))
    guard = guards.make("openai", "openai", timeout=settings.model_deadline)
    late = LateLLM(arriving)
    guards.providers[guard.name] = GuardedProvider(late, guard)
    closing.push_async_callback(late.close)
    measured = MeasuredLLM(
        late,
        provider="openai",
        models=settings.models,
        clock=guards.world.clock,
        metrics=guards.metrics,
    )
    metered = MeteredLLM(
        inner=measured,
        ledger=ledger,
        prices=shipped_prices(),
        models=settings.models,
        max_output_tokens=settings.openai_max_output_tokens,
        limits=limits_of(settings),
        brl_per_usd=settings.brl_per_usd,
        clock=guards.world.clock,
        metrics=guards.metrics,
    )
    clock = guards.world.clock
    retries = Retries(
        RetryBudget(clock=clock),
        clock=clock,
        random=guards.world.random,
        deadline=settings.model_deadline,
        told=lambda error: guards.metrics.retries.inc("openai", code_of(error)),
    )
    return GuardedLLM(metered, guard, retries)
