"""Says the answers of the simulated OpenAI when something is wrong with a call."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from orbion.simulators.asgi import Answer, Ending
from orbion.simulators.faults import ModelFault

_HELP: Final = "Please contact us through our help center if the error persists."


def error(
    status: int,
    message: str,
    *,
    code: str | None = None,
    kind: str | None = None,
    param: str | None = None,
) -> Answer:
    """An error body in OpenAI's form."""
    usual = "server_error" if status >= 500 else "invalid_request_error"  # noqa: PLR2004 HTTP
    body = {"error": {"message": message, "type": kind or usual, "param": param, "code": code}}
    return Answer(status=status, body=body)


def rate_limited(wait: tuple[tuple[str, str], ...]) -> Answer:
    refused = error(
        429,
        "Rate limit reached for gpt-4.1-mini in organization org-simulated on requests per min.",
        code="rate_limit_exceeded",
        kind="requests",
    )
    return Answer(status=429, body=refused.body, headers=wait)


def no_model(name: str, param: str | None = None) -> Answer:
    message = f"The model `{name}` does not exist or you do not have access to it."
    return error(404, message, code="model_not_found", param=param)


def _finished(by: str, **message: Any) -> Mapping[str, Any]:
    return {"content": '{"bubbles": [{"te', "finish_reason": by, **message}


def _calling(name: str, arguments: str) -> Mapping[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"tool_calls": [{"id": "call_spoiled", "type": "function", "function": function}]}


BAD_KEY: Final = error(401, "Incorrect API key provided.", code="invalid_api_key")
ANSWERS: Final[Mapping[ModelFault | None, Answer]] = MappingProxyType(
    {
        ModelFault.QUOTA: error(
            429,
            "You exceeded your current quota, please check your plan and billing details.",
            code="insufficient_quota",
            kind="insufficient_quota",
        ),
        ModelFault.SERVER_ERROR: error(500, f"The server had an error. {_HELP}"),
        ModelFault.OVERLOADED: error(503, "The engine is currently overloaded."),
        ModelFault.UNAUTHORIZED: BAD_KEY,
        ModelFault.FORBIDDEN: error(
            403,
            "Country, region, or territory not supported",
            code="unsupported_country_region_territory",
            kind="request_forbidden",
        ),
        ModelFault.BAD_REQUEST: error(400, "Invalid schema for response_format 'reply'."),
        ModelFault.CONTEXT_TOO_LONG: error(
            400,
            "This model's maximum context length is 128000 tokens. However, your messages resulted "
            "in 131072 tokens. Please reduce the length of the messages.",
            code="context_length_exceeded",
        ),
        ModelFault.MODEL_UNKNOWN: no_model("gpt-0"),
        ModelFault.TIMED_OUT: error(408, "Request timed out.", kind="timeout"),
        ModelFault.NO_CHOICES: Answer(body={"object": "chat.completion", "choices": []}),
        ModelFault.WRONG_SHAPE: Answer(body={"object": "list", "data": [{"choices": "none"}]}),
        ModelFault.NOT_JSON: Answer(raw=b"<html><body>502 Bad Gateway</body></html>"),
        ModelFault.HANG: Answer(ending=Ending.HANG),
        ModelFault.RESET: Answer(ending=Ending.RESET),
    }
)
"""Fates that need nothing of the request."""

OUTAGES: Final = frozenset(
    {
        ModelFault.SERVER_ERROR,
        ModelFault.OVERLOADED,
        ModelFault.UNAUTHORIZED,
        ModelFault.FORBIDDEN,
        ModelFault.MODEL_UNKNOWN,
        ModelFault.TIMED_OUT,
        ModelFault.NOT_JSON,
        ModelFault.HANG,
        ModelFault.RESET,
    }
)
"""What a look at the model meets as well."""

SPOILED: Final[Mapping[ModelFault | None, Any]] = MappingProxyType(
    {
        ModelFault.EMPTY: {"content": None},
        ModelFault.CUT_SHORT: _finished("length"),
        ModelFault.FILTERED: _finished("content_filter"),
        ModelFault.REFUSED: {"refusal": "I'm sorry, I cannot assist with that request."},
        ModelFault.MALFORMED: '{"bubbles": [{',
        ModelFault.OFF_CONTRACT: '{"answer": "Sorry, there was an error", "bubbles": "none"}',
        ModelFault.BROKEN_ARGUMENTS: _calling("search_knowledge", '{"query": "ho'),
        ModelFault.UNKNOWN_TOOL: _calling("send_message", '{"to": "5511999999999"}'),
    }
)
"""Whole completions that say nothing useful."""
