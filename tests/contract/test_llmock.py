"""A model server of other people's judges our client: what it retries, waits for and believes."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Literal

import pytest
from llmock.scenarios import Delay, Fail, Reply, ToolCall, ToolFault
from llmock.testing import LLMockServer
from llmock.verdict import Verdict, judge

from orbion.adapters.llm.openai import OpenAILLM, build_client
from orbion.agent.agent import Agent
from orbion.agent.prompt import build_prompt
from orbion.domain import reply, turns
from orbion.domain.errors import FaultCode, RefusedError, UnavailableError
from orbion.domain.prompt import models_of
from orbion.domain.turns import TurnResult
from orbion.kit.clock import SystemClock
from orbion.telemetry.metrics import Metrics
from tests.support.playbooks import solar
from tests.support.turns import JournaledTurns, turn

ASKED = build_prompt(solar(), turn("qual o endereço?"), ())
STEPS = ["model", "tool", "model", "passed"]
FINE = reply.Reply(bubbles=(reply.ReplyBubble(text="Tudo certo por aqui."),)).to_json()


@pytest.fixture(scope="module")
def running() -> Generator[LLMockServer]:
    with LLMockServer() as server:
        yield server


@pytest.fixture
def server(running: LLMockServer) -> LLMockServer:
    running.state.scenarios.clear()
    running.state.journal.clear()
    return running


@asynccontextmanager
async def opened(server: LLMockServer, seconds: float) -> AsyncGenerator[OpenAILLM]:
    """A client that waits so long for an answer."""
    client = build_client("sk-any", server.base_url("openai"), seconds)
    provider = OpenAILLM(
        client, models=models_of("gpt-4o-mini"), timeout=seconds, max_output_tokens=600
    )
    yield provider
    await provider.close()


@pytest.fixture
async def llm(server: LLMockServer) -> AsyncGenerator[OpenAILLM]:
    async with opened(server, 20.0) as provider:
        yield provider


def verdict(server: LLMockServer) -> Verdict:
    return judge(server.state.journal.records(wait=5.0))


async def take_turn(llm: OpenAILLM, *texts: str) -> tuple[TurnResult, list[str]]:
    """One turn of the agent on that server, and the kinds of its steps."""
    journal = JournaledTurns()
    agent = Agent(
        llm=llm,
        turns=journal,
        playbooks={"loja": solar()},
        deadline_seconds=40.0,
        clock=SystemClock(),
        metrics=Metrics(),
    )
    result = await agent(1, turn(*texts), ())
    return result, [step.kind for step in (*journal.written, *result.steps)]


async def test_the_server_reads_our_tools_and_our_contract(
    server: LLMockServer, llm: OpenAILLM
) -> None:
    """By itself it calls a tool we offer, and then writes what our schema asks for."""
    called = await llm.complete(ASKED)
    assert [call.name for call in called.tool_calls] == ["search_knowledge"]
    answered = await llm.complete(replace(ASKED, must_answer=True))
    assert reply.from_json(answered.text).bubbles[0].text == "mock-text"
    assert answered.tokens_in > answered.tokens_out > 0
    verdict(server).assert_ok(strict=True)


async def test_a_whole_turn_with_tools_ends_in_an_answer(
    server: LLMockServer, llm: OpenAILLM
) -> None:
    wanted = ToolCall("search_knowledge", {"query": "qual o endereço?"})
    server.state.scenarios.add(Reply(tool_calls=(wanted,)), Reply(text=FINE))
    result, kinds = await take_turn(llm, "qual o endereço?")
    assert (result.verdict, kinds) == (turns.Verdict.ANSWERED, STEPS)
    verdict(server).assert_ok(strict=True)


@pytest.mark.parametrize("kind", ["malformed_arguments", "unknown_tool"])
async def test_a_broken_tool_call_is_survived(
    kind: Literal["malformed_arguments", "unknown_tool"], server: LLMockServer, llm: OpenAILLM
) -> None:
    server.state.scenarios.add(ToolFault(kind), Reply(text=FINE, times=2))
    result, kinds = await take_turn(llm, "qual o endereço?")
    assert (result.verdict, kinds) == (turns.Verdict.ANSWERED, STEPS)
    verdict(server).assert_ok(strict=True)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fail(429, retry_after=30.0), FaultCode.OPENAI_RATE_LIMIT),
        (Fail(500), FaultCode.OPENAI_SERVER),
        (Fail(503), FaultCode.OPENAI_SERVER),
    ],
    ids=["429", "500", "503"],
)
async def test_trouble_that_passes_is_named_and_not_retried_at_once(
    fault: Fail, code: FaultCode, server: LLMockServer, llm: OpenAILLM
) -> None:
    server.state.scenarios.add(fault)
    with pytest.raises(UnavailableError) as caught:
        await llm.complete(ASKED)
    assert caught.value.code is code
    assert verdict(server).errors == ()


async def test_an_answer_that_does_not_come_is_named_and_not_asked_for_again(
    server: LLMockServer,
) -> None:
    server.state.scenarios.add(Delay(2.0))
    async with opened(server, 0.3) as impatient:
        with pytest.raises(UnavailableError) as caught:
            await impatient.complete(ASKED)
    assert caught.value.code is FaultCode.OPENAI_TIMEOUT
    assert verdict(server).errors == ()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fail(401), FaultCode.OPENAI_AUTH),
        (Fail(403), FaultCode.OPENAI_AUTH),
        (Fail(404), FaultCode.OPENAI_MODEL_UNKNOWN),
        (Fail(422), FaultCode.OPENAI_BAD_REQUEST),
        (Fail(400), FaultCode.OPENAI_BAD_REQUEST),
        (Fail(400, code="context_length_exceeded"), FaultCode.OPENAI_CONTEXT_TOO_LONG),
        (Fail(429, code="insufficient_quota"), FaultCode.OPENAI_QUOTA),
        (Reply(text="{", finish_reason="length"), FaultCode.OPENAI_CUT_SHORT),
        (Reply(text="{", finish_reason="content_filter"), FaultCode.OPENAI_FILTERED),
    ],
    ids=lambda each: str(getattr(each, "status", "")) or None,
)
async def test_trouble_that_stays_is_named_and_never_retried(
    fault: Fail | Reply, code: FaultCode, server: LLMockServer, llm: OpenAILLM
) -> None:
    server.state.scenarios.add(fault)
    with pytest.raises(RefusedError) as caught:
        await llm.complete(ASKED)
    assert caught.value.code is code
    assert len(server.state.journal.records(wait=1.0)) == 1
    assert verdict(server).errors == ()


async def test_a_rate_limit_is_waited_for_as_long_as_it_asked(
    server: LLMockServer, llm: OpenAILLM
) -> None:
    server.state.scenarios.add(Fail(429, retry_after=0.3))
    with pytest.raises(UnavailableError) as caught:
        await llm.complete(ASKED)
    await asyncio.sleep(caught.value.retry_after)
    await llm.complete(ASKED)
    found = verdict(server)
    assert [len(call.attempts) for call in found.calls] == [2]
    found.assert_ok(strict=True)


async def test_the_judge_is_strict_with_a_client_that_does_not_wait(
    server: LLMockServer, llm: OpenAILLM
) -> None:
    server.state.scenarios.add(Fail(429, retry_after=30.0), Fail(400))
    for _ in range(2):
        with pytest.raises((UnavailableError, RefusedError)):
            await llm.complete(ASKED)
    assert [finding.code for finding in verdict(server).errors] == ["retry_after_ignored"]
