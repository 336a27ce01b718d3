"""Run one turn: ask the model once, journal it, check it, and never leave the customer alone."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orbion.agent.fallback import fall_back
from orbion.agent.journal import Journal, input_hash
from orbion.agent.judge import judge
from orbion.agent.prompt import build_prompt
from orbion.agent.reply import settle
from orbion.domain.errors import FaultCode, RefusedError, UnavailableError
from orbion.domain.messages import Message
from orbion.domain.playbook import Playbook
from orbion.domain.reply import Reply
from orbion.domain.turns import Completion, TurnInput, TurnResult, Verdict
from orbion.kit.clock import Clock
from orbion.ports import LLM, Prompt, Turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """`playbooks` by account id; a provider has `deadline_seconds` for its answer."""

    llm: LLM
    turns: Turns
    playbooks: Mapping[str, Playbook]
    deadline_seconds: float
    clock: Clock

    async def __call__(
        self, turn_id: int, given: TurnInput, history: Sequence[Message]
    ) -> TurnResult:
        """Decide the turn; a provider's trouble ends as a fallback answer, a bug is raised."""
        playbook = self.playbooks[given.conversation.account]
        prompt = build_prompt(playbook, given, history)
        steps = await self.turns.steps(turn_id)
        journal = Journal(self.turns, turn_id, steps=steps, input_hash=input_hash(prompt))
        proposed = await self._propose(prompt, journal)
        if isinstance(proposed, Reply):
            return settle(playbook, given, proposed, verdict=Verdict.ANSWERED)
        await journal.write("fallback", proposed)
        return settle(playbook, given, fall_back(prompt), verdict=Verdict.FALLBACK)

    async def _propose(self, prompt: Prompt, journal: Journal) -> Reply | str:
        """The model's reply, or the reason why none may leave."""
        recorded = journal.model_output()
        if recorded is not None:
            return judge(recorded, prompt)
        started = self.clock.monotonic()
        completion = await self._complete(prompt)
        if isinstance(completion, FaultCode):
            return completion
        await journal.write(
            "model",
            completion.text,
            tokens=(completion.tokens_in, completion.tokens_out),
            ms=int((self.clock.monotonic() - started) * 1000),
        )
        return judge(completion.text, prompt)

    async def _complete(self, prompt: Prompt) -> Completion | FaultCode:
        try:
            async with asyncio.timeout(self.deadline_seconds):
                return await self.llm.complete(prompt)
        except TimeoutError:
            return FaultCode.OPENAI_TIMEOUT
        except (UnavailableError, RefusedError) as error:
            return error.code
