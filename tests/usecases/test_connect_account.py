"""Linking a phone shows each code once, and ends with a connection or with one reason."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from orbion.adapters.channels.evolution_care import EvolutionGateway
from orbion.adapters.http import build_client
from orbion.domain.accounts import QrCode
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Instance, Socket
from orbion.simulators.virtual import VirtualClock, elapsed, virtually
from orbion.usecases.connect_account import ConnectAccount
from tests.unit.simulators.gateway import KEY, Receiver, gateway


@dataclass(slots=True)
class Counter:
    """Somebody with a phone before the terminal: scans the code number `scans`, if any."""

    simulator: EvolutionSimulator
    scans: int | None = None
    shown: list[QrCode] = field(default_factory=list)

    def show(self, code: QrCode) -> None:
        self.shown.append(code)
        if len(self.shown) == self.scans:
            self.simulator.scan("bail")

    def linking(self) -> ConnectAccount:
        transport = httpx.ASGITransport(app=self.simulator)
        return ConnectAccount(
            account="loja",
            gateway=EvolutionGateway(
                build_client(transport=transport),
                base_url="http://evolution",
                instance="bail",
                api_key=KEY,
            ),
            show=self.show,
            clock=VirtualClock(),
        )


def unlinked() -> Instance:
    return Instance(name="bail", token="t", socket=Socket.UNPAIRED, state="close")


def scene(
    play: Callable[[Counter], Coroutine[Any, Any, None]], instance: Instance | None = None
) -> None:
    async def whole() -> None:
        simulator = gateway(Receiver(), instance or unlinked())
        await play(Counter(simulator))
        simulator.close()

    virtually(whole)


def test_a_number_that_is_connected_needs_no_code() -> None:
    async def play(counter: Counter) -> None:
        assert await counter.linking()() is False
        assert counter.shown == []

    scene(play, Instance(name="bail", token="t"))


def test_a_scan_connects_within_a_few_seconds() -> None:
    async def play(counter: Counter) -> None:
        counter.scans = 1
        assert await counter.linking()() is True
        assert [code.count for code in counter.shown] == [1]
        assert elapsed() < 5

    scene(play)


def test_each_new_code_is_shown_once() -> None:
    async def play(counter: Counter) -> None:
        counter.scans = 3
        assert await counter.linking()() is True
        assert [code.count for code in counter.shown] == [1, 2, 3]

    scene(play)


async def failure(counter: Counter, says: str) -> None:
    with pytest.raises(UnavailableError, match=says) as failed:
        await counter.linking()()
    assert failed.value.code is FaultCode.WHATSAPP_DISCONNECTED
    assert "orbion connect loja" in str(failed.value)


def test_nobody_who_scans_is_an_end_after_three_minutes() -> None:
    async def play(counter: Counter) -> None:
        await failure(counter, "nobody scanned a code within 180 s")
        assert 180 <= elapsed() <= 185
        assert len(counter.shown) == 9

    scene(play)


def test_a_gateway_that_cannot_reach_whatsapp_is_an_end_after_twenty_seconds() -> None:
    async def play(counter: Counter) -> None:
        counter.simulator.instances["bail"].offline = True
        await failure(counter, "can reach WhatsApp")
        assert 20 <= elapsed() <= 25

    scene(play)


def test_a_gateway_that_gives_up_is_an_end_with_its_fix() -> None:
    async def play(counter: Counter) -> None:
        counter.simulator.pairing.limit = 2
        await failure(counter, "restart the instance")
        assert [code.count for code in counter.shown] == [1, 2]

    scene(play)


def test_the_reconnect_after_a_scan_is_waited_for_and_not_disturbed() -> None:
    async def play(counter: Counter) -> None:
        bail = counter.simulator.instances["bail"]

        async def reconnect() -> None:
            while not counter.shown:
                await asyncio.sleep(0.1)
            counter.simulator.pairing.scan(bail)
            bail.state = "close"
            await asyncio.sleep(6)
            assert bail.state == "close", "asking for a code opens another socket"
            bail.state = "open"

        phone = asyncio.create_task(reconnect())
        assert await counter.linking()() is True
        await phone
        assert [code.count for code in counter.shown] == [1]

    scene(play)
