"""Sends of every kind, their quotes and ids, and what was shown as read."""

from typing import Any

import httpx
import pytest

from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Accepted
from orbion.simulators.virtual import virtually
from tests.unit.simulators.gateway import JID, PHONE, Receiver, client, find, gateway, say


async def post(simulator: EvolutionSimulator, route: str, **body: object) -> httpx.Response:
    async with client(simulator) as http:
        return await http.post(f"{route}/bail", json=body)


KINDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "sendMedia": (
        {"mediatype": "image", "media": "https://x.test/a.png", "caption": "Kit"},
        "imageMessage",
        "Kit",
    ),
    "sendWhatsAppAudio": ({"audio": "https://x.test/a.ogg"}, "audioMessage", ""),
    "sendLocation": (
        {"latitude": -23.5, "longitude": -46.6, "name": "Loja", "address": "Rua 1"},
        "locationMessage",
        "",
    ),
    "sendContact": (
        {"contact": [{"fullName": "Ana", "wuid": "5511900000002", "phoneNumber": "+5511"}]},
        "contactMessage",
        "",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_send_is_journaled_recorded_and_echoed(kind: str) -> None:
    body, type_, text = KINDS[kind]

    async def scenario() -> tuple[Any, Accepted, list[Any], list[Any]]:
        receiver = Receiver()
        simulator = gateway(receiver)
        answer = await post(simulator, f"/message/{kind}", number=PHONE, **body)
        await simulator.drained()
        rows = await find(simulator, where={})
        return answer.json(), simulator.journal[0], rows, receiver.data("send.message")

    answer, accepted, rows, echoes = virtually(scenario)
    assert (accepted.type, accepted.text, accepted.jid) == (type_, text, JID)
    assert [row["message"] for row in rows] == [answer["message"]]
    assert echoes == [answer]


def test_a_reaction_goes_to_the_chat_of_its_target() -> None:
    async def scenario() -> Accepted:
        simulator = gateway(Receiver())
        key = {"id": "3A01", "remoteJid": JID, "fromMe": False}
        await post(simulator, "/message/sendReaction", key=key, reaction="👍")
        return simulator.journal[0]

    accepted = virtually(scenario)
    assert (accepted.type, accepted.text, accepted.jid) == ("reactionMessage", "👍", JID)


@pytest.mark.parametrize(
    ("kind", "body", "status", "said"),
    [
        (
            "sendMedia",
            {"mediatype": "document", "media": "JVBERi0xLjQK"},
            400,
            ["For base64 the file name must be informed."],
        ),
        ("sendWhatsAppAudio", {"audio": "no url"}, 400, ["Owned media must be a url or base64"]),
        (
            "sendWhatsAppAudio",
            {"audio": "https://x.test/404"},
            500,
            ["AxiosError: Request failed with status code 404"],
        ),
        (
            "sendLocation",
            {"latitude": 1, "longitude": 1, "name": "Loja"},
            400,
            [['instance requires property "address"']],
        ),
    ],
)
def test_what_cannot_be_sent_is_refused(
    kind: str, body: dict[str, Any], status: int, said: list[Any]
) -> None:
    async def scenario() -> tuple[httpx.Response, int]:
        simulator = gateway(Receiver())
        simulator.instances["bail"].missing_files.add("https://x.test/404")
        answer = await post(simulator, f"/message/{kind}", number=PHONE, **body)
        return answer, len(simulator.journal)

    answer, accepted = virtually(scenario)
    assert (answer.status_code, answer.json()["response"]["message"]) == (status, said)
    assert accepted == 0


@pytest.mark.parametrize(("version", "taken"), [("2.3.7", False), ("2.4.0", True)])
def test_a_callers_id_is_taken_and_sent_once_from_2_4_on(version: str, *, taken: bool) -> None:
    wish = "3EB0AAAAAAAAAAAAAAAAAA"

    async def scenario() -> tuple[list[Any], list[str], str]:
        simulator = gateway(Receiver())
        simulator.instances["bail"].version = version
        answers = [(await say(simulator, "oi", messageId=wish)).json() for _ in range(2)]
        async with client(simulator) as http:
            welcome = (await http.get("/")).json()
        return answers, [accepted.id for accepted in simulator.journal], welcome["version"]

    answers, ids, shown = virtually(scenario)
    assert shown == version
    assert (ids == [wish]) is taken
    assert [answer["key"]["id"] for answer in answers] == ([wish, wish] if taken else ids)
    assert len(ids) == (1 if taken else 2)


def test_a_quote_is_journaled_only_if_its_message_is_known() -> None:
    async def scenario() -> list[str | None]:
        simulator = gateway(Receiver())
        key_id = simulator.customer_says("bail", PHONE, "quanto custa?")
        await say(simulator, "R$ 10", quoted={"key": {"id": key_id}})
        await say(simulator, "R$ 10", quoted={"key": {"id": "NOPE"}})
        return [accepted.quoted for accepted in simulator.journal]

    quoted = virtually(scenario)
    assert quoted[0] is not None
    assert quoted[1] is None


def test_reads_are_noted_but_for_hidden_ids() -> None:
    async def scenario() -> list[tuple[str, tuple[str, ...]]]:
        simulator = gateway(Receiver())
        keys = [
            {"id": "3A01", "remoteJid": JID, "fromMe": False},
            {"id": "3A02", "remoteJid": JID, "fromMe": False},
            {"id": "3A03", "remoteJid": "123@lid", "fromMe": False},
        ]
        answer = await post(simulator, "/chat/markMessageAsRead", readMessages=keys)
        assert answer.json()["read"] == "success"
        return [(read.jid, read.ids) for read in simulator.reads]

    assert virtually(scenario) == [(JID, ("3A01", "3A02"))]
