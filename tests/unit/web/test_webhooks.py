"""Every row of the answer table (DESIGN section 6), over HTTP in process."""

import base64
import json
from collections.abc import AsyncGenerator
from typing import Any

import jwt
import pytest

from orbion.domain.errors import FaultCode, RejectedError, UnavailableError
from orbion.domain.events import MessageReceived
from orbion.domain.lanes import Queue
from tests.unit.channels.captured import WEBHOOKS, upsert, webhook
from tests.unit.web.house import (
    ADMIN,
    AUTHENTIC,
    BODY_LIMIT,
    NEXT_SECRET,
    NOW,
    SECRET,
    TRACE,
    House,
    house,
)

PATH = "/webhooks/evolution/loja"
OI = upsert({"conversation": "oi"})
FULL = UnavailableError(FaultCode.DB_FULL, "disk full", retry_after=2.4)


@pytest.fixture
async def orbion() -> AsyncGenerator[House]:
    async with house() as built:
        yield built


def event(name: str, data: Any) -> dict[str, Any]:
    return {"event": name, "instance": "loja", "data": data}


EDITED = event(
    "messages.edited",
    {
        "key": OI["data"]["key"],
        "type": "MESSAGE_EDIT",
        "editedMessage": {"conversation": "olá"},
    },
)
STATUS = event("messages.update", {"keyId": "3EB0", "status": "READ"})


async def test_a_new_message_is_stored_and_a_duplicate_is_a_200_too(orbion: House) -> None:
    first, second = await orbion.post(OI), await orbion.post(OI)
    assert (first.status_code, first.json()) == (200, {"success": True, "duplicate": False})
    assert (second.status_code, second.json()) == (200, {"success": True, "duplicate": True})
    assert [type(each) for each in orbion.inbox.events] == [MessageReceived]
    assert orbion.woken == [Queue.IN]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (event("messages.invented", {}), "unknown_event"),
        (event("connection.update", {"state": "?"}), "odd_shape"),
        (event("messages.upsert", {"key": 7}), "unreadable_item"),
        ({**OI, "instance": "other"}, "wrong_instance"),
        (b"not json", "not_json"),
        (b"[" * 65 + b"]" * 65, "not_json"),
        (b'{"event":"\xff"}', "not_json"),
        (b'{"event":NaN}', "not_json"),
    ],
    ids=str,
)
async def test_what_is_authentic_but_unreadable_is_a_200_and_kept(
    orbion: House, body: Any, reason: str
) -> None:
    answer = await orbion.post(body)
    assert (answer.status_code, answer.json()) == (200, {"success": True, "duplicate": False})
    assert [(account, why) for account, why, _ in orbion.inbox.set_aside] == [("loja", reason)]
    assert orbion.metric("orbion_quarantine_total", channel="evolution", reason=reason) == 1


async def test_a_signed_token_is_good_until_half_an_hour_after_its_end(orbion: House) -> None:
    claims = {"iat": NOW // 1000 - 2000, "app": "evolution", "action": "webhook"}
    for late, status in ((1790, 200), (1810, 401)):
        token = jwt.encode({**claims, "exp": NOW // 1000 - late}, SECRET, algorithm="HS256")
        answer = await orbion.post(OI, authorization=f"Bearer {token}")
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (PATH, {"authorization": "Bearer wrong"}),
        (PATH, {"x-nothing": "x"}),
        (f"{PATH}/wrong-secret", {"x-nothing": "x"}),
        ("/webhooks/evolution/unknown", AUTHENTIC),
    ],
)
@pytest.mark.parametrize("body", [b'{"event":"x"}', b"not json"])
async def test_without_a_credential_nothing_is_stored(
    orbion: House, path: str, headers: dict[str, str], body: bytes
) -> None:
    answer = await orbion.post(body, path, **headers)
    assert answer.status_code == 401
    assert not orbion.inbox.events
    assert not orbion.inbox.set_aside


async def test_a_body_over_the_limit_is_drained_and_noted_if_it_is_authentic(
    orbion: House,
) -> None:
    answer = await orbion.post(b"x" * (BODY_LIMIT * 3))
    assert (answer.status_code, answer.json()) == (200, {"success": True, "duplicate": False})
    assert orbion.inbox.set_aside == [("loja", "too_large", b'{"bytes":%d}' % (BODY_LIMIT * 3))]
    refused = await orbion.post(b"x" * (BODY_LIMIT + 1), authorization="Bearer wrong")
    assert refused.status_code == 413
    assert len(orbion.inbox.set_aside) == 1


async def test_a_body_at_the_limit_is_read(orbion: House) -> None:
    padded = json.dumps(OI).encode().ljust(BODY_LIMIT)
    assert (await orbion.post(padded)).status_code == 200
    assert len(orbion.inbox.events) == 1


@pytest.mark.parametrize(
    "body",
    [
        EDITED,
        STATUS,
        event("connection.update", {"state": "open"}),
        event("messages.delete", {"remoteJid": "1@s.whatsapp.net", "id": "3A"}),
        event("contacts.update", []),
        event("messages.invented", {}),
    ],
    ids=lambda body: str(body["event"]),
)
async def test_with_the_store_down_an_event_that_is_no_message_is_dropped_with_a_200(
    orbion: House, body: Any
) -> None:
    orbion.inbox.fault = FULL
    answer = await orbion.post(body)
    assert (answer.status_code, answer.json()) == (200, {"success": True, "duplicate": False})


async def test_what_was_dropped_is_counted(orbion: House) -> None:
    orbion.inbox.fault = FULL
    await orbion.post(EDITED)
    name = "orbion_webhook_requests_total"
    assert orbion.metric(name, channel="evolution", outcome="dropped") == 1


@pytest.mark.parametrize(
    "body",
    [
        OI,
        upsert({"conversation": "eu"}, event="send.message"),
        event("messages.upsert", {"key": 7}),
        b"not json",
        b"x" * (BODY_LIMIT + 1),
        {**OI, "data": [OI["data"], {"key": 7}]},
    ],
    ids=["message", "echo", "unreadable", "not json", "too large", "one of two"],
)
async def test_with_the_store_down_a_message_is_a_503_that_is_sent_again(
    orbion: House, body: Any
) -> None:
    orbion.inbox.fault = FULL
    refused = await orbion.post(body)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "3")
    orbion.inbox.fault = None
    assert (await orbion.post(body)).status_code == 200


