"""A provider whose client is still being imported: calls wait for it, the start does not."""

import asyncio
from typing import Protocol

from orbion.domain.prompt import Prompt
from orbion.domain.turns import Completion
from orbion.ports import LLM, Provider


class ClosingLLM(LLM, Provider, Protocol):
    async def close(self) -> None: ...


class LateLLM:
    """Importing a model SDK takes up to a second, so a thread does it after the start."""

    def __init__(self, arriving: asyncio.Future[ClosingLLM]) -> None:
        self._arriving = arriving

    async def complete(self, prompt: Prompt) -> Completion:
        provider = await asyncio.shield(self._arriving)
        return await provider.complete(prompt)

    async def reach(self) -> bool:
        provider = await asyncio.shield(self._arriving)
        return await provider.reach()

    async def close(self) -> None:
        """Close the provider's connections; one that never arrived has none."""
        (arrived,) = await asyncio.gather(self._arriving, return_exceptions=True)
        if not isinstance(arrived, BaseException):
            await arrived.close()
