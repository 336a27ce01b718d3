"""Write down each step of a turn, so that none is run again after a crash."""

from collections.abc import Sequence
from typing import Literal

from orbion.domain.turns import Step
from orbion.kit.ids import digest
from orbion.ports import Prompt, Turns

StepKind = Literal["model", "fallback"]


class Journal:
    """The steps of one turn; a finished model step counts again only for the same input."""

    __slots__ = ("_input_hash", "_steps", "_turn_id", "_turns")

    def __init__(
        self, turns: Turns, turn_id: int, *, steps: Sequence[Step], input_hash: bytes
    ) -> None:
        self._turns = turns
        self._turn_id = turn_id
        self._steps = list(steps)
        self._input_hash = input_hash

    def model_output(self) -> str | None:
        return next(
            (
                step.output
                for step in self._steps
                if step.kind == "model" and step.input_hash == self._input_hash
            ),
            None,
        )

    async def write(
        self, kind: StepKind, output: str, *, tokens: tuple[int, int] = (0, 0), ms: int = 0
    ) -> None:
        """Save the next step; `tokens` are those read and those written."""
        step = Step(
            number=max((step.number for step in self._steps), default=0) + 1,
            kind=kind,
            input_hash=self._input_hash,
            output=output,
            tokens_in=tokens[0],
            tokens_out=tokens[1],
            ms=ms,
        )
        await self._turns.save_step(self._turn_id, step)
        self._steps.append(step)


def input_hash(prompt: Prompt) -> bytes:
    """Equal for equal model calls: the playbook's version and every chat message."""
    chat = (part for message in prompt.messages for part in (message.role, message.text))
    return digest(prompt.playbook.version, *chat)
