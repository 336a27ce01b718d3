"""Answers like a model, from the playbook alone: for demos, tests and businesses without a key."""

import asyncio

from orbion.domain.answering import Situation, answer
from orbion.domain.prompt import Prompt
from orbion.domain.turns import Completion


class ScriptedLLM:
    """`latency` is how many seconds each answer takes."""

    __slots__ = ("_latency",)

    def __init__(self, *, latency: float = 0.0) -> None:
        self._latency = latency

    async def complete(self, prompt: Prompt) -> Completion:
        if self._latency > 0:
            await asyncio.sleep(self._latency)
        reply = answer(
            prompt.playbook,
            prompt.pending,
            prompt.facts,
            Situation(
                asked=prompt.asked,
                first_contact=prompt.first_contact,
                today=prompt.today,
                given_up=prompt.given_up,
                passages=prompt.passages,
                look=prompt.look,
            ),
        )
        return Completion(text=reply.to_json(), model="scripted")
