"""The simulated model provider: shapes, counts, and every way of failing."""

from random import Random
from typing import Any

import httpx
import pytest

from orbion.simulators.faults import ModelFault, ModelFaults
from orbion.simulators.openai import Json, OpenAISimulator
from tests.unit.simulators.virtual import START_MS, now, virtually

KEY = "sk-simulated"
QUESTION = {"model": "gpt-4o-mini", "messages": [{"role": "system", "content": "Você vende."}]}


def model(reply: Json | str = "Olá!", **faults: Any) -> OpenAISimulator:
    return OpenAISimulator(
        lambda _: reply, api_key=KEY, random=Random(1), now=now, faults=ModelFaults(**faults)
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


@pytest.mark.parametrize("body", [[], {"model": "gpt-4o-mini"}, {"messages": [1]}])
def test_an_incomplete_request_is_the_callers_fault(body: Any) -> None:
    assert virtually(lambda: ask(model(), body)).status_code == 400


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
