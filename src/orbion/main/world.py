"""What everything is built on: time, dice, network and threads, which the simulator owns too."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from random import Random

import httpx

from orbion.adapters.llm.late import ClosingLLM
from orbion.config import Settings
from orbion.kit.clock import Clock, SystemClock
from orbion.kit.executor import Executor, ThreadExecutor
from orbion.main.provider import load_openai
from orbion.ports import LLM


@contextmanager
def thread(name: str) -> Generator[Executor]:
    """One worker thread, joined at the end."""
    executor = ThreadExecutor(name)
    try:
        yield executor
    finally:
        executor.close()


async def in_thread(work: Callable[[], None]) -> None:
    await asyncio.to_thread(work)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the simulator owns instead: time, dice, network, threads, and the model or its client.

    `load_model` makes the provider's client from the settings and the key; it may block.
    """

    clock: Clock
    random: Random
    transport: httpx.AsyncBaseTransport | None
    executor: Callable[[str], AbstractContextManager[Executor]]
    run_blocking: Callable[[Callable[[], None]], Awaitable[None]]
    llm: LLM | None = None
    load_model: Callable[[Settings, str], ClosingLLM] = load_openai


def real_world() -> World:
    return World(
        clock=SystemClock(),
        random=Random(),  # noqa: S311 jitter and trace ids, no secrets
        transport=None,
        executor=thread,
        run_blocking=in_thread,
    )
