"""Simulates the chat completions API of OpenAI as a raw ASGI app with fault knobs."""

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import msgspec
from starlette.types import Receive, Scope, Send

from orbion.simulators.asgi import Answer, Ending, Request, read_request, respond
from orbion.simulators.faults import ModelFault, ModelFaults, draw

Json: TypeAlias = dict[str, Any]
Reply: TypeAlias = Callable[[Json], Json | str]
"""From the request to the assistant's text, or to fields of its message (`tool_calls` …)."""

BYTES_PER_TOKEN: Final = 4
CACHE_FROM: Final = 1024
CACHE_STEP: Final = 128
MODELS: Final = ("gpt-4o-mini", "gpt-4.1-mini", "gpt-5-mini")
PATHS: Final = ("/v1/chat/completions", "/chat/completions")


class OpenAISimulator:
    """`answer` decides the content; `journal` holds every authorised request body in order.

    `faults` may be replaced at any time.
    """

    def __init__(
        self,
        answer: Reply,
        *,
        api_key: str,
        random: Random,
        now: Callable[[], int],
        faults: ModelFaults,
    ) -> None:
        self.faults = faults
        self._journal: list[Json] = []
        self._openings: set[bytes] = set()
        self._reply = answer
        self._api_key = api_key
        self._random = random
        self._now = now

    @property
    def journal(self) -> Sequence[Json]:
        return self._journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await read_request(scope, receive)
        await asyncio.sleep(self._random.randint(*self.faults.latency_ms) / 1000)
        await respond(self._route(request), scope, receive, send)

    def _route(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {self._api_key}":
            return BAD_KEY
        if request.method == "GET" and request.path in ("/v1/models", "/models"):
            return Answer(body={"object": "list", "data": [_model(name) for name in MODELS]})
        if request.method != "POST" or request.path not in PATHS:
            return error(404, f"Invalid URL ({request.method} {request.path})")
        try:
            body = msgspec.json.decode(request.body, type=dict[str, Any])
        except msgspec.MsgspecError:
            return error(400, "We could not parse the JSON body of your request.")
        if not body.get("messages") or not body.get("model"):
            return error(400, "you must provide a model and messages", code="missing_parameter")
        return self._complete(body, tokens(request.body))

    def _complete(self, body: Json, prompt_tokens: int) -> Answer:
        opening = msgspec.json.encode(body["messages"][0])
        known = opening in self._openings
        self._openings.add(opening)
        self._journal.append(body)
        fault = draw(self.faults.call, self._random)
        refused = self._refused(fault)
        if refused is not None:
            return refused
        reply = '{"bubbles": [{' if fault is ModelFault.MALFORMED else self._reply(body)
        cached = prompt_tokens // CACHE_STEP * CACHE_STEP if known else 0
        ending = Ending.TRUNCATED if fault is ModelFault.TRUNCATED else Ending.WHOLE
        return Answer(
            body=self._completion(body["model"], reply, usage(reply, prompt_tokens, cached)),
            headers=(("x-request-id", f"req_{self._random.getrandbits(128):032x}"),),
            ending=ending,
        )

    def _completion(self, model: str, reply: Json | str, spent: Json) -> Json:
        fields = {"content": reply} if isinstance(reply, str) else reply
        message: Json = {"role": "assistant", "content": None, "refusal": None, "annotations": []}
        message |= fields
        finish = "tool_calls" if message.get("tool_calls") else "stop"
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        return {
            "id": f"chatcmpl-{self._random.getrandbits(96):024x}",
            "object": "chat.completion",
            "created": self._now() // 1000,
            "model": model,
            "choices": [choice],
            "usage": spent,
            "service_tier": "default",
            "system_fingerprint": "fp_simulated",
        }

    def _refused(self, fault: ModelFault | None) -> Answer | None:
        if fault is ModelFault.RATE_LIMITED:
            wait = str(self.faults.retry_after_s)
            return error(429, "Rate limit reached.", code="rate_limit_exceeded", wait=wait)
        return REFUSALS.get(fault) if fault else None


def error(status: int, message: str, *, code: str | None = None, wait: str | None = None) -> Answer:
    kind = "server_error" if status >= 500 else code or "invalid_request_error"  # noqa: PLR2004 HTTP
    body = {"error": {"message": message, "type": kind, "param": None, "code": code}}
    headers = (("retry-after", wait),) if wait else ()
    return Answer(status=status, body=body, headers=headers)


def usage(reply: Json | str, prompt_tokens: int, cached: int) -> Json:
    """Token counts estimated from sizes; a repeated long prompt counts as cached."""
    written = tokens(msgspec.json.encode(reply))
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": written,
        "total_tokens": prompt_tokens + written,
        "prompt_tokens_details": {
            "cached_tokens": cached if prompt_tokens >= CACHE_FROM else 0,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def tokens(text: bytes) -> int:
    return max(1, len(text) // BYTES_PER_TOKEN)


def _model(name: str) -> Json:
    return {"id": name, "object": "model", "created": 1721172741, "owned_by": "system"}


BAD_KEY: Final = error(401, "Incorrect API key provided.", code="invalid_api_key")
REFUSALS: Final = MappingProxyType(
    {
        ModelFault.QUOTA: error(429, "You exceeded your current quota.", code="insufficient_quota"),
        ModelFault.SERVER_ERROR: error(500, "The server had an error processing your request."),
        ModelFault.OVERLOADED: error(503, "The engine is currently overloaded."),
        ModelFault.UNAUTHORIZED: BAD_KEY,
        ModelFault.HANG: Answer(ending=Ending.HANG),
        ModelFault.RESET: Answer(ending=Ending.RESET),
    }
)
