"""A model call is measured by its duration, its tokens and how it failed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from orbion.domain.errors import FaultCode, UnavailableError
from orbion.domain.prompt import Prompt, models_of
from orbion.domain.turns import Completion
from orbion.main.measuring import MeasuredLLM
from orbion.ports import LLM
from orbion.telemetry.metrics import Metrics
from tests.support.stores import HandClock
from tests.support.turns import prompt

ANSWER = Completion(text="{}", model="gpt-4.1-mini-2025-04-14", tokens_in=900, tokens_out=40)


PROMPT = prompt("oi")


@dataclass(frozen=True, slots=True)
class SlowLLM:
    """Takes two seconds, then answers or fails."""

    clock: HandClock
    ending: Completion | Exception

    async def complete(self, prompt: Prompt) -> Completion:
        assert prompt == PROMPT
        self.clock.pass_(2.0)
        if isinstance(self.ending, Exception):
            raise self.ending
        return self.ending


@dataclass(frozen=True, slots=True)
class SilentLLM:
    async def complete(self, prompt: Prompt) -> Completion:
        await asyncio.Event().wait()
        raise AssertionError(prompt)


def measured(metrics: Metrics, inner: LLM, clock: HandClock) -> MeasuredLLM:
    return MeasuredLLM(
        inner, provider="openai", models=models_of("gpt-4.1-mini"), clock=clock, metrics=metrics
    )


def samples(metrics: Metrics, name: str, label: str) -> Mapping[str, float]:
    return {
        sample.labels[label]: sample.value
        for family in metrics.collect()
        for sample in family.samples
        if sample.name == name
    }


SECONDS = "gen_ai_client_operation_duration_seconds_sum"
CALLS = "gen_ai_client_operation_duration_seconds_count"


async def test_an_answered_call_tells_its_seconds_and_tokens(clock: HandClock) -> None:
    metrics = Metrics()
    assert await measured(metrics, SlowLLM(clock, ANSWER), clock).complete(PROMPT) is ANSWER
    assert samples(metrics, SECONDS, "error_type") == {"": 2.0}
    tokens = samples(metrics, "gen_ai_client_token_usage_sum", "gen_ai_token_type")
    assert tokens == {"input": 900, "output": 40}
    for label, value in (
        ("gen_ai_operation_name", "chat"),
        ("gen_ai_provider_name", "openai"),
        ("gen_ai_request_model", "gpt-4.1-mini"),
    ):
        assert samples(metrics, CALLS, label) == {value: 1}


@pytest.mark.parametrize(
    ("ending", "error_type"),
    [
        (UnavailableError(FaultCode.OPENAI_SERVER, "500"), "openai.5xx"),
        (ZeroDivisionError(), "_OTHER"),
    ],
)
async def test_a_failed_call_tells_its_kind_and_no_tokens(
    ending: Exception, error_type: str, clock: HandClock
) -> None:
    metrics = Metrics()
    with pytest.raises(type(ending)):
        await measured(metrics, SlowLLM(clock, ending), clock).complete(PROMPT)
    assert samples(metrics, SECONDS, "error_type") == {error_type: 2.0}
    assert samples(metrics, "gen_ai_client_token_usage_sum", "gen_ai_token_type") == {}


async def test_a_call_that_is_cut_off_timed_out(clock: HandClock) -> None:
    metrics = Metrics()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await measured(metrics, SilentLLM(), clock).complete(PROMPT)
    assert samples(metrics, CALLS, "error_type") == {"timeout": 1}
