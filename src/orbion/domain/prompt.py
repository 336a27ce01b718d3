"""What one call of a model is given."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from orbion.domain.answering import LookUp, look_up
from orbion.domain.language import Language
from orbion.domain.passages import Found
from orbion.domain.playbook import Playbook
from orbion.domain.spend import Payer
from orbion.domain.turns import ChatMessage, Facts, ToolSpec

Task = Literal["reply", "summary"]
"""What a model is asked for; the ledger names it."""

Models = Mapping[Task, str]
"""The model of every task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One model call: chat messages for a provider, and the same facts as data for `scripted`.

    `asked` is the slot asked for last, `given_up` are those not to ask for; `pending` the texts to
    answer, written on the business's `today`; `passages` what its documents say to them. The
    provider may call `tools` instead of answering, unless it `must_answer`. `language` is the one
    to answer in. `summary` is the message that stands for the chat before `messages`; what is said
    in it proves nothing; `look` finds what the data of the business say to a sentence.
    """

    playbook: Playbook
    payer: Payer
    messages: tuple[ChatMessage, ...]
    pending: tuple[str, ...]
    facts: Facts
    asked: str | None
    first_contact: bool
    today: date | None = None
    passages: tuple[Found, ...] = ()
    tools: tuple[ToolSpec, ...] = ()
    must_answer: bool = False
    given_up: frozenset[str] = frozenset()
    language: Language | None = None
    summary: ChatMessage | None = None
    task: Task = "reply"
    look: LookUp = look_up


def models_of(reply: str, summary: str | None = None) -> Models:
    """The same model for every task that has none of its own."""
    return {"reply": reply, "summary": summary or reply}
