"""One turn: what it was given, what it decided, and why it may have stayed silent."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from orbion.domain.conversations import Conversation
from orbion.domain.language import Language
from orbion.domain.leads import Fact, Lead
from orbion.domain.messages import Message
from orbion.domain.outgoing import Content, Text


class Stage(StrEnum):
    """What takes a turn's time; `WHOLE` is from its claim to its commit, the others lie within."""

    LOAD = "load"
    MODEL = "model"
    TOOLS = "tools"
    CHECKS = "checks"
    SETTLE = "settle"
    WHOLE = "whole"


class Verdict(StrEnum):
    """Written on every turn, so that silence can always be explained."""

    ANSWERED = "answered"
    FALLBACK = "fallback"
    OWNER = "owner"
    OWNER_TOLD = "owner_told"
    OPTED_OUT = "opted_out"
    OPTED_IN = "opted_in"
    CONSENT_ASKED = "consent_asked"
    SUPPRESSED_OPT_OUT = "suppressed_opt_out"
    HUMAN_MODE = "human_mode"
    PERSON_ANSWERED = "person_answered"
    HANDED_OVER = "handed_over"
    LOOP = "loop"
    STALE = "stale"
    UNANSWERABLE = "unanswerable"
    SILENT = "silent"
    SUPERSEDED = "superseded"
    DEAD = "dead"


Exemption = Literal["handoff", "opt_out", "owner"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One WhatsApp message of an answer; an exempt one leaves although the bot must be quiet.

    `content` is what it is when it is more than its `text`. `answers` is the gateway id of the
    customer's message that it answers: it is quoted only if another one stands between.
    """

    text: str = ""
    content: Content | None = None
    exempt: Exemption | None = None
    answers: str | None = None

    @property
    def said(self) -> Content:
        return self.content or Text(text=self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnInput:
    """Everything a turn reads: open messages in prompt order, the lead and the conversation.

    `playbook` is the version of the playbook in force, kept with the turn; `knowledge` that of the
    business's documents.
    """

    conversation: Conversation
    lead: Lead
    batch: tuple[Message, ...]
    turns_last_minute: int
    first_open_at: int
    trace: str
    playbook: str | None = None
    knowledge: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnResult:
    """What one turn decided; the store writes all of it at once or nothing.

    `asked` is the slot whose question the bubbles put, `open_slot` the one that an answer is for;
    `loss` says why the lead is lost, when it is; `language` is the contact's from now on; `steps`
    are the last of its journal.
    """

    verdict: Verdict
    bubbles: tuple[Bubble, ...] = ()
    facts: tuple[Fact, ...] = ()
    stage: str | None = None
    score: int | None = None
    handoff: str | None = None
    open_slot: str | None = None
    asked: str | None = None
    loss: str | None = None
    language: Language | None = None
    steps: tuple["Step", ...] = ()

    @property
    def answers(self) -> bool:
        return bool(self.bubbles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A journaled step; found again after a crash when `input_hash` is the same."""

    number: int
    kind: str
    input_hash: bytes
    output: str
    tokens_in: int = 0
    tokens_out: int = 0
    ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """What a model wants done; `arguments` is JSON as the model wrote it, perhaps broken."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """A tool as a model is told of it; `parameters` is a strict JSON schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """One line of the chat; a `tool` message answers the call named by `tool_call_id`."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A provider's answer: tool calls, or `text` that is the reply contract as JSON."""

    text: str
    model: str
    tool_calls: tuple[ToolCall, ...] = ()
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0


Facts = Mapping[str, str]
