"""Lets scripted customers write to the business in bursts, as people do."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_shapes import person


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message, written so long after the one before or, if it replies, after its answer."""

    after_seconds: float
    text: str
    replies: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    phone: str
    name: str
    lines: tuple[Line, ...]


SOLAR_CUSTOMERS: Final = (
    Customer(
        phone="5511900000011",
        name="Mariana Lopes",
        lines=(
            Line(after_seconds=0.2, text="oi, bom dia!"),
            Line(after_seconds=0.7, text="vi o anúncio de energia solar de vocês"),
            Line(after_seconds=0.8, text="minha conta tá vindo uns R$ 450 por mês 😩"),
            Line(after_seconds=2.0, text="é casa própria, aqui em Campinas", replies=True),
            Line(after_seconds=0.9, text="telhado de cerâmica"),
            Line(after_seconds=2.0, text="e dá pra parcelar?", replies=True),
        ),
    ),
    Customer(
        phone="5511900000012",
        name="Seu Antônio",
        lines=(
            Line(after_seconds=0.6, text="Boa tarde"),
            Line(after_seconds=1.0, text="Quanto custa pra colocar placa solar na padaria"),
            Line(after_seconds=0.9, text="gasto uns 1.800 de luz por mes"),
            Line(after_seconds=2.5, text="o imóvel é alugado, tem problema?", replies=True),
            Line(after_seconds=2.0, text="prefiro falar com uma pessoa", replies=True),
        ),
    ),
    Customer(
        phone="5511900000013",
        name="Bia",
        lines=(
            Line(after_seconds=0.4, text="oiee"),
            Line(after_seconds=0.6, text="vcs atendem em Sorocaba?"),
            Line(after_seconds=2.0, text="show! minha conta é 320", replies=True),
            Line(after_seconds=0.8, text="quanto tempo demora pra instalar?"),
            Line(
                after_seconds=2.2, text="pode marcar uma visita na quinta de manhã?", replies=True
            ),
        ),
    ),
)


async def run_customers(
    simulator: EvolutionSimulator,
    customers: Iterable[Customer],
    *,
    instance: str,
    patience_s: float = 30.0,
    pace: float = 1.0,
) -> None:
    """All customers write at once; returns when each has said everything and was answered.

    A customer waits at most `patience_s` for an answer and then writes on; `pace` scales all waits.
    """
    async with asyncio.TaskGroup() as group:
        for customer in customers:
            script = _Script(simulator, customer, instance=instance, patience_s=patience_s * pace)
            group.create_task(script.run(pace))


class _Script:
    def __init__(
        self,
        simulator: EvolutionSimulator,
        customer: Customer,
        *,
        instance: str,
        patience_s: float,
    ) -> None:
        self._simulator = simulator
        self._customer = customer
        self._instance = instance
        self._patience_s = patience_s
        self._read = 0

    async def run(self, pace: float) -> None:
        for line in self._customer.lines:
            if line.replies:
                await self._answered()
            await asyncio.sleep(line.after_seconds * pace)
            self._say(line.text)
        await self._answered()

    def _say(self, text: str) -> None:
        self._read = self._answers()
        self._simulator.customer_says(
            self._instance, self._customer.phone, text, name=self._customer.name
        )

    async def _answered(self) -> None:
        try:
            async with asyncio.timeout(self._patience_s):
                await self._simulator.wait_for(lambda: self._answers() > self._read)
        except TimeoutError:
            return

    def _answers(self) -> int:
        jid = person(self._customer.phone)
        mine = (accepted.jid == jid for accepted in self._simulator.journal)
        return sum(mine)
