"""A provider whose client is still being imported: calls wait for it, the start does not."""

import asyncio

from orbion.domain.turns import Completion
from orbion.ports import LLM, Prompt


class LateLLM:
    """Importing a model SDK takes up to a second, so a thread does it after the start."""

    def __init__(self, arriving: asyncio.Future[LLM]) -> None:
        self._arriving = arriving

    async def complete(self, prompt: Prompt) -> Completion:
        provider = await asyncio.shield(self._arriving)
        return await provider.complete(prompt)
