"""The kit's breaker, retries and concurrency limit beside aiobreaker, purgatory, tenacity …"""

import asyncio
import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import aiobreaker
import anyio
import pybreaker
import stamina
import tenacity
from purgatory import AsyncCircuitBreakerFactory

from orbion.kit.breaker import Breaker, BreakerOpenError, BreakerPolicy
from orbion.kit.clock import SystemClock
from orbion.kit.concurrency import AdaptiveLimit
from orbion.kit.guard import Guard, Outcome, Verdict
from orbion.kit.retry import Retries, RetryBudget, full_jitter, retry_after
from tests.benchmarks.timing import Operation, Run

CLOCK = SystemClock()


def operations() -> Iterator[Operation]:
    yield Operation(
        name="breaker, a call that succeeds",
        ours=breaker_call(),
        rivals={
            "aiobreaker": aiobreaker_call(),
            "purgatory": purgatory_call(),
            "pybreaker (sync)": pybreaker_call(),
        },
    )
    yield Operation(
        name="breaker, a call that it refuses",
        ours=breaker_refusal(),
        rivals={"aiobreaker": aiobreaker_refusal(), "pybreaker (sync)": pybreaker_refusal()},
    )
    yield Operation(
        name="retries, a call that succeeds",
        ours=retries_call(),
        rivals={"tenacity": tenacity_call(), "stamina": stamina_call()},
    )
    yield Operation(name="retry decision (jitter and budget)", ours=retry_decision(), rivals={})
    yield Operation(name="Retry-After of an answer, read", ours=retry_header(), rivals={})
    yield Operation(
        name="AIMD, a place entered and left",
        ours=aimd_slot(),
        rivals={"anyio CapacityLimiter": anyio_slot(), "asyncio Semaphore": semaphore_slot()},
    )
    yield Operation(
        name="guard: place, breaker, time-out, call",
        ours=guard_call(),
        rivals={"the same of asyncio and aiobreaker": assembled_call()},
    )


async def nothing() -> None:
    """Stand for the service that is called."""


def nothing_sync() -> None:
    pass


def make_breaker(policy: BreakerPolicy | None = None) -> Breaker:
    return Breaker(
        "any",
        policy=policy or BreakerPolicy(),
        clock=CLOCK,
        random=random.Random(1),
        on_change=lambda _: None,
    )


def breaker_call() -> Run:
    breaker, monotonic = make_breaker(), CLOCK.monotonic

    async def run(times: int) -> None:
        for _ in range(times):
            started = monotonic()
            permit = breaker.acquire()
            await nothing()
            permit.success(monotonic() - started)

    return run


def aiobreaker_call() -> Run:
    breaker = aiobreaker.CircuitBreaker(fail_max=5)

    async def run(times: int) -> None:
        for _ in range(times):
            await breaker.call_async(nothing)

    return run


def purgatory_call() -> Run:
    factory = AsyncCircuitBreakerFactory(default_threshold=5)

    async def run(times: int) -> None:
        for _ in range(times):
            async with await factory.get_breaker("any"):
                await nothing()

    return run


def pybreaker_call() -> Run:
    breaker = pybreaker.CircuitBreaker(fail_max=5)

    async def run(times: int) -> None:
        for _ in range(times):
            breaker.call(nothing_sync)

    return run


def breaker_refusal() -> Run:
    breaker = make_breaker()
    breaker.force_open("benchmark")

    async def run(times: int) -> None:
        for _ in range(times):
            with suppress(BreakerOpenError):
                breaker.acquire()

    return run


def aiobreaker_refusal() -> Run:
    breaker = aiobreaker.CircuitBreaker(timeout_duration=timedelta(hours=1))
    breaker.open()

    async def run(times: int) -> None:
        for _ in range(times):
            with suppress(aiobreaker.CircuitBreakerError):
                await breaker.call_async(nothing)

    return run


def pybreaker_refusal() -> Run:
    breaker = pybreaker.CircuitBreaker(reset_timeout=3600)
    breaker.open()

    async def run(times: int) -> None:
        for _ in range(times):
            with suppress(pybreaker.CircuitBreakerError):
                breaker.call(nothing_sync)

    return run


def retries_call() -> Run:
    retries = Retries(
        RetryBudget(clock=CLOCK), clock=CLOCK, random=random.Random(1), deadline=10.0, most=2
    )

    async def run(times: int) -> None:
        for _ in range(times):
            await retries(nothing, lambda _: 0.0)

    return run


def tenacity_call() -> Run:
    retrying = tenacity.AsyncRetrying(
        stop=tenacity.stop_after_attempt(3) | tenacity.stop_after_delay(5),
        wait=tenacity.wait_random_exponential(multiplier=0.2, max=10),
        reraise=True,
    )

    async def run(times: int) -> None:
        for _ in range(times):
            await retrying(nothing)

    return run


def stamina_call() -> Run:
    caller = stamina.AsyncRetryingCaller(attempts=3, timeout=5.0, wait_initial=0.2)

    async def run(times: int) -> None:
        for _ in range(times):
            await caller(OSError, nothing)

    return run


def retry_decision() -> Run:
    budget, dice = RetryBudget(clock=CLOCK, floor=10**9), random.Random(1)

    async def run(times: int) -> None:
        for _ in range(times):
            full_jitter(2, base=0.2, cap=10.0, random=dice)
            budget.take()

    return run


def retry_header() -> Run:
    headers = {"x-ratelimit-reset-requests": "6m0s", "x-ratelimit-remaining-requests": "0"}

    async def run(times: int) -> None:
        for _ in range(times):
            retry_after(headers)

    return run


def aimd_slot() -> Run:
    limit = AdaptiveLimit()

    async def run(times: int) -> None:
        for _ in range(times):
            async with limit.slot(5.0):
                pass

    return run


def anyio_slot() -> Run:
    limit = anyio.CapacityLimiter(8)

    async def run(times: int) -> None:
        for _ in range(times):
            async with limit:
                pass

    return run


def semaphore_slot() -> Run:
    semaphore = asyncio.Semaphore(8)

    async def run(times: int) -> None:
        for _ in range(times):
            async with semaphore:
                pass

    return run


def guard_call() -> Run:
    guard = Guard(
        "any",
        breaker=make_breaker(),
        limit=AdaptiveLimit(),
        clock=CLOCK,
        timeout=5.0,
        judge=lambda _: Verdict(outcome=Outcome.failure),
        observe=lambda _outcome, _seconds: None,
    )

    async def run(times: int) -> None:
        for _ in range(times):
            await guard(nothing)

    return run


def assembled_call() -> Run:
    semaphore, breaker = asyncio.Semaphore(8), aiobreaker.CircuitBreaker()

    async def run(times: int) -> None:
        for _ in range(times):
            async with semaphore, asyncio.timeout(5.0):
                await breaker.call_async(nothing)

    return run
