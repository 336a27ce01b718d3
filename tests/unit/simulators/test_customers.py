"""The scripted customers: they write in bursts and wait for their answers."""

import asyncio

from orbion.simulators.customers import SOLAR_CUSTOMERS, Customer, Line, run_customers
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.virtual import elapsed, virtually
from tests.unit.simulators.gateway import Receiver, gateway, say

MARIANA = Customer(
    phone="5511900000011",
    name="Mariana",
    lines=(
        Line(after_seconds=1, text="oi"),
        Line(after_seconds=1, text="quanto custa?"),
        Line(after_seconds=2, text="e parcelado?", replies=True),
    ),
)


def said(receiver: Receiver) -> list[str]:
    return [data["message"]["conversation"] for data in receiver.data("messages.upsert")]


def test_a_customer_waits_for_the_answer_before_writing_on() -> None:
    async def scenario() -> tuple[list[str], list[str], list[str]]:
        receiver = Receiver()
        simulator = gateway(receiver)
        talk = asyncio.create_task(
            run_customers(simulator, [MARIANA], instance="bail", patience_s=600)
        )
        await simulator.wait_for(lambda: len(said(receiver)) == 2)
        await say(simulator, "Custa R$ 10!", MARIANA.phone)
        before = said(receiver)
        await simulator.wait_for(lambda: len(said(receiver)) == 3)
        await say(simulator, "Sim!", MARIANA.phone)
        await talk
        return before, said(receiver), [accepted.text for accepted in simulator.journal]

    before, after, answers = virtually(scenario)
    assert before == ["oi", "quanto custa?"]
    assert after == ["oi", "quanto custa?", "e parcelado?"]
    assert answers == ["Custa R$ 10!", "Sim!"]


def test_an_impatient_customer_writes_on_without_an_answer() -> None:
    async def scenario() -> tuple[int, float]:
        receiver = Receiver()
        simulator = gateway(receiver)
        await run_customers(simulator, [MARIANA], instance="bail", patience_s=30)
        await simulator.drained()
        return len(said(receiver)), elapsed()

    assert virtually(scenario) == (3, 64)


def test_the_solar_customers_write_at_once_from_fictitious_numbers() -> None:
    async def scenario() -> EvolutionSimulator:
        simulator = gateway(Receiver())
        await run_customers(simulator, SOLAR_CUSTOMERS, instance="bail", pace=0.01)
        await simulator.drained()
        return simulator

    simulator = virtually(scenario)
    assert len(simulator.deliveries) == sum(len(one.lines) for one in SOLAR_CUSTOMERS)
    assert all(one.phone.startswith("55119000000") for one in SOLAR_CUSTOMERS)
    assert len({one.phone for one in SOLAR_CUSTOMERS}) == 3
