"""Answers through OpenAI's Chat Completions, or anything that speaks the same interface."""

from typing import Any, Final

import httpx2
import openai
from openai.types.chat import ChatCompletion

from orbion.domain.errors import FaultCode, RefusedError, UnavailableError
from orbion.domain.playbook import Playbook
from orbion.domain.turns import Completion
from orbion.ports import Prompt

DEFAULT_BASE_URL: Final = "https://api.openai.com/v1"
CONNECT_SECONDS: Final = 3.0
LONGEST_WAIT: Final = 300.0
_TEXT: Final = {"type": "string"}
_TEXT_OR_NULL: Final = {"type": ["string", "null"]}


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

    async def complete(self, prompt: Prompt) -> Completion:
        try:
            # `create` spends four times as long: it walks and transforms the typed parameters
            completion = await self._client.post(
                "/chat/completions",
                cast_to=ChatCompletion,
                body=self._body(prompt),
                options={"timeout": self._timeout},
            )
        except openai.OpenAIError as error:
            raise _translated(error) from error
        except ValueError as error:
            raise _bad_output("the body is not JSON") from error
        return _completion(completion)

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


def _completion(completion: object) -> Completion:
    if not isinstance(completion, ChatCompletion) or not completion.choices:
        raise _bad_output("no choices")
    choice = completion.choices[0]
    if choice.message.refusal or not choice.message.content:
        raise _bad_output("refused" if choice.message.refusal else "empty")
    if choice.finish_reason != "stop":
        raise _bad_output(f"finished by {choice.finish_reason}")
    usage = completion.usage
    details = usage.prompt_tokens_details if usage else None
    return Completion(
        text=choice.message.content,
        model=completion.model,
        tokens_in=usage.prompt_tokens if usage else 0,
        tokens_cached=(details.cached_tokens or 0) if details else 0,
        tokens_out=usage.completion_tokens if usage else 0,
    )


def _bad_output(what: str) -> RefusedError:
    return RefusedError(FaultCode.OPENAI_BAD_OUTPUT, f"OpenAI's answer is unusable: {what}")


def _translated(error: openai.OpenAIError) -> UnavailableError | RefusedError:
    match error:
        case openai.APITimeoutError():
            return UnavailableError(FaultCode.OPENAI_TIMEOUT, "OpenAI did not answer in time")
        case openai.APIConnectionError():
            return UnavailableError(FaultCode.OPENAI_CONNECTION, "no connection to OpenAI")
        case openai.APIStatusError():
            return _translated_status(error)
        case _:
            return _bad_output(type(error).__name__)


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
