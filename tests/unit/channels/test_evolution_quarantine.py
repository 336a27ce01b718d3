"""What cannot be read is set aside, small and without secrets; nothing makes the parser raise."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orbion.adapters.channels.evolution_json import RAW_LIMIT
from orbion.adapters.channels.evolution_parse import parse_webhook
from orbion.domain.events import EventIgnored, EventQuarantined, MessageReceived
from tests.unit.channels.captured import NOW, parse, upsert


def quarantined(body: Any) -> EventQuarantined:
    (event,) = parse(body)
    assert isinstance(event, EventQuarantined)
    return event


def keyed(**key: Any) -> dict[str, Any]:
    body = upsert({"conversation": "oi"})
    body["data"]["key"].update(key)
    return body


def test_one_bad_item_is_set_aside_and_its_siblings_live() -> None:
    good = upsert({"conversation": "oi"})
    body = {**good, "data": [good["data"], {"key": 7}, "x", good["data"]]}
    first, bad, worse, last = parse(body)
    assert isinstance(first, MessageReceived)
    assert isinstance(last, MessageReceived)
    assert isinstance(bad, EventQuarantined)
    assert isinstance(worse, EventQuarantined)
    assert bad.reason == "unreadable_item"
    assert json.loads(bad.raw) == {**good, "data": {"key": 7}}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"event": "messages.invented", "instance": "loja", "data": {}}, "unknown_event"),
        ({"event": "messages.upsert", "instance": "other", "data": {}}, "wrong_instance"),
        ({"event": "messages.upsert", "data": {}}, "wrong_instance"),
        ({"event": 7, "instance": "loja"}, "odd_shape"),
        ([1, 2], "odd_shape"),
        (None, "odd_shape"),
        (upsert(None), "unreadable_item"),
        (upsert({}), "unreadable_item"),
        (keyed(id=""), "unreadable_item"),
        (keyed(id=None), "unreadable_item"),
        (keyed(remoteJid="5511@example.org"), "unreadable_item"),
        (keyed(remoteJid="abc@s.whatsapp.net"), "unreadable_item"),
        ({**upsert({}), "data": None}, "unreadable_item"),
        ({"event": "connection.update", "instance": "loja", "data": {"state": "?"}}, "odd_shape"),
        ({"event": "messages.update", "instance": "loja", "data": {"status": 3}}, "odd_shape"),
    ],
)
def test_what_cannot_be_read_is_quarantined_with_its_reason(body: Any, reason: str) -> None:
    assert quarantined(body).reason == reason


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
        b'{"event":"messages.upsert","x":NaN}',
        b'{"event":"\xff"}',
        b"[" * 65 + b"]" * 65,
        b"[" * 100_000,
    ],
)
def test_what_is_not_sane_json_is_quarantined_as_such(body: bytes) -> None:
    (event,) = parse_webhook(body, instance="loja", now=NOW)
    assert isinstance(event, EventQuarantined)
    assert event.reason == "not_json"


@pytest.mark.parametrize(
    "odd",
    [
        b'"\\ud83d"',
        b"1e999",
        b"-1e400",
        b"1" * 5000,
        b'{"low":99999999999999999999,"high":99999999999999999999}',
    ],
)
def test_what_only_javascript_can_hold_costs_no_sibling_and_not_the_item(odd: bytes) -> None:
    good = upsert({"conversation": "oi"})["data"]
    strange = upsert({"conversation": "?"}, messageTimestamp="?", pushName="?")["data"]
    strange["message"] = {"audioMessage": {"seconds": "?", "fileLength": "?", "caption": "?"}}
    body = json.dumps({"event": "messages.upsert", "instance": "loja", "data": [good, strange]})
    events = parse_webhook(body.encode().replace(b'"?"', odd), instance="loja", now=NOW)
    assert [type(event) for event in events] == [MessageReceived, MessageReceived]


def test_half_an_emoji_becomes_a_replacement_character() -> None:
    body = json.dumps(upsert({"conversation": "oi \ud83d!"})).encode()
    (event,) = parse_webhook(body, instance="loja", now=NOW)
    assert isinstance(event, MessageReceived)
    assert event.text == "oi \ufffd!"


def test_nesting_is_allowed_up_to_64() -> None:
    body = b'{"event":"call","instance":"loja","data":' + b"[" * 63 + b"]" * 63 + b"}"
    assert parse_webhook(body, instance="loja", now=NOW) == [EventIgnored(reason="call")]


def test_no_secret_of_the_gateway_is_kept() -> None:
    secret = "CANARY-1234567890"
    body = {
        "event": "strange",
        "instance": "loja",
        "apikey": secret,
        "destination": f"https://orbion.example/webhooks/evolution/loja/{secret}",
        "data": {"deep": [{"API_KEY": secret}], "text": json.dumps({"apikey": secret})},
    }
    whole, cut = json.dumps(body).encode(), json.dumps(body).encode()[:-2]
    for kept in (whole, cut, cut[: cut.index(b"CANARY") + 10]):
        (event,) = parse_webhook(kept, instance="loja", now=NOW)
        assert isinstance(event, EventQuarantined)
        assert b"CANARY" not in event.raw
        assert b"strange" in event.raw


def test_a_quarantined_raw_stays_small_and_whole_where_it_can() -> None:
    long = quarantined({"event": "strange", "instance": "loja", "data": "x" * 200_000})
    assert json.loads(long.raw)["event"] == "strange"
    many = quarantined({"event": "strange", "instance": "loja", "data": ["y" * 400] * 1000})
    assert len(many.raw) == RAW_LIMIT


def test_event_names_in_the_spelling_of_the_settings_are_understood() -> None:
    (event,) = parse(upsert({"conversation": "oi"}, event="MESSAGES_UPSERT"))
    assert isinstance(event, MessageReceived)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=20,
)
event_names = st.sampled_from(
    [
        "messages.upsert",
        "send.message",
        "messages.update",
        "messages.edited",
        "messages.delete",
        "connection.update",
        "status.instance",
        "contacts.update",
        "nonsense",
    ]
)


@given(body=st.binary(max_size=200))
def test_no_bytes_at_all_make_the_parser_raise(body: bytes) -> None:
    assert parse_webhook(body, instance="loja", now=NOW)


@given(event=event_names, data=json_values, key=json_values, message=json_values)
def test_no_shape_at_all_makes_the_parser_raise(
    event: str, data: Any, key: Any, message: Any
) -> None:
    holder = data if isinstance(data, dict) else {}
    body = {"event": event, "instance": "loja", "data": {**holder, "key": key, "message": message}}
    assert parse(body)
    assert parse({**body, "data": data})
