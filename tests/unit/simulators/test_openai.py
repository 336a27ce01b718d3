"""The simulated model provider: shapes, counts, and every way of failing."""

from random import Random
from typing import Any

import httpx
import pytest

from orbion.simulators.faults import ModelFault, ModelFaults
from orbion.simulators.openai import Json, OpenAISimulator, Reply, in_order, tool_call
from orbion.simulators.virtual import START_MS, now, virtually

KEY = "sk-simulated"
QUESTION = {"model": "gpt-4o-mini", "messages": [{"role": "system", "content": "Você vende."}]}


def model(reply: Json | str = "Olá!", **faults: Any) -> OpenAISimulator:
    return model_of(lambda _: reply, **faults)


def model_of(reply: Reply, **faults: Any) -> OpenAISimulator:
    return OpenAISimulator(
        reply, api_key=KEY, random=Random(1), now=now, faults=ModelFaults(**faults)
    )


async def ask(
    simulator: OpenAISimulator, body: Any = QUESTION, *, key: str = KEY, path: str = "/v1"
) -> httpx.Response:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=simulator), base_url="http://openai"
    ) as http:
        headers = {"authorization": f"Bearer {key}"}
        return await http.post(f"{path}/chat/completions", json=body, headers=headers)


@pytest.mark.parametrize("path", ["", "/v1"])
def test_a_text_becomes_a_complete_chat_completion(path: str) -> None:
    body = virtually(lambda: ask(model("Olá, tudo bem?"), path=path)).json()
    assert body["object"] == "chat.completion"
    assert body["created"] == START_MS // 1000
    (choice,) = body["choices"]
    assert choice["message"]["content"] == "Olá, tudo bem?"
    assert choice["finish_reason"] == "stop"
    spent = body["usage"]
    assert spent["total_tokens"] == spent["prompt_tokens"] + spent["completion_tokens"]
    assert spent["prompt_tokens_details"]["cached_tokens"] == 0


def test_a_repeated_long_prompt_counts_as_cached_but_never_more_than_the_prompt() -> None:
    long = {**QUESTION, "messages": [{"role": "system", "content": "x" * 8_000}]}

    async def scenario() -> list[Json]:
        simulator = model()
        return [(await ask(simulator, long)).json()["usage"] for _ in range(2)]

    first, second = virtually(scenario)
    assert first["prompt_tokens_details"]["cached_tokens"] == 0
    cached = second["prompt_tokens_details"]["cached_tokens"]
    assert 0 < cached <= second["prompt_tokens"]
    assert cached % 128 == 0


def test_tool_calls_are_passed_on() -> None:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "get_slots", "arguments": "{}"},
    }
    body = virtually(lambda: ask(model({"tool_calls": [call]}))).json()
    (choice,) = body["choices"]
    assert choice["message"]["tool_calls"] == [call]
    assert choice["message"]["content"] is None
    assert choice["finish_reason"] == "tool_calls"


def test_the_journal_holds_what_was_asked() -> None:
    simulator = model()
    virtually(lambda: ask(simulator))
    assert simulator.journal == [QUESTION]


def test_a_wrong_key_is_refused_and_not_journaled() -> None:
    simulator = model()
    answer = virtually(lambda: ask(simulator, key="sk-wrong"))
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"
    assert simulator.journal == []


CALL = {"id": "1", "type": "function", "function": {"name": "x", "arguments": "{}"}}
CALLING = {"role": "assistant", "content": None, "tool_calls": [CALL]}
TOLD = {"role": "tool", "tool_call_id": "1", "content": "ok"}
LOOSE = {"type": "object", "properties": {"a": {"type": "string"}}, "required": []}
CLOSED = {**LOOSE, "additionalProperties": False}


def tool(parameters: Any) -> dict[str, Any]:
    function = {"name": "x", "parameters": parameters, "strict": True}
    return {"type": "function", "function": function}


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"model": "gpt-4o-mini"},
        {"messages": [1]},
        {**QUESTION, "messages": [1]},
        {**QUESTION, "messages": [{"role": "robot", "content": "x"}]},
        {**QUESTION, "messages": [TOLD]},
        {**QUESTION, "messages": [CALLING]},
        {**QUESTION, "messages": [CALLING, {"role": "user", "content": "x"}, TOLD]},
        {**QUESTION, "messages": [CALLING, TOLD, TOLD]},
        {**QUESTION, "tool_choice": "none"},
        {**QUESTION, "tools": [tool(LOOSE)]},
        {**QUESTION, "tools": [tool(CLOSED)]},
        {**QUESTION, "tools": [tool({"$ref": "#/$defs/x"})]},
        {
            **QUESTION,
            "response_format": {"json_schema": {"name": "r", "strict": True, "schema": CLOSED}},
        },
    ],
)
def test_an_incomplete_request_is_the_callers_fault(body: Any) -> None:
    assert virtually(lambda: ask(model(), body)).status_code == 400


def test_an_answered_tool_call_may_be_followed_by_another() -> None:
    again = {**CALLING, "tool_calls": [{**CALL, "id": "2"}]}
    told = {**TOLD, "tool_call_id": "2"}
    closed = tool({**CLOSED, "required": ["a"]})
    body = {**QUESTION, "messages": [CALLING, TOLD, again, told], "tools": [closed]}
    assert virtually(lambda: ask(model(), body)).status_code == 200


