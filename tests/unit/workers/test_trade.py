"""The gauges of the business show each stage of its playbook, also those that nobody is in."""

import asyncio
from collections.abc import Sequence

import pytest

from orbion.domain.leads import Trade
from orbion.simulators.virtual import virtually
from orbion.telemetry.metrics import Metrics
from orbion.workers.trade import TradeCount


def labelled(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    return {
        tuple(sample.labels.values()): sample.value
        for metric in metrics.collect()
        for sample in metric.samples
        if sample.name == f"orbion_{name}"
    }


async def shown(
    metrics: Metrics, *looks: Sequence[Trade], stages: Sequence[Sequence[str]] = ()
) -> None:
    """Let the count run for as many minutes as there are looks."""
    coming, playbooks = list(looks), list(stages)

    async def read() -> Sequence[Trade]:
        return coming.pop(0)

    count = TradeCount(
        read=read,
        stages=lambda: {"sol": playbooks.pop(0) if playbooks else ("novo", "perdeu")},
        metrics=metrics,
    )
    work = asyncio.create_task(count.run())
    await asyncio.sleep(60 * len(looks) - 1)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work


def sol(*, leads: dict[str, int], human: int = 0, new: int = 0, cost: int = 0) -> Trade:
    return Trade(business="sol", leads=leads, conversations={"human": human}, new=new, cost=cost)


def test_leads_are_shown_by_stage_and_what_no_playbook_names_together() -> None:
    async def scenario() -> None:
        metrics = Metrics()
        await shown(
            metrics,
            [sol(leads={"novo": 3}, human=2)],
            [sol(leads={"perdeu": 3, "antigo": 2, "velho": 1})],
        )
        assert labelled(metrics, "leads") == {
            ("sol", "novo"): 0,
            ("sol", "perdeu"): 3,
            ("sol", "other"): 3,
        }
        assert labelled(metrics, "conversations_open") == {
            ("sol", mode): 0 for mode in ("bot", "human", "paused", "closed")
        }

    virtually(scenario)


def test_a_stage_that_its_playbook_lost_is_not_shown_with_its_last_count() -> None:
    async def scenario() -> None:
        metrics = Metrics()
        look = [sol(leads={"novo": 1, "orcamento": 2})]
        await shown(metrics, look, look, stages=[("novo", "orcamento"), ("novo",)])
        assert labelled(metrics, "leads") == {("sol", "novo"): 1, ("sol", "other"): 2}

    virtually(scenario)


def test_a_lead_has_a_cost_when_one_has_come() -> None:
    async def scenario() -> None:
        metrics = Metrics()
        await shown(metrics, [sol(leads={}, cost=500)])
        assert labelled(metrics, "lead_cost_microusd") == {}
        await shown(metrics, [sol(leads={"novo": 4}, new=2, cost=500)])
        assert labelled(metrics, "lead_cost_microusd") == {("sol",): 250}

    virtually(scenario)
