"""What an archive promises those who read back, on each of them against its simulated gateway."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest

from orbion.adapters.channels.evolution_archive import PAGE, EvolutionArchive
from orbion.adapters.guarded import GuardedArchive
from orbion.adapters.http import build_client
from orbion.domain.errors import UnavailableError
from orbion.domain.events import (
    DeliveryStatus,
    Event,
    MessageDeleted,
    MessageEchoed,
    MessageEdited,
    MessageReceived,
    StatusChanged,
)
from orbion.ports import Archive
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.faults import EvolutionFaults
from orbion.simulators.virtual import now, virtually
from tests.unit.channels.test_guarded import guard
from tests.unit.simulators.gateway import JID, KEY, PHONE, Receiver, gateway, say

HOUR = 3_600_000
Build = Callable[[EvolutionSimulator], Archive]
Play = Callable[[EvolutionSimulator, Archive], Coroutine[Any, Any, None]]


def evolution(simulator: EvolutionSimulator) -> Archive:
    return EvolutionArchive(
        build_client(transport=httpx.ASGITransport(app=simulator)),
        base_url="http://evolution",
        instance="bail",
        api_key=KEY,
        now=now,
    )


def guarded(simulator: EvolutionSimulator) -> Archive:
    return GuardedArchive(evolution(simulator), guard(seconds=60.0))


@pytest.fixture(params=[evolution, guarded])
def build(request: pytest.FixtureRequest) -> Build:
    found: Build = request.param
    return found


def run(build: Build, play: Play, faults: EvolutionFaults | None = None) -> None:
    async def whole() -> None:
        simulator = gateway(Receiver(), faults=faults or EvolutionFaults())
        await play(simulator, build(simulator))
        simulator.close()

    virtually(whole)


async def lately(archive: Archive) -> list[Event]:
    page = await archive.page(now() - HOUR, now(), 1)
    return [event for record in page.records for event in record]


def test_both_sides_are_read_back_newest_first_with_what_became_of_them(build: Build) -> None:
    async def play(simulator: EvolutionSimulator, archive: Archive) -> None:
        key_id = simulator.customer_says("bail", PHONE, "oi", name="Maria")
        await asyncio.sleep(1)
        simulator.person_says("bail", PHONE, "aqui é a Ana")
        await asyncio.sleep(1)
        await say(simulator, "custa 10")
        await simulator.drained()
        ours, status, person, customer = await lately(archive)
        assert isinstance(ours, MessageEchoed)
        assert isinstance(person, MessageEchoed)
        assert isinstance(customer, MessageReceived)
        assert [ours.text, person.text, customer.text] == ["custa 10", "aqui é a Ana", "oi"]
        assert (customer.provider_id, customer.sender.address) == (key_id, JID)
        assert status == StatusChanged(
            provider_id=ours.provider_id, status=DeliveryStatus.DELIVERED
        )

    run(build, play)


def test_edits_and_deletions_are_told(build: Build) -> None:
    async def play(simulator: EvolutionSimulator, archive: Archive) -> None:
        edited = simulator.customer_says("bail", PHONE, "quero 1")
        deleted = simulator.customer_says("bail", PHONE, "esquece")
        simulator.edit("bail", edited, "quero 2")
        simulator.revoke("bail", deleted)
        gone, said, edit = await lately(archive)
        assert gone == MessageDeleted(provider_id=deleted)
        assert isinstance(said, MessageReceived)
        assert isinstance(edit, MessageEdited)
        assert (said.text, edit.text, edit.provider_id) == ("quero 2", "quero 2", edited)

    run(build, play)


def test_only_the_span_is_read_its_ends_included(build: Build) -> None:
    async def play(simulator: EvolutionSimulator, archive: Archive) -> None:
        for number in range(3):
            simulator.customer_says("bail", PHONE, f"n {number}")
            await asyncio.sleep(60)
        middle = now() - 120_000
        page = await archive.page(middle, middle, 1)
        assert page.pages == 1
        ((said,),) = page.records
        assert isinstance(said, MessageReceived)
        assert said.text == "n 1"

    run(build, play)


def test_many_messages_are_several_pages(build: Build) -> None:
    async def play(simulator: EvolutionSimulator, archive: Archive) -> None:
        for number in range(PAGE + 1):
            simulator.customer_says("bail", PHONE, f"n {number}")
        first, second = [await archive.page(now() - HOUR, now(), n) for n in (1, 2)]
        assert (first.pages, len(first.records), len(second.records)) == (2, PAGE, 1)

    run(build, play)


def test_a_gateway_that_keeps_nothing_has_no_pages(build: Build) -> None:
    async def play(_: EvolutionSimulator, archive: Archive) -> None:
        page = await archive.page(now() - HOUR, now(), 1)
        assert (page.records, page.pages) == ((), 0)

    run(build, play)


def test_a_gateway_whose_database_is_down_is_asked_again_later(build: Build) -> None:
    async def play(_: EvolutionSimulator, archive: Archive) -> None:
        with pytest.raises(UnavailableError):
            await archive.page(now() - HOUR, now(), 1)

    run(build, play, EvolutionFaults(find_fails=1.0))