async def test_a_draining_process_is_not_ready_and_still_stores(orbion: House) -> None:
    orbion.state.lifecycle.drain()
    assert (await orbion.client.get("/health/ready")).status_code == 503
    assert (await orbion.post(OI)).status_code == 200
    assert len(orbion.inbox.events) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", [PATH, f"{PATH}/", f"{PATH}/messages-upsert"])
async def test_any_other_method_is_a_405_and_never_a_redirect(
    orbion: House, method: str, path: str
) -> None:
    assert (await orbion.client.request(method, path)).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        f"{PATH}/",
        f"{PATH}//",
        f"{PATH}/messages-upsert",
        f"{PATH}//messages-upsert",
        f"{PATH}?token=abc/messages-upsert",
        f"{PATH}/{SECRET}",
        f"{PATH}//{SECRET}//messages-upsert",
    ],
)
async def test_slugs_double_slashes_and_queries_change_nothing(orbion: House, path: str) -> None:
    headers = {"x-nothing": "x"} if SECRET in path else AUTHENTIC
    assert (await orbion.post(OI, path, **headers)).status_code == 200
    assert len(orbion.inbox.events) == 1


def basic(pair: str) -> str:
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def signed(secret: str, *, issued: int = 0, lives: int = 600, **claims: str) -> str:
    """Evolution's token: seconds from now; `claims` replace its own."""
    now = NOW // 1000
    payload = {"iat": now + issued, "exp": now + issued + lives, "app": "evolution"}
    return jwt.encode({**payload, "action": "webhook", **claims}, secret, algorithm="HS256")


CREDENTIALS = {
    "bearer": ("", {"authorization": "Bearer {secret}"}),
    "bearer in lower case": ("", {"authorization": "bearer {secret}"}),
    "bare header": ("", {"authorization": "{secret}"}),
    "apikey": ("", {"apikey": "{secret}"}),
    "x-api-key": ("", {"X-API-Key": "{secret}"}),
    "global webhook by its path": ("/{secret}", {}),
    "userinfo": ("", {"authorization": "{basic}"}),
    "userinfo without a password": ("", {"authorization": "{basic_user}"}),
    "jwt": ("", {"authorization": "Bearer {jwt}"}),
    "jwt of the last retry": ("", {"authorization": "Bearer {old_jwt}"}),
}
FORMS = {
    "plain": "",
    "slash": "/",
    "by events": "/messages-upsert",
    "by events after a slash": "//messages-upsert",
    "by events with a query": "?token=abc/messages-upsert",
    "instance": "/loja/messages-upsert",
}


