"""Run one turn: let the model work, check its words, and never leave the customer alone."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from orbion.agent.asking import Asking
from orbion.agent.fallback import fall_back
from orbion.agent.journal import Journal, model_key
from orbion.agent.judge import Judge
from orbion.agent.loop import Loop
from orbion.agent.prompt import build_prompt
from orbion.agent.reading import NoDocuments, read_for, words_of
from orbion.agent.reply import opt_out, settle
from orbion.agent.tools import TOOLS
from orbion.agent.tools.tool import Scene
from orbion.domain.messages import Message
from orbion.domain.playbook import Playbook
from orbion.domain.reply import Reply
from orbion.domain.turns import TurnInput, TurnResult, Verdict
from orbion.kit.clock import Clock
from orbion.ports import LLM, Knowledge, Steps
from orbion.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """`playbooks` by account id; all model calls of one turn have `deadline_seconds` together."""

    llm: LLM
    turns: Steps
    playbooks: Mapping[str, Playbook]
    deadline_seconds: float
    clock: Clock
    metrics: Metrics
    judge: Judge = field(default_factory=Judge)
    knowledge: Knowledge = field(default_factory=NoDocuments)

    async def __call__(
        self, turn_id: int, given: TurnInput, history: Sequence[Message]
    ) -> TurnResult:
        """Decide the turn; a provider's trouble ends as a fallback answer, a bug is raised."""
        playbook = self.playbooks[given.conversation.account]
        until = asyncio.get_running_loop().time() + self.deadline_seconds
        journal = Journal(self.turns, turn_id, steps=await self.turns.steps(turn_id))
        business = given.conversation.business
        passages = await read_for(self.knowledge, business, words_of(given.batch))
        loop = Loop(
            asking=Asking(llm=self.llm, journal=journal, clock=self.clock, until=until),
            scene=Scene(
                playbook=playbook, given=given, read=partial(read_for, self.knowledge, business)
            ),
            opening=build_prompt(playbook, given, history, passages),
            judge=self.judge,
        )
        proposed = await loop()
        self._report(loop, proposed)
        effects, spoken_at = loop.effects, _spoken_at(given, history)
        if effects.opted_out:
            return opt_out(playbook, given, effects)
        if isinstance(proposed, Reply):
            return settle(
                playbook,
                given,
                proposed,
                verdict=Verdict.ANSWERED,
                effects=effects,
                spoken_at=spoken_at,
            )
        await journal.write("fallback", model_key(loop.prompt), proposed)
        reply = fall_back(loop.prompt, effects.handoff)
        return settle(
            playbook,
            given,
            reply,
            verdict=Verdict.FALLBACK,
            effects=effects,
            spoken_at=spoken_at,
        )

    def _report(self, loop: Loop, proposed: Reply | str) -> None:
        self.metrics.turn_model_calls.observe(loop.asked)
        for (name, _), times in loop.called.items():
            self.metrics.tool_calls.inc(name if name in TOOLS else "unknown", amount=times)
        if isinstance(proposed, str):
            for reason in proposed.split(","):
                self.metrics.fallbacks.inc(reason)


def _spoken_at(given: TurnInput, history: Sequence[Message]) -> int | None:
    """When the last words for the customer were decided: those on their way count as said."""
    waiting = (message.occurred_at for message in history if message.direction == "out")
    return max((given.conversation.last_out_at or 0, *waiting)) or None
