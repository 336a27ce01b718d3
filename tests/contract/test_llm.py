"""Every model provider keeps the same promises to the agent."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from random import Random
from typing import Any

import httpx2
import msgspec
import pytest

from orbion.adapters.llm.openai import OpenAILLM, build_client
from orbion.adapters.llm.openai_wire import reply_schema
from orbion.adapters.llm.scripted import ScriptedLLM
from orbion.agent.prompt import build_prompt
from orbion.agent.tools import SPECS
from orbion.domain.answering import Situation, answer
from orbion.domain.errors import FaultCode, OrbionError, RefusedError, UnavailableError
from orbion.domain.prompt import Prompt, models_of
from orbion.domain.reply import from_json
from orbion.domain.turns import ChatMessage, Completion, ToolCall
from orbion.ports import LLM
from orbion.simulators.faults import ModelFault, ModelFaults
from orbion.simulators.openai import Json, OpenAISimulator, Reply, tool_call
from tests.support.playbooks import solar
from tests.support.turns import turn

KEY = "sk-simulated"
ASKED = build_prompt(solar(), turn("Oi, sou a Ana", "quanto custa o kit 5?", first=True), ())


def answered(body: Json) -> str:
    """What a perfect model makes of the request: it reads the batch as the agent wrote it."""
    now = msgspec.json.decode(body["messages"][-1]["content"])
    return answer(
        solar(),
        now["messages"],
        now["facts"],
        Situation(asked=now["asked"], first_contact=now["first_contact"]),
    ).to_json()


def simulator(reply: Reply = answered, fault: ModelFault | None = None) -> OpenAISimulator:
    faults = ModelFaults(
        latency_ms=(0, 0), call={fault: 1.0} if fault else {}, wait=(("retry-after", "7"),)
    )
    return OpenAISimulator(
        reply, api_key=KEY, random=Random(1), now=lambda: 1_800_000_000_000, faults=faults
    )


async def asked_over(transport: httpx2.AsyncBaseTransport, *, key: str = KEY) -> str:
    async with httpx2.AsyncClient(transport=transport) as http:
        llm = openai_llm(http, key=key)
        return (await llm.complete(ASKED)).text


def openai_llm(http: httpx2.AsyncClient, *, key: str = KEY) -> OpenAILLM:
    client = build_client(key, "http://openai/v1", 2.0, http)
    return OpenAILLM(
        client, models=models_of("gpt-4.1-mini", "gpt-4.1-nano"), timeout=2.0, max_output_tokens=600
    )


async def reached(
    *, key: str = KEY, model: str = "gpt-4.1-mini", fault: ModelFault | None = None
) -> bool:
    transport = httpx2.ASGITransport(app=simulator(fault=fault))
    async with httpx2.AsyncClient(transport=transport) as http:
        client = build_client(key, "http://openai/v1", 2.0, http)
        models = models_of(model)
        return await OpenAILLM(client, models=models, timeout=2.0, max_output_tokens=9).reach()


async def test_a_look_at_the_model_says_that_the_provider_has_it() -> None:
    assert await reached()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"key": "sk-errada"}, FaultCode.OPENAI_AUTH),
        ({"model": "gpt-0"}, FaultCode.OPENAI_MODEL_UNKNOWN),
        ({"fault": ModelFault.SERVER_ERROR}, FaultCode.OPENAI_SERVER),
        ({"fault": ModelFault.RATE_LIMITED}, FaultCode.OPENAI_RATE_LIMIT),
        ({"fault": ModelFault.RESET}, FaultCode.OPENAI_CONNECTION),
    ],
)
async def test_a_look_at_the_model_names_what_is_wrong(
    given: dict[str, Any], code: FaultCode
) -> None:
    with pytest.raises(OrbionError) as raised:
        await reached(**given)
    assert raised.value.code is code


async def test_what_spoils_an_answer_spares_the_look() -> None:
    assert await reached(fault=ModelFault.MALFORMED)


@pytest.mark.parametrize(
    ("status", "message"),
    [(404, "Not Found"), (403, "Missing scopes: api.model.read"), (401, "Missing scopes: x")],
)
async def test_a_server_or_a_key_that_tells_nothing_of_models_is_reached(
    status: int, message: str
) -> None:
    answer = httpx2.Response(status, json={"error": {"message": message, "code": None}})
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(lambda _: answer)) as http:
        assert not await openai_llm(http).reach()


@pytest.fixture(params=["scripted", "openai"])
async def llm(request: pytest.FixtureRequest) -> AsyncGenerator[LLM]:
    if request.param == "scripted":
        yield ScriptedLLM()
        return
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=simulator())) as http:
        yield openai_llm(http)


async def test_a_provider_answers_in_the_reply_contract(llm: LLM) -> None:
    completion = await llm.complete(ASKED)
    reply = from_json(completion.text)
    assert completion.model
    assert "R$ 17.500,00" in reply.bubbles[1].text
    assert reply.facts["nome"].value == "Ana"
    assert reply.asked == "valor_conta"


@pytest.mark.parametrize(
    "prompt",
    [build_prompt(solar(), turn(text), ()) for text in ("", "[áudio]", "tem desconto?", "😀" * 50)],
)
async def test_a_provider_takes_any_batch(llm: LLM, prompt: Prompt) -> None:
    from_json((await llm.complete(prompt)).text)


async def test_the_same_prompt_is_answered_the_same(llm: LLM) -> None:
    assert (await llm.complete(ASKED)).text == (await llm.complete(ASKED)).text


async def test_a_scripted_answer_may_take_its_time() -> None:
    assert (await ScriptedLLM(latency=0.001).complete(ASKED)).model == "scripted"


async def test_one_request_carries_the_chat_and_the_strict_contract_and_counts_its_tokens() -> None:
    app = simulator()
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app)) as http:
        llm = openai_llm(http)
        await llm.complete(ASKED)
        completion = await llm.complete(ASKED)
    assert completion.tokens_in > completion.tokens_cached > 0
    assert completion.tokens_out > 0
    body = app.journal[0]
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["max_completion_tokens"] == 600
    contract = body["response_format"]["json_schema"]
    assert contract["strict"] is True
    assert contract["schema"] == reply_schema(solar())


async def test_a_summary_asks_its_own_model_for_plain_text() -> None:
    app = simulator(lambda _: "Quer uma visita.")
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app)) as http:
        said = await openai_llm(http).complete(replace(ASKED, task="summary", tools=()))
    assert (said.text, app.journal[0]["model"]) == ("Quer uma visita.", "gpt-4.1-nano")
    assert {"response_format", "tools"}.isdisjoint(app.journal[0])


def test_the_schema_names_every_slot_and_is_closed_at_every_level() -> None:
    schema = reply_schema(solar())
    assert set(schema["properties"]["facts"]["properties"]) == {slot.key for slot in solar().slots}
    for level in objects(schema):
        assert level["additionalProperties"] is False
        assert level["required"] == list(level["properties"])


def objects(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [found for item in schema for found in objects(item)]
    if not isinstance(schema, dict):
        return []
    here = [schema] if schema.get("type") == "object" else []
    return here + [found for item in schema.values() for found in objects(item)]


F = ModelFault
PASSES = {
    F.RATE_LIMITED: (FaultCode.OPENAI_RATE_LIMIT, 7.0),
    F.SERVER_ERROR: (FaultCode.OPENAI_SERVER, 1.0),
    F.OVERLOADED: (FaultCode.OPENAI_SERVER, 1.0),
    F.TIMED_OUT: (FaultCode.OPENAI_TIMEOUT, 1.0),
    F.RESET: (FaultCode.OPENAI_CONNECTION, 1.0),
    F.TRUNCATED: (FaultCode.OPENAI_CONNECTION, 1.0),
}
STAYS = {
    F.QUOTA: FaultCode.OPENAI_QUOTA,
    F.UNAUTHORIZED: FaultCode.OPENAI_AUTH,
    F.FORBIDDEN: FaultCode.OPENAI_AUTH,
    F.BAD_REQUEST: FaultCode.OPENAI_BAD_REQUEST,
    F.CONTEXT_TOO_LONG: FaultCode.OPENAI_CONTEXT_TOO_LONG,
    F.MODEL_UNKNOWN: FaultCode.OPENAI_MODEL_UNKNOWN,
    F.NOT_JSON: FaultCode.OPENAI_BAD_OUTPUT,
    F.WRONG_SHAPE: FaultCode.OPENAI_BAD_OUTPUT,
    F.NO_CHOICES: FaultCode.OPENAI_BAD_OUTPUT,
    F.EMPTY: FaultCode.OPENAI_BAD_OUTPUT,
    F.CUT_SHORT: FaultCode.OPENAI_CUT_SHORT,
    F.FILTERED: FaultCode.OPENAI_FILTERED,
    F.REFUSED: FaultCode.OPENAI_REFUSAL,
}
FOR_THE_AGENT = (F.MALFORMED, F.OFF_CONTRACT, F.BROKEN_ARGUMENTS, F.UNKNOWN_TOOL)


def test_every_fate_of_a_call_has_its_row() -> None:
    assert {*PASSES, *STAYS, *FOR_THE_AGENT, F.HANG} == set(F)


@pytest.mark.parametrize("fault", PASSES)
async def test_trouble_that_passes_is_unavailable(fault: ModelFault) -> None:
    app = simulator(fault=fault)
    with pytest.raises(UnavailableError) as caught:
        await asked_over(httpx2.ASGITransport(app=app))
    assert (caught.value.code, caught.value.retry_after) == PASSES[fault]
    assert len(app.journal) == 1, "the SDK must not retry by itself"


@pytest.mark.parametrize("fault", STAYS)
async def test_trouble_that_stays_is_refused(fault: ModelFault) -> None:
    app = simulator(fault=fault)
    with pytest.raises(RefusedError) as caught:
        await asked_over(httpx2.ASGITransport(app=app))
    assert caught.value.code is STAYS[fault]
    assert KEY not in str(caught.value)
    assert len(app.journal) == 1


@pytest.mark.parametrize("fault", FOR_THE_AGENT)
async def test_an_answer_that_only_the_agent_can_judge_is_handed_on(fault: ModelFault) -> None:
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=simulator(fault=fault))
    ) as http:
        completion = await openai_llm(http).complete(ASKED)
    assert completion.text or completion.tool_calls


@pytest.mark.parametrize(
    "reply", ["", {"refusal": ""}, {"tool_calls": [], "content": None}, {"tool_calls": None}]
)
async def test_an_answer_without_text_is_bad_output(reply: Json | str) -> None:
    with pytest.raises(RefusedError) as caught:
        await asked_over(httpx2.ASGITransport(app=simulator(lambda _: reply)))
    assert caught.value.code is FaultCode.OPENAI_BAD_OUTPUT


def fixed(status: int, **answer: Any) -> httpx2.MockTransport:
    return httpx2.MockTransport(lambda _: httpx2.Response(status, **answer))


NOON = {"date": "Wed, 21 Oct 2026 12:00:00 GMT"}


@pytest.mark.parametrize(
    ("transport", "code", "wait"),
    [
        (fixed(408, json={}), FaultCode.OPENAI_TIMEOUT, 1.0),
        (fixed(409, json={}), FaultCode.OPENAI_SERVER, 1.0),
        (fixed(503, headers={"retry-after-ms": "250"}), FaultCode.OPENAI_SERVER, 0.25),
        (fixed(429, headers={"retry-after": "soon"}), FaultCode.OPENAI_RATE_LIMIT, 1.0),
        (fixed(429, headers={"retry-after": "9999"}), FaultCode.OPENAI_RATE_LIMIT, 300.0),
        (
            fixed(429, headers={"retry-after": "Wed, 21 Oct 2026 12:00:40 GMT", **NOON}),
            FaultCode.OPENAI_RATE_LIMIT,
            40.0,
        ),
        (
            fixed(429, headers={"x-ratelimit-reset-requests": "2m5s"}),
            FaultCode.OPENAI_RATE_LIMIT,
            125.0,
        ),
    ],
)
async def test_a_status_that_passes_says_when_to_ask_again(
    transport: httpx2.MockTransport, code: FaultCode, wait: float
) -> None:
    with pytest.raises(UnavailableError) as caught:
        await asked_over(transport)
    assert (caught.value.code, caught.value.retry_after) == (code, wait)


CALLING = {"message": {"tool_calls": [{"id": "1", "function": {"name": "x", "arguments": "{"}}]}}


@pytest.mark.parametrize(
    ("transport", "code"),
    [
        (fixed(403, json={}), FaultCode.OPENAI_AUTH),
        (fixed(404, json={}), FaultCode.OPENAI_MODEL_UNKNOWN),
        (fixed(422, json={}), FaultCode.OPENAI_BAD_REQUEST),
        (
            fixed(400, json={"error": {"message": "exceeds the maximum context length"}}),
            FaultCode.OPENAI_CONTEXT_TOO_LONG,
        ),
        (
            fixed(400, json={"error": {"code": "billing_hard_limit_reached"}}),
            FaultCode.OPENAI_QUOTA,
        ),
        (
            fixed(200, text="{", headers={"content-type": "application/json"}),
            FaultCode.OPENAI_BAD_OUTPUT,
        ),
        (fixed(200, content=b'{"choices": [], "model": "\xff"}'), FaultCode.OPENAI_BAD_OUTPUT),
        (fixed(200, text='{"x":' + "[" * 200_000), FaultCode.OPENAI_BAD_OUTPUT),
        (fixed(200, json={"choices": [{}]}), FaultCode.OPENAI_BAD_OUTPUT),
        (
            fixed(200, json={"choices": [{**CALLING, "finish_reason": "length"}]}),
            FaultCode.OPENAI_CUT_SHORT,
        ),
    ],
)
async def test_a_status_or_a_shape_that_will_not_change_is_refused(
    transport: httpx2.MockTransport, code: FaultCode
) -> None:
    with pytest.raises(RefusedError) as caught:
        await asked_over(transport)
    assert caught.value.code is code


async def completed(app: OpenAISimulator, *prompts: Prompt) -> list[Completion]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app)) as http:
        llm = openai_llm(http)
        return [await llm.complete(prompt) for prompt in prompts]


WANTED = ToolCall(
    id="call_000000000000000000000001", name="search_knowledge", arguments='{"query":"preço"}'
)


async def test_a_tool_call_comes_back_as_the_model_wrote_it() -> None:
    app = simulator(lambda _: tool_call(WANTED.name, WANTED.arguments))
    (completion,) = await completed(app, ASKED)
    assert (completion.text, completion.tool_calls) == ("", (WANTED,))
    (sent,) = app.journal
    assert [tool["function"]["name"] for tool in sent["tools"]] == [spec.name for spec in SPECS]
    assert all(tool["function"]["strict"] for tool in sent["tools"])
    assert (sent["tool_choice"], sent["parallel_tool_calls"]) == ("auto", False)


async def test_a_tools_answer_follows_its_call_and_then_the_model_must_answer() -> None:
    app = simulator(lambda _: "{}")
    answers = (
        ChatMessage(role="assistant", text="", tool_calls=(WANTED,)),
        ChatMessage(role="tool", text='{"found":[]}', tool_call_id=WANTED.id),
    )
    told = replace(ASKED, messages=(*ASKED.messages, *answers), must_answer=True)
    await completed(app, ASKED, told)
    first, second = app.journal
    assert second["messages"][:-2] == first["messages"]
    assert second["messages"][-2:] == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": WANTED.id,
                    "type": "function",
                    "function": {"name": WANTED.name, "arguments": WANTED.arguments},
                }
            ],
        },
        {"role": "tool", "content": '{"found":[]}', "tool_call_id": WANTED.id},
    ]
    assert second["tools"] == first["tools"], "else the cached beginning of the chat is lost"
    assert second["tool_choice"] == "none"


async def test_without_tools_nothing_is_said_of_them() -> None:
    app = simulator(lambda _: "{}")
    await completed(app, replace(ASKED, tools=()))
    assert {"tools", "tool_choice", "parallel_tool_calls"}.isdisjoint(app.journal[0])


async def test_a_provider_that_does_not_answer_in_time_is_unavailable() -> None:
    def hang(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("too slow", request=request)

    with pytest.raises(UnavailableError) as caught:
        await asked_over(httpx2.MockTransport(hang))
    assert caught.value.code is FaultCode.OPENAI_TIMEOUT
