"""Simulates the chat completions API of OpenAI as a raw ASGI app with fault knobs."""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, Final, TypeAlias

import msgspec
from starlette.types import Receive, Scope, Send

from orbion.kit.ids import digest
from orbion.simulators.asgi import Answer, Ending, Request, read_request, respond
from orbion.simulators.faults import ModelFault, ModelFaults, draw
from orbion.simulators.openai_faults import (
    ANSWERS,
    BAD_KEY,
    OUTAGES,
    SPOILED,
    error,
    no_model,
    rate_limited,
)
from orbion.simulators.openai_rules import what_is_wrong

Json: TypeAlias = dict[str, Any]
Reply: TypeAlias = Callable[[Json], Json | str]
"""From the request to the assistant's text, or to fields of its message (`tool_calls` …)."""

BYTES_PER_TOKEN: Final = 4
CACHE_FROM: Final = 1024
CACHE_STEP: Final = 128
MODELS: Final = ("gpt-4o-mini", "gpt-4.1-mini", "gpt-5-mini")
_NAMED: Final = re.compile(r"(?:/v1)?/models/(.+)")
PATHS: Final = ("/v1/chat/completions", "/chat/completions")


class OpenAISimulator:
    """`answer` decides the content; `journal` holds every authorised request body in order.

    `fates` says what went wrong with each of them, None for a whole answer.
    `faults` may be replaced at any time; `script` decides the next calls one by one (None = nothing
    goes wrong) before chance does.
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
        self.script: deque[ModelFault | None] = deque()
        self.fates: list[ModelFault | None] = []
        self._journal: list[Json] = []
        self._read_before: set[bytes] = set()
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
        if request.method == "GET" and (found := _NAMED.fullmatch(request.path)):
            return self._look(found[1])
        if request.method != "POST" or request.path not in PATHS:
            return error(404, f"Invalid URL ({request.method} {request.path})")
        try:
            body = msgspec.json.decode(request.body, type=dict[str, Any])
        except msgspec.MsgspecError:
            return error(400, "We could not parse the JSON body of your request.")
        wrong = what_is_wrong(body)
        return error(400, wrong) if wrong else self._complete(body, tokens(request.body))

    def _look(self, name: str) -> Answer:
        """What spoils single answers spares this; an outage, a wrong key or model does not."""
        fault = draw(self.faults.call, self._random)
        if fault is ModelFault.RATE_LIMITED:
            return rate_limited(self.faults.wait)
        if fault in OUTAGES:
            return ANSWERS[fault]
        return Answer(body=_model(name)) if name in MODELS else no_model(name, "model")

    def _complete(self, body: Json, prompt_tokens: int) -> Answer:
        cached = self._cached(body["messages"], prompt_tokens)
        self._journal.append(body)
        fault = self.script.popleft() if self.script else draw(self.faults.call, self._random)
        self.fates.append(fault)
        if fault is ModelFault.RATE_LIMITED:
            return rate_limited(self.faults.wait)
        if fault in ANSWERS:
            return ANSWERS[fault]
        reply = SPOILED[fault] if fault in SPOILED else self._reply(body)
        return Answer(
            body=self._completion(body["model"], reply, usage(reply, prompt_tokens, cached)),
            headers=(("x-request-id", f"req_{self._random.getrandbits(128):032x}"),),
            ending=Ending.TRUNCATED if fault is ModelFault.TRUNCATED else Ending.WHOLE,
        )

    def _completion(self, model: str, reply: Json | str, spent: Json) -> Json:
        fields = {"content": reply} if isinstance(reply, str) else dict(reply)
        finish = "tool_calls" if fields.get("tool_calls") else "stop"
        choice = {
            "index": 0,
            "finish_reason": fields.pop("finish_reason", finish),
            "message": {
                "role": "assistant",
                "content": None,
                "refusal": None,
                "annotations": [],
                **fields,
            },
            "logprobs": None,
        }
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

    def _cached(self, messages: Sequence[Json], prompt_tokens: int) -> int:
        """Tokens of the longest beginning that an earlier request had too, in whole steps."""
        known = 0
        for key, size in _beginnings(messages):
            if key in self._read_before:
                known = size
            self._read_before.add(key)
        cached = min(known // BYTES_PER_TOKEN, prompt_tokens) // CACHE_STEP * CACHE_STEP
        return cached if cached >= CACHE_FROM else 0


def tool_call(name: str, arguments: Json | str, *, number: int = 1) -> Json:
    """The fields of an assistant's message that calls one tool."""
    written = arguments if isinstance(arguments, str) else msgspec.json.encode(arguments).decode()
    call = {
        "id": f"call_{number:024d}",
        "type": "function",
        "function": {"name": name, "arguments": written},
    }
    return {"tool_calls": [call]}


def in_order(*replies: Json | str) -> Reply:
    """Give these replies one after another, then the last one for ever."""
    waiting = deque(replies)
    return lambda _: waiting.popleft() if len(waiting) > 1 else waiting[0]


def usage(reply: Json | str, prompt_tokens: int, cached: int) -> Json:
    """Token counts estimated from sizes."""
    written = tokens(msgspec.json.encode(reply))
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": written,
        "total_tokens": prompt_tokens + written,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def tokens(text: bytes) -> int:
    return max(1, len(text) // BYTES_PER_TOKEN)


def _beginnings(messages: Sequence[Json]) -> Iterator[tuple[bytes, int]]:
    """The key and the bytes of each beginning of a chat, one message longer each time."""
    key, size = b"", 0
    for message in messages:
        wire = msgspec.json.encode(message).decode()
        key = digest(key.hex(), wire)
        size += len(wire)
        yield key, size


def _model(name: str) -> Json:
    return {"id": name, "object": "model", "created": 1721172741, "owned_by": "system"}
