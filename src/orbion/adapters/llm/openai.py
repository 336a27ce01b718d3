"""Answers through OpenAI's Chat Completions, or anything that speaks the same interface."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2
import msgspec
import openai

from orbion.domain.errors import FaultCode, RefusedError, UnavailableError
from orbion.domain.playbook import Playbook
from orbion.domain.turns import Completion
from orbion.ports import Prompt

DEFAULT_BASE_URL: Final = "https://api.openai.com/v1"
CONNECT_SECONDS: Final = 3.0
LONGEST_WAIT: Final = 300.0
_TEXT: Mapping[str, Any] = {"type": "string"}
_TEXT_OR_NULL: Mapping[str, Any] = {"type": ["string", "null"]}


def build_client(
    api_key: str,
    base_url: str | None,
    timeout: float,
    http_client: httpx2.AsyncClient | None = None,
) -> openai.AsyncOpenAI:
    """A client that never retries by itself; `timeout` in seconds bounds each read and write."""
    return openai.AsyncOpenAI(
        api_key=api_key,
        base_url=base_url or DEFAULT_BASE_URL,
        timeout=openai.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS)),
        max_retries=0,
        http_client=http_client,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    content: str | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    message: _Message
    finish_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _PromptTokens:
    cached_tokens: int = 0


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
    usage: _Usage = _Usage()


class OpenAILLM:
    """`timeout` is in seconds and per call; the client was built by `build_client`."""

    __slots__ = ("_client", "_max_output_tokens", "_model", "_timeout")

    def __init__(
        self, client: openai.AsyncOpenAI, *, model: str, timeout: float, max_output_tokens: int
    ) -> None:
        self._client = client
        self._model = model
        self._timeout = openai.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS))
        self._max_output_tokens = max_output_tokens

    async def close(self) -> None:
        await self._client.close()

    async def complete(self, prompt: Prompt) -> Completion:
        try:
            # `create` spends four times as long: it walks and transforms the typed parameters
            response = await self._client.post(
                "/chat/completions",
                cast_to=httpx2.Response,
                body=self._body(prompt),
                options={"timeout": self._timeout},
            )
        except openai.APIStatusError as error:
            raise _translated_status(error) from error
        except openai.APIError as error:
            raise _translated(error) from error
        return _completion(response.content)

    def _body(self, prompt: Prompt) -> dict[str, Any]:
        return {
            "model": self._model,
            "messages": [
                {"role": message.role, "content": message.text} for message in prompt.messages
            ],
            "max_completion_tokens": self._max_output_tokens,
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": "reply",
                    "strict": True,
                    "schema": reply_schema(prompt.playbook),
                },
            },
        }


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


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _completion(body: bytes) -> Completion:
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except msgspec.MsgspecError as error:
        raise _bad_output(str(error)) from error
    choice = answer.choices[0] if answer.choices else _Choice(message=_Message())
    if choice.finish_reason != "stop" or not choice.message.content:
        why = "refusal" if choice.message.refusal else choice.finish_reason
        raise _bad_output(f"no text, finished by {why}")
    details = answer.usage.prompt_tokens_details
    return Completion(
        text=choice.message.content,
        model=answer.model,
        tokens_in=answer.usage.prompt_tokens,
        tokens_cached=details.cached_tokens if details else 0,
        tokens_out=answer.usage.completion_tokens,
    )


def _bad_output(what: str) -> RefusedError:
    return RefusedError(FaultCode.OPENAI_BAD_OUTPUT, f"OpenAI's answer is unusable: {what}")


def _translated(error: openai.APIError) -> UnavailableError:
    if isinstance(error, openai.APITimeoutError):
        return UnavailableError(FaultCode.OPENAI_TIMEOUT, "OpenAI did not answer in time")
    return UnavailableError(FaultCode.OPENAI_CONNECTION, "no connection to OpenAI")


def _translated_status(error: openai.APIStatusError) -> UnavailableError | RefusedError:
    what = f"OpenAI answered {error.status_code} {error.code or error.type or ''}".rstrip()
    match error.status_code:
        case 429 if "insufficient_quota" in (error.code, error.type):
            return RefusedError(FaultCode.OPENAI_QUOTA, what)
        case 429:
            wait = _retry_after(error.response)
            return UnavailableError(FaultCode.OPENAI_RATE_LIMIT, what, retry_after=wait)
        case 401 | 403:
            return RefusedError(FaultCode.OPENAI_AUTH, what)
        case 408:
            return UnavailableError(FaultCode.OPENAI_TIMEOUT, what)
        case status if status >= 500:  # noqa: PLR2004 HTTP's own border
            wait = _retry_after(error.response)
            return UnavailableError(FaultCode.OPENAI_SERVER, what, retry_after=wait)
        case _:
            return RefusedError(FaultCode.OPENAI_BAD_REQUEST, what)


def _retry_after(response: httpx2.Response) -> float:
    """Seconds from `retry-after-ms` or `retry-after`; 1 if neither is a number."""
    for header, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return min(max(float(response.headers[header]) * unit, 0.0), LONGEST_WAIT)
        except (KeyError, ValueError):
            continue
    return 1.0
