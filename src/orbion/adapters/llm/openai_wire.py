"""Write a Chat Completions request and read its answer, in OpenAI's own field names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from orbion.domain.errors import FaultCode, RefusedError
from orbion.domain.playbook import Playbook
from orbion.domain.prompt import Prompt
from orbion.domain.turns import ChatMessage, Completion, ToolCall, ToolSpec

_TEXT: Mapping[str, Any] = {"type": "string"}
_TEXT_OR_NULL: Mapping[str, Any] = {"type": ["string", "null"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Function:
    name: str
    arguments: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _ToolCall:
    id: str
    function: _Function


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    content: str | None = None
    refusal: str | None = None
    tool_calls: tuple[_ToolCall, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    message: _Message
    finish_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _PromptTokens:
    cached_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Usage:
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _PromptTokens | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """The fields of a chat completion that count; the SDK's own types are not validated."""

    choices: tuple[_Choice, ...]
    model: str = ""
    usage: _Usage | None = None


def request_body(prompt: Prompt, *, model: str, max_output_tokens: int) -> bytes:
    body: dict[str, Any] = {
        "model": model,
        "messages": [_message(message) for message in prompt.messages],
        "max_completion_tokens": max_output_tokens,
    }
    if prompt.task == "reply":
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {
                "name": "reply",
                "strict": True,
                "schema": reply_schema(prompt.playbook),
            },
        }
    if prompt.tools:
        # a call that must answer keeps the tools, or the cached beginning of the chat is lost
        body["tools"] = [_tool(spec) for spec in prompt.tools]
        body["tool_choice"] = "none" if prompt.must_answer else "auto"
        body["parallel_tool_calls"] = False
    return msgspec.json.encode(body)


def reply_schema(playbook: Playbook) -> dict[str, Any]:
    """The reply contract for the slots of one playbook, in the strict dialect."""
    slots = [slot.key for slot in playbook.slots]
    fact = _object({"value": _TEXT, "quote": _TEXT})
    bubble = _object({"text": _TEXT, "fact_ids": {"type": "array", "items": _TEXT}})
    return _object(
        {
            "bubbles": {"type": "array", "items": bubble},
            "facts": _object({slot: {"anyOf": [fact, {"type": "null"}]} for slot in slots}),
            "handoff": _TEXT_OR_NULL,
            "asked": {"anyOf": [{"type": "string", "enum": slots}, {"type": "null"}]},
            "silence_reason": _TEXT_OR_NULL,
        }
    )


def read_completion(body: bytes) -> Completion:
    """The text or the tool calls of an answer.

    Raises:
        RefusedError: it is no chat completion, or one that was refused, filtered or cut short.
    """
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise _unusable(FaultCode.OPENAI_BAD_OUTPUT, type(error).__name__) from error
    if not answer.choices:
        raise _unusable(FaultCode.OPENAI_BAD_OUTPUT, "no choice")
    choice = answer.choices[0]
    _check_end(choice)
    usage = answer.usage or _Usage()
    details = usage.prompt_tokens_details or _PromptTokens()
    return Completion(
        text=choice.message.content or "",
        model=answer.model,
        tool_calls=tuple(
            ToolCall(id=call.id, name=call.function.name, arguments=call.function.arguments)
            for call in choice.message.tool_calls or ()
        ),
        tokens_in=usage.prompt_tokens,
        tokens_cached=details.cached_tokens or 0,
        tokens_out=usage.completion_tokens,
    )


def _check_end(choice: _Choice) -> None:
    """Half an answer is none: whatever did not end by itself is refused."""
    message = choice.message
    match choice.finish_reason:
        case "length":
            raise _unusable(FaultCode.OPENAI_CUT_SHORT, "no room for all of it")
        case "content_filter":
            raise _unusable(FaultCode.OPENAI_FILTERED, "filtered")
        case _ if message.refusal:
            raise _unusable(FaultCode.OPENAI_REFUSAL, "the model refuses")
        case "stop" | "tool_calls" if message.content or message.tool_calls:
            return
        case why:
            raise _unusable(FaultCode.OPENAI_BAD_OUTPUT, f"nothing said, finished by {why}")


def _unusable(code: FaultCode, what: str) -> RefusedError:
    return RefusedError(code, f"OpenAI's answer is unusable: {what}")


def _message(message: ChatMessage) -> dict[str, Any]:
    wire: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.tool_call_id is not None:
        wire["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        wire["content"] = message.text or None
        wire["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
    return wire


def _tool(spec: ToolSpec) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {
            "name": spec.name,
            "description": spec.description,
            "parameters": spec.parameters,
            "strict": True,
        },
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
