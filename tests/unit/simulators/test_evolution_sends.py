"""What becomes of a send: its journal entry, its record, its echo, its receipts, its failures."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Accepted, create_jid
from orbion.simulators.faults import EvolutionFaults, SendFault
from orbion.simulators.virtual import START_MS, elapsed, virtually
from tests.unit.simulators.gateway import JID, PHONE, QUIET, Receiver, client, find, gateway, say


def test_an_accepted_send_is_in_the_journal_in_the_records_and_echoed_after_the_answer() -> None:
    async def scenario() -> tuple[Any, Accepted, list[Any], Any, int]:
        receiver = Receiver()
        simulator = gateway(receiver)
        answer = (await say(simulator, "Olá! 😀")).json()
        echoes_before_answer = len(receiver.bodies)
        await simulator.drained()
        rows = await find(simulator, where={"key": {"id": answer["key"]["id"]}})
        echo = receiver.data("send.message")[0]
        return answer, simulator.journal[0], rows, echo, echoes_before_answer

    answer, accepted, rows, echo, echoes_before_answer = virtually(scenario)
    assert echoes_before_answer == 0
    assert echo == answer
    assert (accepted.id, accepted.jid, accepted.text) == (answer["key"]["id"], JID, "Olá! 😀")
    assert (accepted.answered, accepted.recorded, accepted.echoed) == (True, True, True)
    assert [row["message"] for row in rows] == [{"conversation": "Olá! 😀"}]


def test_receipts_follow_the_echo_and_appear_in_the_record_only_when_their_time_has_come() -> None:
    async def scenario() -> tuple[list[str], list[Any], list[Any]]:
        receiver = Receiver()
        simulator = gateway(receiver, faults=EvolutionFaults())
        await say(simulator, "oi")
        early = await find(simulator, where={})
        await simulator.drained()
        late = await find(simulator, where={})
        return [body["event"] for body in receiver.bodies], early, late

    events, early, late = virtually(scenario)
    assert events == ["send.message", "messages.update", "messages.update"]
    assert early[0]["MessageUpdate"] == []
    assert late[0]["MessageUpdate"] == [{"status": "SERVER_ACK"}, {"status": "DELIVERY_ACK"}]


BEFORE = (
    SendFault.ERROR_500_BEFORE,
    SendFault.ERROR_400_BEFORE,
    SendFault.RESET_BEFORE,
    SendFault.HANG_BEFORE,
    SendFault.RATE_LIMITED,
)
AFTER = (
    SendFault.ERROR_500_AFTER,
    SendFault.ERROR_400_AFTER,
    SendFault.RESET_AFTER,
    SendFault.HANG_AFTER,
    SendFault.HANG_THEN_ACCEPT,
    SendFault.TRUNCATED,
)
ANSWERS = {
    SendFault.ERROR_500_BEFORE: 500,
    SendFault.ERROR_400_BEFORE: 400,
    SendFault.RATE_LIMITED: 429,
    SendFault.ERROR_500_AFTER: 500,
    SendFault.ERROR_400_AFTER: 400,
    SendFault.HIDDEN: 500,
    SendFault.RESET_BEFORE: httpx.ReadError,
    SendFault.RESET_AFTER: httpx.ReadError,
    SendFault.TRUNCATED: httpx.RemoteProtocolError,
    SendFault.HANG_BEFORE: httpx.ReadTimeout,
    SendFault.HANG_AFTER: httpx.ReadTimeout,
    SendFault.HANG_THEN_ACCEPT: httpx.ReadTimeout,
}


async def suffer(fault: SendFault) -> tuple[object, EvolutionSimulator, Receiver, list[Any]]:
    receiver = Receiver()
    simulator = gateway(receiver)
    simulator.script.append(fault)
    outcome: object
    try:
        outcome = (await say(simulator, "oi")).status_code
    except httpx.TransportError as error:
        outcome = type(error)
    await simulator.drained()
    return outcome, simulator, receiver, await find(simulator, where={})


@pytest.mark.parametrize("fault", SendFault)
def test_the_client_sees_the_failure_that_the_fault_names(fault: SendFault) -> None:
    outcome, *_ = virtually(lambda: suffer(fault))
    assert outcome == ANSWERS[fault]


@pytest.mark.parametrize("fault", BEFORE)
def test_a_fault_before_the_accept_leaves_no_trace(fault: SendFault) -> None:
    _, simulator, receiver, rows = virtually(lambda: suffer(fault))
    assert (simulator.journal, receiver.bodies, rows) == ([], [], [])


@pytest.mark.parametrize("fault", AFTER)
def test_a_fault_after_the_accept_hides_only_the_answer(fault: SendFault) -> None:
    _, simulator, receiver, rows = virtually(lambda: suffer(fault))
    (accepted,) = simulator.journal
    assert (accepted.answered, accepted.recorded, accepted.echoed) == (False, True, True)
    assert not accepted.hidden
    assert [row["key"]["id"] for row in rows] == [accepted.id]
    assert [echo["key"]["id"] for echo in receiver.data("send.message")] == [accepted.id]


def test_a_hidden_accept_is_known_to_the_journal_alone() -> None:
    _, simulator, receiver, rows = virtually(lambda: suffer(SendFault.HIDDEN))
    (accepted,) = simulator.journal
    assert accepted.hidden
    assert (receiver.bodies, rows) == ([], [])


def test_a_nul_character_is_delivered_but_answered_with_a_database_error() -> None:
    async def scenario() -> tuple[int, Accepted]:
        simulator = gateway(Receiver())
        answer = await say(simulator, "a\0b")
        return answer.status_code, simulator.journal[0]

    status, accepted = virtually(scenario)
    assert status == 400
    assert accepted.hidden


def test_a_rate_limit_says_how_long_to_wait() -> None:
    async def scenario() -> str:
        simulator = gateway(Receiver())
        simulator.script.append(SendFault.RATE_LIMITED)
        return (await say(simulator, "oi")).headers["retry-after"]

    assert virtually(scenario) == "2"


def test_a_send_whose_client_gave_up_is_still_carried_out() -> None:
    async def scenario() -> list[str]:
        simulator = gateway(Receiver(), faults=replace(QUIET, latency_ms=(500, 500)))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await say(simulator, "oi")
        await simulator.drained()
        return [accepted.text for accepted in simulator.journal]

    assert virtually(scenario) == ["oi"]


def test_the_delay_of_a_send_and_of_a_presence_holds_the_answer() -> None:
    async def scenario() -> tuple[float, float]:
        simulator = gateway(Receiver(), faults=replace(QUIET, latency_ms=(0, 0)))
        await say(simulator, "oi", delay=1200)
        sent = elapsed()
        async with client(simulator) as http:
            body = {"number": PHONE, "presence": "composing", "delay": 400}
            await http.post("/chat/sendPresence/bail", json=body)
        return sent, elapsed() - sent

    sent, typed = virtually(scenario)
    assert sent == pytest.approx(1.2)
    assert typed == pytest.approx(0.4)


def test_chances_decide_the_fates_and_a_healed_gateway_accepts_again() -> None:
    async def scenario() -> tuple[list[int], int]:
        chances = {SendFault.ERROR_500_BEFORE: 0.5, SendFault.RATE_LIMITED: 0.25}
        simulator = gateway(Receiver(), faults=replace(QUIET, send=chances))
        statuses = [(await say(simulator, "oi")).status_code for _ in range(200)]
        simulator.faults = QUIET
        return statuses, (await say(simulator, "oi")).status_code

    statuses, healed = virtually(scenario)
    assert 80 < statuses.count(500) < 120
    assert 30 < statuses.count(429) < 70
    assert healed == 201


def test_the_same_seed_gives_the_same_run() -> None:
    async def scenario() -> list[Accepted]:
        chances = {SendFault.ERROR_500_AFTER: 0.3, SendFault.HIDDEN: 0.3}
        faults = replace(QUIET, send=chances, unechoed=0.3, unrecorded=0.3)
        simulator = gateway(Receiver(), faults=faults, seed=7)
        for number in range(20):
            await say(simulator, str(number))
        return list(simulator.journal)

    first = virtually(scenario)
    assert first == virtually(scenario)
    assert {accepted.echoed for accepted in first} == {True, False}


def moment(seconds: int) -> str:
    at = datetime.fromtimestamp(START_MS / 1000, UTC) + timedelta(seconds=seconds)
    return at.isoformat().replace("+00:00", "Z")


async def three_minutes() -> EvolutionSimulator:
    """One message of the customer a minute: at 0, 60 and 120 s."""
    simulator = gateway(Receiver(), faults=replace(QUIET, latency_ms=(0, 0)))
    for number in range(3):
        simulator.customer_says("bail", PHONE, str(number))
        await asyncio.sleep(60)
    return simulator


def texts(**body: object) -> Callable[[], Any]:
    async def scenario() -> list[str]:
        rows = await find(await three_minutes(), **body)
        return [row["message"]["conversation"] for row in rows]

    return scenario


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"where": {}}, ["2", "1", "0"]),
        ({}, ["2", "1", "0"]),
        ({"where": {"key": {"remoteJid": JID}}}, ["2", "1", "0"]),
        ({"where": {"key": {"remoteJid": "other"}}}, []),
        ({"where": {"key": {"fromMe": False}}}, ["2", "1", "0"]),
        ({"where": {"key": {"fromMe": True}}}, []),
        ({"where": {}, "page": 2, "offset": 2}, ["0"]),
        ({"where": {"messageTimestamp": {"gte": moment(30), "lte": moment(90)}}}, ["1"]),
        ({"where": {"messageTimestamp": {"gte": moment(30)}}}, ["2", "1", "0"]),
    ],
)
def test_find_messages_filters_as_evolution_does(body: dict[str, Any], found: list[str]) -> None:
    assert virtually(texts(**body)) == found


def test_find_messages_fails_when_told_to() -> None:
    async def scenario() -> int:
        simulator = gateway(Receiver(), faults=replace(QUIET, find_fails=1.0))
        async with client(simulator) as http:
            return (await http.post("/chat/findMessages/bail", json={"where": {}})).status_code

    assert virtually(scenario) == 500


@pytest.mark.parametrize(
    ("number", "jid"),
    [
        ("+55 (11) 93333-4444", "5511933334444@s.whatsapp.net"),
        ("5531988887777", "553188887777@s.whatsapp.net"),
        ("5531960001111", "5531960001111@s.whatsapp.net"),
        ("5521988887777", "5521988887777@s.whatsapp.net"),
        ("5215512345678", "525512345678@s.whatsapp.net"),
        ("120363000000000000", "120363000000000000@g.us"),
        ("123@lid", "123@lid"),
    ],
)
def test_a_number_becomes_an_address_by_evolutions_rule(number: str, jid: str) -> None:
    assert create_jid(number) == jid


def test_what_a_customer_sends_while_the_socket_is_down_comes_later_with_its_own_time() -> None:
    async def scenario() -> tuple[int, list[Any], list[Any]]:
        receiver = Receiver()
        simulator = gateway(receiver)
        simulator.connection("bail", "close", reason=401)
        simulator.customer_says("bail", PHONE, "alguém aí?")
        await asyncio.sleep(3600)
        silent = len(receiver.data("messages.upsert"))
        simulator.connection("bail", "open")
        await simulator.drained()
        return silent, receiver.data("messages.upsert"), receiver.data("connection.update")

    silent, upserts, states = virtually(scenario)
    assert silent == 0
    assert [upsert["messageTimestamp"] for upsert in upserts] == [START_MS // 1000]
    assert [(state["state"], state["statusReason"]) for state in states] == [
        ("close", 401),
        ("open", 200),
    ]


def test_an_inbound_nul_character_is_never_seen() -> None:
    async def scenario() -> list[Any]:
        receiver = Receiver()
        simulator = gateway(receiver)
        simulator.customer_says("bail", PHONE, "a\0b")
        await simulator.drained()
        return receiver.bodies

    assert virtually(scenario) == []
