"""Answers like a model, from the playbook alone: for demos, tests and businesses without a key."""

import asyncio

from orbion.domain.answering import answer
from orbion.domain.turns import Completion
from orbion.ports import Prompt


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
            asked=prompt.asked,
            first_contact=prompt.first_contact,
            today=prompt.today,
            given_up=prompt.given_up,
        )
        return Completion(text=reply.to_json(), model="scripted")
