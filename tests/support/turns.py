"""Turn inputs, a journal in memory and models that say what a test wants."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn

import msgspec

from orbion.domain.conversations import Conversation, Mode
from orbion.domain.lanes import Claim
from orbion.domain.leads import Lead
from orbion.domain.messages import Author, Message, MessageKind
from orbion.domain.prompt import Prompt
from orbion.domain.reply import Reply
from orbion.domain.spend import Payer
from orbion.domain.turns import (
    ChatMessage,
    Completion,
    Facts,
    Step,
    ToolCall,
    TurnInput,
    TurnResult,
)
from tests.support.playbooks import solar


def heard(number: int, text: str, kind: MessageKind = MessageKind.TEXT) -> Message:
    return Message(
        id=number,
        seq=number,
        direction="in",
        author=Author.CUSTOMER,
        kind=kind,
        text=text,
        occurred_at=number,
    )


def told(number: int, text: str, author: Author = Author.BOT) -> Message:
    return replace(heard(number, text), direction="out", author=author)


def turn(
    *texts: str, facts: Facts | None = None, asked: str | None = None, first: bool = False
) -> TurnInput:
    """A batch whose messages have the ids 101, 102 …"""
    conversation = Conversation(
        id=1,
        business="sol",
        account="loja",
        contact_id=1,
        address="5511900000011@s.whatsapp.net",
        name=None,
        phone=None,
        mode=Mode.BOT,
        mode_reason=None,
        version=1,
        opted_out=False,
        open_slot=asked,
        last_out_at=None if first else 1,
    )
    return TurnInput(
        conversation=conversation,
        lead=Lead(id=1, contact_id=1, stage="novo", score=0, facts=facts or {}),
        batch=tuple(heard(number, text) for number, text in enumerate(texts, 101)),
        turns_last_minute=0,
        first_open_at=0,
        trace="",
    )


@dataclass(slots=True)
class JournaledTurns:
    """The journal of `Turns`; the agent has no business with its other verbs."""

    written: list[Step] = field(default_factory=list)
    save_error: Exception | None = None

    async def steps(self, turn_id: int) -> Sequence[Step]:
        return [step for step in self.written if turn_id]

    async def save_step(self, turn_id: int, step: Step) -> None:
        assert turn_id
        if self.save_error:
            raise self.save_error
        self.written.append(step)

    async def load_turn(self, claim: Claim) -> NoReturn:
        raise NotImplementedError(claim)

    async def history(self, conversation_id: int, version: int) -> NoReturn:
        raise NotImplementedError(conversation_id, version)

    async def begin_turn(self, claim: Claim, given: TurnInput) -> NoReturn:
        raise NotImplementedError(claim, given)

    async def finish_turn(self, claim: Claim, given: TurnInput, result: TurnResult) -> NoReturn:
        raise NotImplementedError(claim, given, result)


@dataclass(slots=True)
class SaidLLM:
    """Says what `say` makes of the prompt, which may also raise; keeps every prompt."""

    say: Callable[[Prompt], str | Sequence[ToolCall]]
    prompts: list[Prompt] = field(default_factory=list)

    async def complete(self, prompt: Prompt) -> Completion:
        self.prompts.append(prompt)
        said = self.say(prompt)
        text, calls = (said, ()) if isinstance(said, str) else ("", tuple(said))
        return Completion(text=text, model="said", tool_calls=calls, tokens_in=7, tokens_out=3)


def calls(name: str, /, **arguments: object) -> tuple[ToolCall, ...]:
    """One tool call, as a model makes it."""
    written = msgspec.json.encode(arguments).decode()
    return (ToolCall(id=f"call_{name}", name=name, arguments=written),)


def in_turn(*said: str | Reply | Sequence[ToolCall]) -> SaidLLM:
    """Says these one after another, then the last one for ever."""
    waiting = deque(each.to_json() if isinstance(each, Reply) else each for each in said)
    return SaidLLM(lambda _: waiting.popleft() if len(waiting) > 1 else waiting[0])


PAYER = Payer(business="sol", conversation_id=1, trace="t")


def prompt(
    *texts: str, facts: Facts | None = None, asked: str | None = None, said: bool = False
) -> Prompt:
    """A model call about `texts`; `said` puts them into the chat too."""
    return Prompt(
        playbook=solar(),
        payer=PAYER,
        messages=tuple(ChatMessage(role="user", text=text) for text in texts if said),
        pending=texts,
        facts=facts or {},
        asked=asked,
        first_contact=False,
    )
