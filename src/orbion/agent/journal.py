"""Write down each step of a turn, so that none is run again after a crash."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import msgspec

from orbion.domain.prompt import Prompt
from orbion.domain.turns import ChatMessage, Step
from orbion.kit.ids import digest
from orbion.ports import Steps

StepKind = Literal["model", "tool", "veto", "passed", "fault", "fallback", "plain"]
Key = bytes


class Journal:
    """The finished steps of one turn; each is found again by its kind and its input's key.

    `kept` are the last ones, which cost nothing to take again: the turn's end writes them.
    """

    __slots__ = ("_steps", "_turn_id", "_turns", "kept")

    def __init__(self, turns: Steps, turn_id: int, *, steps: Sequence[Step]) -> None:
        self._turns = turns
        self._turn_id = turn_id
        self._steps = list(steps)
        self.kept: tuple[Step, ...] = ()

    def find(self, kind: StepKind, key: Key) -> str | None:
        """The output of a finished step."""
        return next(
            (step.output for step in self._steps if step.kind == kind and step.input_hash == key),
            None,
        )

    async def write(
        self,
        kind: StepKind,
        key: Key,
        output: str,
        *,
        tokens: tuple[int, int] = (0, 0),
        ms: int = 0,
    ) -> None:
        """Save the next step unless it is there; `tokens` are those read and those written."""
        if self.find(kind, key) is not None:
            return
        step = replace(
            self._next(kind, key, output), tokens_in=tokens[0], tokens_out=tokens[1], ms=ms
        )
        await self._turns.save_step(self._turn_id, step)
        self._steps.append(step)

    def keep(self, kind: StepKind, key: Key, output: str) -> None:
        """Leave the turn's last step to the write that ends the turn."""
        if self.find(kind, key) is None:
            self.kept = (*self.kept, self._next(kind, key, output))

    def _next(self, kind: StepKind, key: Key, output: str) -> Step:
        number = max((step.number for step in self._steps), default=0) + 1
        return Step(number=number, kind=kind, input_hash=key, output=output)


def model_key(prompt: Prompt) -> Key:
    """Equal for equal model calls: the playbook's version and every chat message."""
    chat = (part for message in prompt.messages for part in (_head(message), message.text))
    return digest(prompt.playbook.version, str(prompt.must_answer), *chat)


def _head(message: ChatMessage) -> str:
    if message.tool_call_id is None and not message.tool_calls:
        return message.role
    return msgspec.json.encode((message.role, message.tool_call_id, message.tool_calls)).decode()
