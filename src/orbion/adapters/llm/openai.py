"""Answers through OpenAI's Chat Completions, or anything that speaks the same interface."""

from typing import Final
from urllib.parse import quote

import httpx2
import openai

from orbion.adapters.llm.openai_wire import read_completion, request_body
from orbion.domain.errors import FaultCode, RefusedError, UnavailableError
from orbion.domain.prompt import Models, Prompt
from orbion.domain.turns import Completion
from orbion.kit.retry import retry_after

DEFAULT_BASE_URL: Final = "https://api.openai.com/v1"
CONNECT_SECONDS: Final = 3.0
REACH_SECONDS: Final = 8.0
LONGEST_WAIT: Final = 300.0
_NO_MONEY: Final = frozenset(
    ["insufficient_quota", "billing_hard_limit_reached", "billing_not_active"]
)
_NO_SUCH_MODEL: Final = "model_not_found"
_NO_SCOPE: Final = "Missing scopes"
_TOO_LONG: Final = frozenset(["context_length_exceeded", "string_above_max_length"])


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
    """`timeout` is in seconds and per call; the client was built by `build_client`.

    `models` names one for every task.
    """

    __slots__ = ("_client", "_max_output_tokens", "_models", "_timeout")

    def __init__(
        self,
        client: openai.AsyncOpenAI,
        *,
        models: Models,
        timeout: float,
        max_output_tokens: int,
    ) -> None:
        self._client = client
        self._models = models
        self._timeout = openai.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS))
        self._max_output_tokens = max_output_tokens

    async def close(self) -> None:
        await self._client.close()

    async def reach(self) -> bool:
        told = [await self._knows(model) for model in dict.fromkeys(self._models.values())]
        return all(told)

    async def _knows(self, model: str) -> bool:
        try:
            await self._client.get(
                f"/models/{quote(model, safe='')}",
                cast_to=httpx2.Response,
                options={"timeout": openai.Timeout(REACH_SECONDS, connect=CONNECT_SECONDS)},
            )
        except openai.APIStatusError as error:
            if _tells_nothing(error):
                return False
            raise _translated_status(error) from error
        except openai.APIError as error:
            raise _translated(error) from error
        return True

    async def complete(self, prompt: Prompt) -> Completion:
        body = request_body(
            prompt,
            model=self._models[prompt.task],
            max_output_tokens=self._max_output_tokens,
        )
        try:
            # `create` spends four times as long: it walks and transforms the typed parameters
            response = await self._client.post(
                "/chat/completions",
                cast_to=httpx2.Response,
                content=body,
                options={
                    "timeout": self._timeout,
                    "headers": {"content-type": "application/json"},
                },
            )
        except openai.APIStatusError as error:
            raise _translated_status(error) from error
        except openai.APIError as error:
            raise _translated(error) from error
        return read_completion(response.content)


def _tells_nothing(error: openai.APIStatusError) -> bool:
    """Other people's servers may not have the route, a restricted key may not read models."""
    is_unknown_route = error.status_code == 404 and error.code != _NO_SUCH_MODEL  # noqa: PLR2004 HTTP
    return is_unknown_route or _NO_SCOPE in error.message


def _translated(error: openai.APIError) -> UnavailableError:
    if isinstance(error, openai.APITimeoutError):
        return UnavailableError(FaultCode.OPENAI_TIMEOUT, "OpenAI did not answer in time")
    return UnavailableError(FaultCode.OPENAI_CONNECTION, "no connection to OpenAI")


def _translated_status(error: openai.APIStatusError) -> UnavailableError | RefusedError:
    """By what the body calls it, then by the status: money spent is a 429 too."""
    status = error.status_code
    what = f"OpenAI answered {status}"
    if not _NO_MONEY.isdisjoint((error.code, error.type)):
        return RefusedError(FaultCode.OPENAI_QUOTA, what)
    wait = _wait(error.response)
    match status:
        case 429:
            return UnavailableError(FaultCode.OPENAI_RATE_LIMIT, what, retry_after=wait)
        case 408:
            return UnavailableError(FaultCode.OPENAI_TIMEOUT, what)
        case _ if status >= 500 or status == 409:  # noqa: PLR2004 HTTP's own border
            return UnavailableError(FaultCode.OPENAI_SERVER, what, retry_after=wait)
        case _:
            return RefusedError(_refusal(status, error), what)


def _refusal(status: int, error: openai.APIStatusError) -> FaultCode:
    match status:
        case 401 | 403:
            return FaultCode.OPENAI_AUTH
        case 404:
            return FaultCode.OPENAI_MODEL_UNKNOWN
        case 400 | 413 if error.code in _TOO_LONG or "maximum context length" in error.message:
            return FaultCode.OPENAI_CONTEXT_TOO_LONG
        case _:
            return FaultCode.OPENAI_BAD_REQUEST


def _wait(response: httpx2.Response) -> float:
    """Seconds until it makes sense to ask again; 1 if the answer does not say."""
    said = retry_after(response.headers)
    return 1.0 if said is None else min(said, LONGEST_WAIT)
