"""Ask the model within the turn's time, and never twice for what the journal already holds."""

import asyncio
from dataclasses import dataclass

import msgspec

from orbion.agent.journal import Journal, Key, model_key
from orbion.domain.errors import FaultCode, RefusedError, UnavailableError
from orbion.domain.prompt import Prompt
from orbion.domain.turns import Completion, Stage
from orbion.kit.stopwatch import Stopwatch
from orbion.ports import LLM


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """`until` is when the turn's time for all its model calls is over, on the loop's clock."""

    llm: LLM
    journal: Journal
    watch: Stopwatch
    until: float

    async def __call__(self, prompt: Prompt) -> Completion | FaultCode:
        """The model's words, or why there are none; a bug in a provider is raised."""
        key = model_key(prompt)
        recorded = self._recorded(key)
        if recorded is not None:
            return recorded
        started = self.watch.start()
        completion = await self._complete(prompt)
        seconds = self.watch.stop(Stage.MODEL, started)
        if isinstance(completion, Completion):
            await self.journal.write(
                "model",
                key,
                msgspec.json.encode(completion).decode(),
                tokens=(completion.tokens_in, completion.tokens_out),
                ms=int(seconds * 1000),
            )
        return completion

    def _recorded(self, key: Key) -> Completion | FaultCode | None:
        said = self.journal.find("model", key)
        if said is not None:
            return msgspec.json.decode(said, type=Completion)
        fault = self.journal.find("fault", key) or self.journal.find("fallback", key)
        return None if fault is None else FaultCode(fault)

    async def _complete(self, prompt: Prompt) -> Completion | FaultCode:
        try:
            async with asyncio.timeout_at(self.until):
                return await self.llm.complete(prompt)
        except TimeoutError:
            return FaultCode.OPENAI_TIMEOUT
        except (UnavailableError, RefusedError) as error:
            return error.code
