"""The simulator links a phone as the real gateway does: codes that change, a scan, an end."""

import asyncio
from typing import Any

from orbion.simulators.evolution_store import Socket
from orbion.simulators.virtual import virtually
from tests.unit.simulators.gateway import Receiver, client, gateway
from tests.unit.simulators.test_evolution_fidelity import captured, captured_webhook, shape


async def linking(*waits: float) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Ask for the code, again after each wait; returns the answers and the webhooks."""
    receiver = Receiver()
    simulator = gateway(receiver)
    bail = simulator.instances["bail"]
    bail.state, bail.socket, bail.exposes_token = "close", Socket.UNPAIRED, True
    answers = []
    async with client(simulator) as http:
        for wait in (0.0, *waits):
            await asyncio.sleep(wait)
            answers.append((await http.get("/instance/connect/bail")).json())
    await simulator.drained()
    return answers, receiver.bodies


def test_the_code_changes_while_nobody_scans_it_and_each_is_told() -> None:
    answers, bodies = virtually(lambda: linking(1.0, 20.0, 20.0))
    assert [answer["count"] for answer in answers] == [1, 1, 2, 3]
    assert len({answer["code"] for answer in answers}) == 3
    told = [body for body in bodies if body["event"] == "qrcode.updated"]
    assert [body["data"]["qrcode"]["code"] for body in told] == [
        answers[place]["code"] for place in (0, 2, 3)
    ]
    assert shape(told[0]) == shape(captured_webhook("sim_emit_qr__qrcode.updated")["body"])
    first = next(body for body in bodies if body["event"] == "connection.update")
    assert shape(first) == shape(captured_webhook("sim_emit_qr__connection.update")["body"])


def test_after_its_last_code_the_gateway_gives_up() -> None:
    answers, bodies = virtually(lambda: linking(30 * 20.0))
    assert answers[-1] == {"count": 0}
    assert bodies[-2]["data"] == {
        "message": "QR code limit reached, please login again",
        "statusCode": 500,
    }
    assert (bodies[-1]["data"]["state"], bodies[-1]["data"]["statusReason"]) == ("refused", 428)


def test_a_scan_connects() -> None:
    async def scenario() -> tuple[dict[str, Any], list[Any]]:
        receiver = Receiver()
        simulator = gateway(receiver)
        bail = simulator.instances["bail"]
        bail.state, bail.socket = "close", Socket.UNPAIRED
        async with client(simulator) as http:
            await http.get("/instance/connect/bail")
            simulator.scan("bail")
            answer = (await http.get("/instance/connect/bail")).json()
        await simulator.drained()
        return answer, receiver.data("connection.update")

    answer, told = virtually(scenario)
    assert answer == captured("bail_connect_when_open")["response"]["body"]
    assert [data["state"] for data in told] == ["connecting", "open"]
