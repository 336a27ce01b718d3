"""Money is held before a model is asked and settled by what its answer says it used."""

import asyncio
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from orbion.domain.errors import FaultCode, RefusedError, UnavailableError
from orbion.domain.playbook import Budget
from orbion.domain.prompt import Prompt, Task, models_of
from orbion.domain.spend import Alarm, tightest
from orbion.domain.turns import ChatMessage, Completion
from orbion.main.metering import MeteredLLM, limits_of, shipped_prices
from orbion.ports import LLM
from orbion.telemetry.metrics import Metrics
from tests.support.ledger import RecordedLedger
from tests.support.service import settings_for
from tests.support.stores import HandClock
from tests.support.turns import prompt

SAID = Completion(
    text="{}",
    model="gpt-4.1-mini-2025-04-14",
    tokens_in=1_000_000,
    tokens_cached=500_000,
    tokens_out=1_000_000,
)


@dataclass(frozen=True, slots=True)
class EndingLLM:
    """Answers or fails."""

    ending: Completion | BaseException

    async def complete(self, prompt: Prompt) -> Completion:
        assert prompt.payer.business == "sol"
        if isinstance(self.ending, BaseException):
            raise self.ending
        return self.ending


def metered(inner: LLM, ledger: RecordedLedger, metrics: Metrics | None = None) -> MeteredLLM:
    return MeteredLLM(
        inner=inner,
        ledger=ledger,
        prices=shipped_prices(),
        models=models_of("gpt-4.1-mini", "gpt-4.1-nano"),
        max_output_tokens=600,
        limits={"day": 1_000},
        brl_per_usd=5.0,
        clock=HandClock(),
        metrics=metrics or Metrics(),
    )


async def test_an_answer_is_settled_by_its_own_usage() -> None:
    ledger, metrics = RecordedLedger(), Metrics()
    assert await metered(EndingLLM(SAID), ledger, metrics).complete(prompt("oi")) == SAID
    assert ledger.ended == [("gpt-4.1-mini-2025-04-14", 200_000 + 50_000 + 1_600_000)]
    shown = metrics.render()[0].decode()
    assert 'orbion_llm_cost_microusd_total{model="gpt-4.1-mini"} 1.85e+06' in shown
    assert 'orbion_budget_remaining_ratio{business="sol",scope="day"} 0.25' in shown
    midnight = datetime(2027, 1, 16, tzinfo=ZoneInfo("America/Sao_Paulo")).timestamp()
    [renewal] = [each for each in shown.splitlines() if each.startswith("orbion_budget_renewal")]
    assert float(renewal.split()[1]) == midnight


async def test_what_is_held_is_more_than_the_words_can_cost() -> None:
    ledger = RecordedLedger()
    await metered(EndingLLM(SAID), ledger).complete(prompt("oi"))
    (asked,) = ledger.calls
    assert asked.day == date(2027, 1, 15)
    assert asked.reserved == 3_000 * 0.4 + 600 * 1.6
    assert asked.payer.conversation_id == 1


async def test_each_task_stands_in_the_ledger_with_its_own_model() -> None:
    ledger = RecordedLedger()
    llm = metered(EndingLLM(SAID), ledger)
    for task in get_args(Task):
        await llm.complete(replace(prompt("oi"), task=task))
    asked = [(call.task, call.model) for call in ledger.calls]
    assert asked == [("reply", "gpt-4.1-mini"), ("summary", "gpt-4.1-nano")]


@pytest.mark.parametrize("code", [FaultCode.OPENAI_TIMEOUT, FaultCode.OPENAI_CONNECTION])
async def test_what_may_have_been_charged_stays_held(code: FaultCode) -> None:
    ledger = RecordedLedger()
    with pytest.raises(UnavailableError):
        await metered(EndingLLM(UnavailableError(code, "late")), ledger).complete(prompt("oi"))
    assert ledger.ended == []


async def test_a_cancelled_call_stays_held() -> None:
    ledger = RecordedLedger()
    with pytest.raises(asyncio.CancelledError):
        await metered(EndingLLM(asyncio.CancelledError()), ledger).complete(prompt("oi"))
    assert ledger.ended == []


@pytest.mark.parametrize(
    "error",
    [
        UnavailableError(FaultCode.OPENAI_RATE_LIMIT, "slower"),
        RefusedError(FaultCode.OPENAI_AUTH, "who?"),
    ],
)
async def test_what_the_provider_refused_is_given_back(error: Exception) -> None:
    ledger = RecordedLedger()
    with pytest.raises(type(error)):
        await metered(EndingLLM(error), ledger).complete(prompt("oi"))
    assert ledger.ended == [("released", 0)]


async def test_without_money_nobody_is_asked(caplog: pytest.LogCaptureFixture) -> None:
    alarm = Alarm(business="sol", scope="day", key="2026-11-25", percent=100)
    ledger = RecordedLedger(full=True, alarms=(alarm,))
    nobody = EndingLLM(AssertionError("asked"))
    with pytest.raises(RefusedError) as refused:
        await metered(nobody, ledger).complete(prompt("oi"))
    assert refused.value.code is FaultCode.BUDGET_SPENT
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [("ERROR", "budget")]


def test_budgets_are_written_in_reais(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, budget_day=11, brl_per_usd=5.5)
    assert limits_of(settings) == {"day": 2_000_000}


async def test_the_lower_of_two_budgets_holds() -> None:
    ledger = RecordedLedger()
    await metered(EndingLLM(SAID), ledger).complete(prompt("oi"))
    assert ledger.limits == [{"day": 1_000, "conversation": 100_000}]


@pytest.mark.parametrize(
    ("own", "limits"),
    [
        (Budget(), {"day": 1_000}),
        (Budget(day=1), {"day": 1_000}),
        (Budget(day=1, conversation=50), {"day": 1_000, "conversation": 100_000}),
    ],
)
def test_a_playbook_may_only_tighten(own: Budget, limits: dict[str, int]) -> None:
    assert tightest({"day": 1_000}, own, brl_per_usd=5.0) == limits


def test_longer_chats_hold_more() -> None:
    short, long = RecordedLedger(), RecordedLedger()

    async def both() -> None:
        said = ChatMessage(role="user", text="á" * 1_000)
        await metered(EndingLLM(SAID), short).complete(prompt("oi"))
        await metered(EndingLLM(SAID), long).complete(replace(prompt("oi"), messages=(said,)))

    asyncio.run(both())
    assert long.calls[0].reserved - short.calls[0].reserved == 400