@pytest.mark.parametrize("secret", [SECRET, NEXT_SECRET], ids=["secret", "next secret"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("credential", CREDENTIALS)
async def test_every_credential_works_in_every_form_of_the_url(
    orbion: House, credential: str, form: str, secret: str
) -> None:
    path, headers = CREDENTIALS[credential]
    values = {
        "secret": secret,
        "basic": basic(f"evolution:{secret}"),
        "basic_user": basic(f"{secret}:"),
        "jwt": signed(secret),
        "old_jwt": signed(secret, issued=-2390),
    }
    sent = {name: value.format(**values) for name, value in headers.items()}
    answer = await orbion.post(
        OI, f"{PATH}{path.format(**values)}{FORMS[form]}", **sent or {"x-nothing": "x"}
    )
    assert answer.status_code == 200
    assert len(orbion.inbox.events) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {SECRET}x"},
        {"authorization": f"Bearer  {SECRET[:-1]}"},
        {"authorization": basic("evolution:wrong")},
        {"authorization": "Basic not base64"},
        {"authorization": f"Bearer {signed('another secret that is long enough')}"},
        {"authorization": f"Bearer {signed(SECRET, issued=-2410)}"},
        {"authorization": f"Bearer {signed(SECRET, app='other')}"},
        {"authorization": f"Bearer {signed(SECRET, action='login')}"},
        {"authorization": f"Bearer {signed(SECRET, issued=1900)}"},
        {"authorization": "Bearer a.b.c"},
        {"apikey": ""},
    ],
)
@pytest.mark.parametrize("path", [PATH, f"{PATH}/messages-upsert/{SECRET}", f"{PATH}?s={SECRET}"])
async def test_nothing_else_opens_and_a_secret_counts_only_where_it_belongs(
    orbion: House, path: str, headers: dict[str, str]
) -> None:
    assert (await orbion.post(OI, path, **headers)).status_code == 401
    assert not orbion.inbox.events


async def test_a_bug_in_the_store_shows_nobody_its_name(orbion: House) -> None:
    orbion.inbox.fault = KeyError("SELECT secret FROM /var/lib")
    answer = await orbion.post(OI)
    assert answer.status_code == 500
    assert answer.json() == {"error": "internal error", "trace": TRACE}
    assert answer.headers["x-request-id"] == TRACE


async def test_the_trace_of_the_caller_goes_on_to_the_store_and_back(orbion: House) -> None:
    trace = "0123456789abcdef" * 2
    parent = f"00-{trace}-00f067aa0ba902b7-01"
    answer = await orbion.post(OI, **AUTHENTIC, traceparent=parent)
    assert answer.headers["x-request-id"] == trace
    await orbion.post(STATUS, **AUTHENTIC, traceparent="00-" + "0" * 32 + "-00f067aa0ba902b7-01")
    assert orbion.inbox.traces == [trace, TRACE]


async def test_requests_messages_and_duplicates_are_counted_once_each(orbion: House) -> None:
    await orbion.post(OI)
    await orbion.post(OI)
    await orbion.post(event("contacts.update", []))
    await orbion.post(b"{}", authorization="Bearer wrong")
    requests = "orbion_webhook_requests_total"
    for outcome in ("stored", "duplicate", "ignored", "unauthorized"):
        assert orbion.metric(requests, channel="evolution", outcome=outcome) == 1
        answered = "orbion_webhook_ack_seconds_count"
        assert orbion.metric(answered, channel="evolution", outcome=outcome) == 1
    inbound = "orbion_inbound_messages_total"
    assert orbion.metric(inbound, channel="evolution", kind="text") == 1
    assert orbion.metric("orbion_duplicates_total", channel="evolution") == 1


async def test_only_authentic_webhooks_show_that_an_account_is_alive(orbion: House) -> None:
    await orbion.post(OI, authorization="Bearer wrong")
    assert orbion.state.receive.last_seen == {}
    await orbion.post(OI)
    assert orbion.state.receive.last_seen == {"loja": NOW}


async def test_every_captured_webhook_is_a_200_that_stores_ignores_or_keeps(
    orbion: House,
) -> None:
    for name in WEBHOOKS:
        answer = await orbion.post({**webhook(name), "instance": "loja"})
        assert answer.status_code == 200, name
    assert not orbion.inbox.set_aside
    assert sum(isinstance(each, MessageReceived) for each in orbion.inbox.events) == 36


async def test_a_quarantined_body_is_taken_once_it_can_be_read(orbion: House) -> None:
    raw = json.dumps({**OI, "data": [OI["data"]]}).encode()
    answer = await orbion.state.receive.replay("loja", raw, trace=TRACE)
    assert (answer.outcomes, len(orbion.inbox.events)) == (("stored",), 1)
    for account, bad in (("loja", b"not json"), ("gone", raw)):
        with pytest.raises(RejectedError):
            await orbion.state.receive.replay(account, bad, trace=TRACE)
    assert not orbion.inbox.set_aside


async def test_wrong_secrets_become_a_429_that_shuts_out_neither_the_gateway_nor_operators(
    orbion: House,
) -> None:
    refused = [await orbion.post(OI, authorization="Bearer wrong") for _ in range(4)]
    assert [answer.status_code for answer in refused] == [401] * 3 + [429]
    assert refused[3].headers["retry-after"] == "20"
    assert refused[3].json() == {
        "success": False,
        "detail": "too many wrong keys from this address: 3 a minute are allowed, wait 20 s",
        "limit": "failures",
        "allowed": 3,
        "seconds": 60,
        "retry_after": 20,
    }
    assert (await orbion.post(OI)).status_code == 200
    operator = {"authorization": f"Bearer {ADMIN}"}
    assert (await orbion.client.get("/admin/dead", headers=operator)).status_code == 200
