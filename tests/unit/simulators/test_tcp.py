"""The simulators over real sockets: whole answers, and connections that really break."""

from random import Random

import httpx
import pytest

from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Instance, Webhook
from orbion.simulators.faults import SendFault
from orbion.simulators.tcp import serve
from tests.unit.simulators.gateway import HOOK, KEY, PHONE, QUIET, Receiver


@pytest.fixture
def simulator() -> EvolutionSimulator:
    return EvolutionSimulator(
        [Instance(name="bail", token="BAIL-TOKEN", webhook=Webhook(url=HOOK))],
        api_key=KEY,
        random=Random(1),
        now=lambda: 1_795_165_620_000,
        faults=QUIET,
        deliver=Receiver(),
    )


async def say(url: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=url, headers={"apikey": KEY}, timeout=0.5) as http:
        return await http.post("/message/sendText/bail", json={"number": PHONE, "text": "oi"})


async def test_a_send_over_a_socket_is_accepted(simulator: EvolutionSimulator) -> None:
    async with serve(simulator) as url:
        answer = await say(url)
        await simulator.drained()
    assert answer.status_code == 201
    assert [accepted.id for accepted in simulator.journal] == [answer.json()["key"]["id"]]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (SendFault.RESET_BEFORE, httpx.ReadError),
        (SendFault.RESET_AFTER, httpx.ReadError),
        (SendFault.TRUNCATED, httpx.RemoteProtocolError),
        (SendFault.HANG_BEFORE, httpx.ReadTimeout),
    ],
)
async def test_a_broken_connection_looks_as_in_process(
    simulator: EvolutionSimulator, fault: SendFault, error: type[httpx.TransportError]
) -> None:
    simulator.script.append(fault)
    async with serve(simulator) as url:
        with pytest.raises(error):
            await say(url)
        await simulator.drained()
    assert len(simulator.journal) == (fault in {SendFault.RESET_AFTER, SendFault.TRUNCATED})
