"""The simulator against the captured requests and answers of a real Evolution API 2.3.7."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Socket, Webhook
from orbion.simulators.virtual import virtually
from tests.unit.simulators.gateway import KEY, PHONE, Receiver, client, gateway, paired, say

FIXTURES = Path(__file__).parents[2] / "fixtures" / "evolution"
FIRST_ID = "3A000000000000000001"
QUOTABLE_ID = "3A000000000000000027"
UNLICENSED_KEYS = {  # contracts/evolution section 9
    *("error", "code", "register_url", "instance_id", "docs_url", "message")
}
OPAQUE = {"message", "headers", "quotedMessage", "MessageUpdate"}

KINDS = (
    "bail_sendAudio_url",
    "bail_sendContact",
    "bail_sendLocation",
    "bail_sendMedia_b64",
    "bail_sendMedia_url",
    "bail_sendReaction",
    "bail_sendText",
)
SAME_SHAPE = (
    *KINDS,
    "bail_connect_qr",
    "bail_sendText_br12_cached_as_13",
    "bail_sendText_br13_cached_as_12",
    "bail_sendText_delay_1200",
    "bail_sendText_group",
    "bail_sendText_lid",
    "bail_sendText_lid_unknown",
    "bail_sendText_quoted_by_id",
    "bail_sendText_quoted_full",
    "bail_sendText_quoted_unknown",
    "bail_fetchInstances",
    "bail_findMessages",
    "bail_findMessages_by_time",
    "bail_findMessages_fromMe_false",
    "bail_findMessages_id",
    "webhook_set_bad_url",
    "webhook_set_empty_events",
    "webhook_set_ok",
    "webhook_find",
)
SAME_BODY = (
    "bail_connect_no_network",
    "bail_connect_when_open",
    "bail_connectionState_before",
    "bail_connectionState_no_network",
    "bail_markRead",
    "bail_markRead_lid",
    "bail_markRead_mode_closed",
    "bail_markRead_mode_timeout",
    "bail_markread_never_connected",
    "bail_numbers_never_connected",
    "bail_presence_never_connected",
    "bail_sendPresence",
    "bail_sendPresence_mode_closed",
    "bail_sendMedia_url_404",
    "bail_sendPresence_mode_timeout",
    "bail_sendReaction_text",
    "bail_sendText_empty",
    "bail_sendText_mode_closed_cached_number",
    "bail_sendText_mode_closed_new_number",
    "bail_sendText_mode_timeout_cached_number",
    "bail_sendText_mode_timeout_new_number",
    "bail_sendText_never_connected",
    "bail_sendText_not_exists",
    "bail_sendText_nul_char",
    "bail_sendText_quoted_revoked",
    "bail_state_after_logout",
    "bail_state_after_transient",
    "bail_state_open",
    "bail_whatsappNumbers",
    "bail_whatsappNumbers_mode_closed",
    "bail_whatsappNumbers_mode_timeout",
    "connectionState_404",
    "connectionState_404_no_key",
    "connectionState_evo",
    "connectionState_instance_token",
    "connectionState_no_key",
    "connectionState_wrong_key",
    "cross_instance_token",
    "evo_404_route",
    "evo_presence_bad",
    "evo_sendMedia_bad_media",
    "evo_sendMedia_bad_type",
    "evo_sendText_401",
    "evo_sendText_404",
    "evo_sendText_delay_string",
    "evo_sendText_missing_number",
    "evo_sendText_missing_text",
    "evo_sendText_number_int",
    "evo_sendText_v1_style",
    "fetchInstances_name_missing",
    "fetchInstances_wrong",
    "unknown_key_webhook_find",
    "verify_creds",
    "webhook_set_bad_event",
    "webhook_set_flat_v1_style",
    "webhook_set_no_events",
)
ADDRESSES = {
    "bail_sendText": "5511988887777@s.whatsapp.net",
    "bail_sendText_br12_cached_as_13": "5511988887777@s.whatsapp.net",
    "bail_sendText_br13_cached_as_12": "553188887777@s.whatsapp.net",
    "bail_sendText_group": "120363000000000000@g.us",
    "bail_sendText_lid": "5511988887777@s.whatsapp.net",
    "bail_sendText_lid_unknown": "999888777666555@lid",
}


def captured(name: str) -> dict[str, Any]:
    exchange: dict[str, Any] = json.loads((FIXTURES / "api" / f"{name}.json").read_text())
    return exchange


def captured_webhook(name: str) -> dict[str, Any]:
    webhook: dict[str, Any] = json.loads((FIXTURES / "webhooks" / f"{name}.json").read_text())
    return webhook


def shape(value: Any) -> Any:
    """Keys and types, all the way down; of a list its first item."""
    match value:
        case dict():
            return {key: None if key in OPAQUE else shape(inner) for key, inner in value.items()}
        case list():
            return [shape(item) for item in value[:1]]
        case _:
            return type(value)


def furnished(name: str) -> EvolutionSimulator:
    """A gateway in the state in which the fixture was captured."""
    headers = {"authorization": "Bearer static-secret", "x-custom": "abc"}
    hook = Webhook(url="http://127.0.0.1:18099/webhook/evo1", headers=headers)
    others = [paired(other, webhook=hook) for other in ("bail1", "evo1", "meta1")]
    bail = paired()
    bail.absent.add("5511911112222")
    bail.missing_files.add("http://127.0.0.1:18099/status/404/x.png")
    bail.known.add("553188887777@s.whatsapp.net")
    simulator = gateway(Receiver(), bail, *others)
    simulator.instances["evo1"].token = "EVO1-TOKEN"
    for key_id in (FIRST_ID, QUOTABLE_ID):
        simulator.customer_says(
            "bail", PHONE, "Olá", lid="123456789012345", name="Maria Silva", key_id=key_id
        )
    if "revoked" in name:
        simulator.revoke("bail", FIRST_ID)
    unpaired = simulator.instances["bail1"]
    unpaired.socket, unpaired.state, unpaired.offline = Socket.UNPAIRED, "close", True
    if name in {"bail_connect_qr", "bail_state_after_logout", "bail_state_after_transient"}:
        bail.state = "close"
    if "mode_closed" in name:
        bail.socket = Socket.CLOSED
    if "mode_timeout" in name:
        bail.socket = Socket.TIMEOUT
    return simulator


async def replay(name: str) -> httpx.Response:
    simulator = furnished(name)
    if name == "bail_findMessages":  # the newest captured record is one of ours
        await say(simulator, "oi")
    request = captured(name)["request"]
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=simulator), base_url="http://evolution"
    ) as http:
        return await http.request(
            request["method"],
            request["path"],
            headers=request["headers"],
            content=json.dumps(request["body"]) if request["body"] is not None else None,
        )


@pytest.mark.parametrize("name", SAME_SHAPE)
def test_a_success_has_the_captured_status_and_shape(name: str) -> None:
    answer = virtually(lambda: replay(name))
    expected = captured(name)["response"]
    assert answer.status_code == expected["status"]
    assert shape(answer.json()) == shape(expected["body"])


def shown_parts(message: dict[str, Any]) -> dict[str, Any]:
    """What each part holds, bytes (objects with numbered keys, of any length) as one word."""
    (part,) = message.values()
    if not isinstance(part, dict):
        return {"": type(part)}
    return {
        key: "bytes" if isinstance(value, dict) and "0" in value else shape(value)
        for key, value in part.items()
    }


@pytest.mark.parametrize("name", KINDS)
def test_a_message_of_each_kind_has_nothing_that_was_not_captured(name: str) -> None:
    sent = virtually(lambda: replay(name)).json()
    expected = captured(name)["response"]["body"]
    assert sent["messageType"] == expected["messageType"]
    shown, known = shown_parts(sent["message"]), shown_parts(expected["message"])
    assert shown.items() <= known.items()
    assert known.keys() - shown.keys() <= {
        *("annotations", "interactiveAnnotations", "scanLengths"),
        *("height", "width", "jpegThumbnail"),
    }


@pytest.mark.parametrize("name", KINDS)
def test_the_words_of_each_kind_are_the_captured_ones(name: str) -> None:
    message = virtually(lambda: replay(name)).json()["message"]
    expected = captured(name)["response"]["body"]["message"]
    (sent,), (known,) = message.values(), expected.values()
    words = ("caption", "fileName", "mimetype", "name", "address", "displayName", "vcard", "ptt")
    if isinstance(known, dict):
        more = ("text", "degreesLatitude", "degreesLongitude")
        assert [sent.get(word) for word in words + more] == [known.get(w) for w in words + more]
    else:
        assert sent == known


@pytest.mark.parametrize("name", SAME_BODY)
def test_an_answer_without_random_parts_equals_the_captured_one(name: str) -> None:
    answer = virtually(lambda: replay(name))
    expected = captured(name)["response"]
    assert answer.status_code == expected["status"]
    assert answer.json() == expected["body"]
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(("name", "jid"), ADDRESSES.items())
def test_a_send_goes_to_the_captured_address(name: str, jid: str) -> None:
    answer = virtually(lambda: replay(name)).json()
    assert (
        answer["key"]["remoteJid"] == jid == captured(name)["response"]["body"]["key"]["remoteJid"]
    )
    assert len(answer["key"]["id"]) == 22
    assert answer["key"]["id"].startswith("3EB0")


def test_broken_json_is_answered_before_anything_else_is_looked_at() -> None:
    async def scenario() -> httpx.Response:
        async with client(furnished("")) as http:
            return await http.post("/message/sendText/nope", content=b"{", headers={"apikey": ""})

    answer = virtually(scenario)
    assert answer.status_code == 400
    assert answer.json() == captured("evo_sendText_bad_json")["response"]["body"]


def test_the_version_probe_needs_no_key() -> None:
    async def scenario() -> httpx.Response:
        async with client(furnished("")) as http:
            return await http.get("/", headers={"apikey": ""})

    answer = virtually(scenario).json()
    assert answer["version"] == "2.3.7"
    assert answer["message"] == "Welcome to the Evolution API, it is working!"


def test_without_a_licence_only_the_root_answers() -> None:
    async def scenario() -> tuple[httpx.Response, httpx.Response]:
        simulator = furnished("")
        simulator.licensed, simulator.version = False, "2.4.0"
        async with client(simulator) as http:
            return await http.get("/"), await http.get("/instance/connectionState/bail")

    root, refused = virtually(scenario)
    assert root.json()["version"] == "2.4.0"
    assert refused.status_code == 503
    assert refused.json().keys() == UNLICENSED_KEYS
    assert refused.json()["code"] == "LICENSE_REQUIRED"


def test_an_instance_token_lists_only_its_own_instance() -> None:
    async def scenario() -> httpx.Response:
        async with client(furnished("")) as http:
            return await http.get("/instance/fetchInstances", headers={"apikey": "EVO1-TOKEN"})

    assert [row["name"] for row in virtually(scenario).json()] == ["evo1"]


def test_new_webhook_settings_without_headers_keep_the_old_ones() -> None:
    answer = virtually(lambda: replay("webhook_set_bad_url")).json()
    assert answer["headers"] == captured("webhook_set_bad_url")["response"]["body"]["headers"]


async def inbound(kind: str) -> dict[str, Any]:
    receiver = Receiver()
    simulator = gateway(receiver)
    bail = simulator.instances["bail"]
    bail.exposes_token = True
    match kind:
        case "sim_in_fromMe_phone":
            simulator.person_says("bail", PHONE, "respondi pelo celular")
        case "sim_in_lid_text":
            bail.addressing = "lid"
            simulator.customer_says("bail", PHONE, "oi", lid="123456789012345", name="Maria")
        case "sim_in_lid_text_no_alt":
            simulator.customer_says("bail", None, "oi", lid="999888777666555", name="Maria")
        case "sim_in_no_pushname":
            simulator.customer_says("bail", PHONE, "oi", lid="123456789012345")
        case _:
            simulator.customer_says("bail", PHONE, "oi", lid="123456789012345", name="Maria")
    await simulator.drained()
    return receiver.bodies[0]


@pytest.mark.parametrize(
    "name",
    [
        "sim_in_append_old",
        "sim_in_lid_text",
        "sim_in_lid_text_no_alt",
        "sim_in_no_pushname",
    ],
)
def test_an_inbound_webhook_has_the_captured_shape(name: str) -> None:
    body = virtually(lambda: inbound(name))
    expected = captured_webhook(f"{name}__messages.upsert")["body"]
    assert shape(body) == shape(expected)
    assert body["data"]["key"]["addressingMode"] == expected["data"]["key"]["addressingMode"]


def test_a_person_on_the_phone_looks_as_captured() -> None:
    body = virtually(lambda: inbound("sim_in_fromMe_phone"))
    expected = captured_webhook("sim_in_fromMe_phone__messages.upsert")["body"]
    del expected["data"]["key"]["remoteJidAlt"]
    assert shape(body) == shape(expected)
    assert body["data"]["status"] == expected["data"]["status"]
    assert body["data"]["source"] == expected["data"]["source"]


def test_a_lid_addressed_message_is_stored_under_its_lid_though_the_webhook_shows_the_phone() -> (
    None
):
    async def scenario() -> tuple[Any, Any]:
        receiver = Receiver()
        simulator = gateway(receiver)
        simulator.instances["bail"].addressing = "lid"
        key_id = simulator.customer_says("bail", PHONE, "oi", lid="123")
        await simulator.drained()
        stored = simulator.instances["bail"].records[key_id]
        return receiver.data("messages.upsert")[0]["key"], stored.row["key"]

    shown, stored = virtually(scenario)
    assert shown["remoteJid"] == shown["remoteJidAlt"] == f"{PHONE}@s.whatsapp.net"
    assert stored["remoteJid"] == "123@lid"


def label(body: dict[str, Any]) -> str:
    """The event, and which kind of edit it is."""
    data = body["data"]
    edit = data.get("type", "") if isinstance(data, dict) else ""
    return f"{body['event']}{edit}"


async def other_events() -> dict[str, Any]:
    receiver = Receiver()
    simulator = gateway(receiver)
    simulator.instances["bail"].exposes_token = True
    key_id = simulator.customer_says("bail", PHONE, "oi")
    simulator.customer_types("bail", PHONE)
    simulator.edit("bail", key_id, "oi!")
    simulator.revoke("bail", key_id)
    simulator.history("bail", PHONE, ["antiga 0", "antiga 1"], name="Maria")
    simulator.connection("bail", "open")
    await simulator.drained()
    return {label(body): body for body in receiver.bodies}


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ("presence.update", "sim_emit_presence__presence.update"),
        ("messages.editedMESSAGE_EDIT", "sim_in_edited_modern__messages.edited"),
        ("messages.editedREVOKE", "sim_in_revoke_protocol__messages.edited"),
        ("messages.delete", "sim_emit_revoked__messages.delete"),
        ("messages.set", "sim_emit_history__messages.set"),
        ("connection.update", "sim_emit_open__connection.update"),
    ],
)
def test_the_other_events_have_the_captured_shape(event: str, name: str) -> None:
    bodies = virtually(other_events)
    sent, expected = bodies[event], captured_webhook(name)["body"]
    assert shape(sent) == shape(expected)


def test_the_key_of_a_fixture_is_the_key_of_the_simulator() -> None:
    assert captured("bail_sendText")["request"]["headers"]["apikey"] == KEY
