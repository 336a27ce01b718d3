"""The reply contract between a model, or the deterministic answerer, and the turn."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from orbion.domain.errors import FaultCode, RejectedError
from orbion.domain.text import visible


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyBubble:
    """One message to send; `fact_ids` name the data it rests on (`price:…`, `faq:…`, `hours` …)."""

    text: str
    fact_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyFact:
    """A slot's value and the customer's own words that say it."""

    value: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A proposal: code checks it, moves the stage and sends (DESIGN section 8).

    `asked` is the slot whose question the bubbles ask; `handoff` the reason to call a person.
    """

    bubbles: tuple[ReplyBubble, ...] = ()
    facts: Mapping[str, ReplyFact] = field(default_factory=dict)
    handoff: str | None = None
    asked: str | None = None
    silence_reason: str | None = None

    def to_json(self) -> str:
        return msgspec.json.encode(self).decode()


def from_json(text: str) -> Reply:
    """Read a reply; a fact that is null was not learnt, what nobody sees is not said.

    Raises:
        RejectedError: openai.bad_output, if `text` does not keep the contract.
    """
    try:
        wire = msgspec.json.decode(text, type=dict[str, Any])
        facts = msgspec.convert(wire.get("facts") or {}, dict[str, ReplyFact | None])
        learnt = {slot: fact for slot, fact in facts.items() if fact is not None}
        reply = msgspec.convert({**wire, "facts": {}}, Reply)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise RejectedError(FaultCode.OPENAI_BAD_OUTPUT, f"reply contract: {error}") from error
    return Reply(
        bubbles=tuple(replace(bubble, text=visible(bubble.text)) for bubble in reply.bubbles),
        facts=learnt,
        handoff=reply.handoff or None,
        asked=reply.asked or None,
        silence_reason=reply.silence_reason or None,
    )
