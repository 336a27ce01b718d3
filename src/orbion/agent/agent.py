"""Run one turn: let the model work, check its words, and never leave the customer alone."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from orbion.agent.asking import Asking
from orbion.agent.catalogues import Priced, as_written
from orbion.agent.earlier import Earlier
from orbion.agent.fallback import fall_back
from orbion.agent.journal import Journal, model_key
from orbion.agent.judge import Judge
from orbion.agent.loop import Loop
from orbion.agent.prompt import build_prompt
from orbion.agent.reading import Answers, words_of
from orbion.agent.reply import opt_out, settle
from orbion.agent.tools import TOOLS
from orbion.agent.tools.tool import NOTHING, Scene
from orbion.domain.answering import is_plain
from orbion.domain.language import Language
from orbion.domain.messages import Message
from orbion.domain.playbook import Playbook
from orbion.domain.prompt import Prompt
from orbion.domain.reply import Reply
from orbion.domain.turns import TurnInput, TurnResult, Verdict
from orbion.kit.clock import Clock
from orbion.kit.stopwatch import Stopwatch
from orbion.ports import LLM, Steps
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
    answers: Answers = field(default_factory=Answers)
    earlier: Earlier = field(default_factory=Earlier)
    priced: Priced = as_written

    async def __call__(
        self, turn_id: int, given: TurnInput, history: Sequence[Message]
    ) -> TurnResult:
        """Decide the turn; a provider's trouble ends as a fallback answer, a bug is raised."""
        journal = Journal(self.turns, turn_id, steps=await self.turns.steps(turn_id))
        watch = Stopwatch(self.clock)
        result = await self._decide(journal, given, history, watch)
        for stage, seconds in watch.parts.items():
            self.metrics.turn_seconds.observe(seconds, stage)
        return replace(result, steps=journal.kept)

    async def _decide(
        self,
        journal: Journal,
        given: TurnInput,
        history: Sequence[Message],
        watch: Stopwatch,
    ) -> TurnResult:
        until = asyncio.get_running_loop().time() + self.deadline_seconds
        business = given.conversation.business
        playbook = await self.priced(business, self.playbooks[given.conversation.account])
        read = partial(self.answers.read, business, given.knowledge, playbook)
        opening = build_prompt(playbook, given, history, await read(words_of(given.batch)))
        spoken_at = _spoken_at(given, history)
        if _needs_no_model(opening):
            return self._plainly(given, opening, journal, spoken_at)
        asking = Asking(llm=self.llm, journal=journal, watch=watch, until=until)
        opening = await self.earlier(opening, given, history, asking)
        loop = Loop(
            asking=asking,
            scene=Scene(playbook=playbook, given=given, read=read),
            opening=opening,
            judge=self.judge,
        )
        proposed = await loop()
        self._report(loop, proposed)
        effects = loop.effects
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

    def _plainly(
        self, given: TurnInput, opening: Prompt, journal: Journal, spoken_at: int | None
    ) -> TurnResult:
        """Code goes on to the next question, with the words that the business has written."""
        journal.keep("plain", model_key(opening), "")
        self.metrics.turn_model_calls.observe(0)
        return settle(
            opening.playbook,
            given,
            fall_back(opening),
            verdict=Verdict.ANSWERED,
            effects=NOTHING,
            spoken_at=spoken_at,
        )

    def _report(self, loop: Loop, proposed: Reply | str) -> None:
        self.metrics.turn_model_calls.observe(loop.asked)
        for (name, _), times in loop.called.items():
            self.metrics.tool_calls.inc(name if name in TOOLS else "unknown", amount=times)
        if isinstance(proposed, str):
            for reason in proposed.split(","):
                self.metrics.fallbacks.inc(reason)


def _needs_no_model(opening: Prompt) -> bool:
    """Whether the customer only answers our question and something is left to ask."""
    return opening.language in {None, Language.PORTUGUESE} and is_plain(
        opening.playbook,
        opening.pending,
        opening.facts,
        asked=opening.asked,
        today=opening.today,
        look=opening.look,
    )


def _spoken_at(given: TurnInput, history: Sequence[Message]) -> int | None:
    """When the last words for the customer were decided: those on their way count as said."""
    waiting = (message.occurred_at for message in history if message.direction == "out")
    return max((given.conversation.last_out_at or 0, *waiting)) or None