def test_replies_in_order_end_with_the_last_one_for_ever() -> None:
    async def scenario() -> list[Any]:
        simulator = model_of(in_order(tool_call("get_slots", {"day": 1}), "Olá!"))
        return [(await ask(simulator)).json()["choices"][0] for _ in range(3)]

    first, *others = virtually(scenario)
    (call,) = first["message"]["tool_calls"]
    assert call["function"] == {"name": "get_slots", "arguments": '{"day":1}'}
    assert [each["message"]["content"] for each in others] == ["Olá!", "Olá!"]


def test_a_script_decides_calls_one_by_one_before_chance_does() -> None:
    async def scenario() -> list[int]:
        simulator = model(call={ModelFault.OVERLOADED: 1.0})
        simulator.script.extend([ModelFault.QUOTA, None])
        return [(await ask(simulator)).status_code for _ in range(3)]

    assert virtually(scenario) == [429, 200, 503]


def test_a_chat_that_grows_is_cached_up_to_where_it_was_read() -> None:
    opening = {"role": "system", "content": "x" * 8_000}
    asked = {"role": "user", "content": "y" * 8_000}

    async def scenario() -> list[int]:
        simulator = model()
        chats = ([opening], [opening, asked], [opening, asked, asked], [asked])
        usages = [
            (await ask(simulator, {**QUESTION, "messages": chat})).json()["usage"] for chat in chats
        ]
        return [each["prompt_tokens_details"]["cached_tokens"] for each in usages]

    first, second, third, other = virtually(scenario)
    assert (first, other) == (0, 0)
    assert 1_900 < second < third


@pytest.mark.parametrize(
    ("fault", "finish", "key"),
    [
        (ModelFault.CUT_SHORT, "length", "content"),
        (ModelFault.FILTERED, "content_filter", "content"),
        (ModelFault.REFUSED, "stop", "refusal"),
        (ModelFault.BROKEN_ARGUMENTS, "tool_calls", "tool_calls"),
        (ModelFault.UNKNOWN_TOOL, "tool_calls", "tool_calls"),
    ],
)
def test_a_useless_completion_ends_as_openais_do(fault: ModelFault, finish: str, key: str) -> None:
    body = virtually(lambda: ask(model(call={fault: 1.0}))).json()
    (choice,) = body["choices"]
    assert choice["finish_reason"] == finish
    assert choice["message"][key]
    assert "finish_reason" not in choice["message"]
    assert body["system_fingerprint"]


@pytest.mark.parametrize("fault", [ModelFault.NO_CHOICES, ModelFault.WRONG_SHAPE])
def test_a_wrong_shape_is_json_all_the_same(fault: ModelFault) -> None:
    assert not virtually(lambda: ask(model(call={fault: 1.0}))).json().get("choices")


def test_an_answer_that_is_no_json_is_a_page() -> None:
    answer = virtually(lambda: ask(model(call={ModelFault.NOT_JSON: 1.0})))
    assert (answer.status_code, answer.text[:6]) == (200, "<html>")


def test_the_models_are_listed() -> None:
    async def scenario() -> httpx.Response:
        transport = httpx.ASGITransport(app=model())
        async with httpx.AsyncClient(transport=transport, base_url="http://openai") as http:
            return await http.get("/v1/models", headers={"authorization": f"Bearer {KEY}"})

    listing = virtually(scenario).json()
    assert "gpt-4o-mini" in [row["id"] for row in listing["data"]]


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (ModelFault.RATE_LIMITED, 429, "rate_limit_exceeded"),
        (ModelFault.QUOTA, 429, "insufficient_quota"),
        (ModelFault.SERVER_ERROR, 500, None),
        (ModelFault.OVERLOADED, 503, None),
        (ModelFault.UNAUTHORIZED, 401, "invalid_api_key"),
        (ModelFault.FORBIDDEN, 403, "unsupported_country_region_territory"),
        (ModelFault.CONTEXT_TOO_LONG, 400, "context_length_exceeded"),
        (ModelFault.MODEL_UNKNOWN, 404, "model_not_found"),
        (ModelFault.BAD_REQUEST, 400, None),
        (ModelFault.TIMED_OUT, 408, None),
    ],
)
def test_a_refusal_has_its_status_and_code(fault: ModelFault, status: int, code: str) -> None:
    answer = virtually(lambda: ask(model(call={fault: 1.0})))
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert ("retry-after" in answer.headers) is (fault is ModelFault.RATE_LIMITED)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (ModelFault.HANG, httpx.ReadTimeout),
        (ModelFault.RESET, httpx.ReadError),
        (ModelFault.TRUNCATED, httpx.RemoteProtocolError),
    ],
)
def test_a_broken_connection_is_a_transport_error(
    fault: ModelFault, error: type[httpx.TransportError]
) -> None:
    with pytest.raises(error):
        virtually(lambda: ask(model(call={fault: 1.0})))


def test_malformed_content_is_no_json() -> None:
    body = virtually(lambda: ask(model('{"bubbles": []}', call={ModelFault.MALFORMED: 1.0}))).json()
    content = body["choices"][0]["message"]["content"]
    assert content.startswith("{")
    assert not content.endswith("}")
