"""Checks a chat completions request as OpenAI does before it thinks of an answer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

_ROLES: Final = frozenset(["system", "developer", "user", "assistant", "tool"])


def what_is_wrong(body: Mapping[str, Any]) -> str | None:
    """The message of the error, None for a request that may be answered."""
    if not body.get("messages") or not body.get("model"):
        return "you must provide a model and messages"
    return next(_problems(body), None)


def _problems(body: Mapping[str, Any]) -> Iterator[str]:
    yield from _chat_problems(body["messages"])
    tools = body.get("tools")
    if tools is None and not {"tool_choice", "parallel_tool_calls"}.isdisjoint(body):
        yield "'tool_choice' and 'parallel_tool_calls' are only allowed when 'tools' are specified."
    for tool in tools or ():
        function = tool["function"]
        if function.get("strict"):
            yield from _schema_problems(function["parameters"], f"function '{function['name']}'")
    form = body.get("response_format", {}).get("json_schema", {})
    if form.get("strict"):
        yield from _schema_problems(form["schema"], f"response_format '{form['name']}'")


def _chat_problems(messages: Sequence[Any]) -> Iterator[str]:
    """Each tool call is answered at once, and nothing else is answered by a tool."""
    waiting: set[str] = set()
    for message in messages:
        if not isinstance(message, dict) or message.get("role") not in _ROLES:
            yield "Invalid value for 'messages': each needs a role and content."
            return
        if message["role"] == "tool":
            if message.get("tool_call_id") not in waiting:
                yield (
                    "Invalid parameter: messages with role 'tool' must be a response to a "
                    "preceding message with 'tool_calls'."
                )
            waiting.discard(message.get("tool_call_id", ""))
        elif waiting:
            yield (
                "An assistant message with 'tool_calls' must be followed by tool messages "
                "responding to each 'tool_call_id'."
            )
        waiting |= {call["id"] for call in message.get("tool_calls") or ()}
    if waiting:
        yield "An assistant message with 'tool_calls' must be followed by tool messages."


def _schema_problems(schema: Mapping[str, Any], where: str) -> Iterator[str]:
    """The strict dialect: an object at the root, closed and complete objects everywhere."""
    if schema.get("type") != "object":
        yield f"Invalid schema for {where}: schema must have type 'object'."
    for level in _objects(schema):
        if level.get("additionalProperties") is not False:
            yield f"Invalid schema for {where}: 'additionalProperties' must be false."
        if set(level.get("required", ())) != set(level.get("properties", {})):
            yield f"Invalid schema for {where}: 'required' must name every property."


def _objects(schema: Any) -> Iterator[Mapping[str, Any]]:
    parts = schema.values() if isinstance(schema, dict) else schema
    if isinstance(schema, dict) and schema.get("type") == "object":
        yield schema
    for each in parts:
        if isinstance(each, dict | list):
            yield from _objects(each)
