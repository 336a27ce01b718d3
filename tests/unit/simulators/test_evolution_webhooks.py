"""The gateway's webhooks: credentials, slugs, retries and their end, duplicates and disorder."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import jwt
import pytest
from starlette.types import Receive, Scope, Send

from orbion.simulators.evolution_store import Webhook
from orbion.simulators.evolution_webhooks import Delivery, WebhookRules, post_with
from orbion.simulators.virtual import START_MS, virtually
from tests.unit.simulators.gateway import HOOK, PHONE, QUIET, Receiver, gateway, paired

SECRET = "a-signing-secret-of-at-least-32-bytes"


async def one_message(receiver: Receiver, webhook: Webhook | None = None) -> Delivery:
    simulator = gateway(receiver, paired(webhook=webhook))
    simulator.customer_says("bail", PHONE, "oi")
    await simulator.drained()
    return simulator.deliveries[0]


@pytest.mark.parametrize("status", [200, 201, 204])
def test_any_2xx_ends_the_delivery(status: int) -> None:
    receiver = Receiver(status=lambda _: status)
    delivery = virtually(lambda: one_message(receiver))
    assert (delivery.outcome, delivery.answers) == ("delivered", [status])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_non_retryable_answer_drops_the_event_for_ever(status: int) -> None:
    receiver = Receiver(status=lambda _: status)
    delivery = virtually(lambda: one_message(receiver))
    assert (delivery.outcome, delivery.attempts) == ("dropped", 1)


@pytest.mark.parametrize("status", [405, 409, 413, 429, 500, 503])
def test_any_other_answer_is_retried_ten_times_with_growing_pauses(status: int) -> None:
    receiver = Receiver(status=lambda _: status)
    delivery = virtually(lambda: one_message(receiver))
    assert (delivery.outcome, delivery.attempts) == ("exhausted", 10)
    pauses = [(later - at) / 1000 for at, later in zip(receiver.at, receiver.at[1:], strict=False)]
    for pause, planned in zip(pauses, [5, 10, 20, 40, 80, 160, 300, 300, 300], strict=True):
        assert max(5, planned * 0.8) <= pause <= planned * 1.2
    assert len({str(body) for body in receiver.bodies}) == 1


def test_a_receiver_that_recovers_gets_the_event() -> None:
    receiver = Receiver(status=lambda attempt: 200 if attempt == 4 else 503)
    delivery = virtually(lambda: one_message(receiver))
    assert (delivery.outcome, delivery.answers) == ("delivered", [503, 503, 503, 200])


def test_a_broken_transport_and_a_slow_receiver_count_as_failed_attempts() -> None:
    async def scenario() -> Delivery:
        attempts: list[int] = []

        async def deliver(_url: str, _headers: Mapping[str, str], _body: bytes) -> int:
            attempts.append(1)
            if len(attempts) == 1:
                raise httpx.ConnectError("refused")
            if len(attempts) == 2:
                await asyncio.get_running_loop().create_future()
            return 200

        simulator = gateway(deliver)
        simulator.customer_says("bail", PHONE, "oi")
        await simulator.drained()
        return simulator.deliveries[0]

    assert virtually(scenario).answers == [None, None, 200]


def test_the_scale_shrinks_the_pauses() -> None:
    rules = WebhookRules(scale=0.001)
    assert [rules.pause(attempt, 0) for attempt in (1, 2, 7)] == [0.005, 0.01, 0.3]
    assert rules.pause(1, -1) == 0.005


def test_a_static_credential_is_sent_verbatim() -> None:
    receiver = Receiver()
    virtually(lambda: one_message(receiver))
    assert receiver.headers[0]["authorization"] == "Bearer static-secret"
    assert receiver.headers[0]["User-Agent"].startswith("axios/")
    assert receiver.urls == [HOOK]


def test_a_token_is_signed_once_and_is_expired_at_the_last_retries() -> None:
    receiver = Receiver(status=lambda _: 503)
    hook = Webhook(url=HOOK, headers={"jwt_key": SECRET, "x-custom": "abc"})
    virtually(lambda: one_message(receiver, hook))
    assert len({headers["Authorization"] for headers in receiver.headers}) == 1
    assert "jwt_key" not in receiver.headers[0]
    assert receiver.headers[0]["x-custom"] == "abc"
    token = receiver.headers[0]["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(
        token, SECRET, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False}
    )
    started = START_MS // 1000
    expected = {"iat": started, "exp": started + 600, "app": "evolution", "action": "webhook"}
    assert claims == expected
    assert receiver.at[-1] // 1000 > claims["exp"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://orbion/wh", "http://orbion/wh/messages-upsert"),
        ("http://orbion/wh/", "http://orbion/wh//messages-upsert"),
        ("http://orbion/wh?token=abc", "http://orbion/wh?token=abc/messages-upsert"),
    ],
)
def test_by_events_appends_the_slug_even_where_it_hurts(url: str, expected: str) -> None:
    receiver = Receiver()
    virtually(lambda: one_message(receiver, Webhook(url=url, by_events=True)))
    assert receiver.urls == [expected]


def test_only_subscribed_events_are_posted() -> None:
    async def scenario() -> list[str]:
        receiver = Receiver()
        hook = Webhook(url=HOOK, events=("CONNECTION_UPDATE",))
        simulator = gateway(receiver, paired(webhook=hook))
        simulator.customer_says("bail", PHONE, "oi")
        simulator.connection("bail", "open")
        await simulator.drained()
        return [body["event"] for body in receiver.bodies]

    assert virtually(scenario) == ["connection.update"]


def test_the_date_of_the_envelope_is_local_time_with_a_false_z() -> None:
    receiver = Receiver()
    virtually(lambda: one_message(receiver))
    assert receiver.bodies[0]["date_time"] == "2026-11-20T06:07:00.000Z"
    assert receiver.bodies[0]["data"]["messageTimestamp"] == START_MS // 1000
    assert receiver.bodies[0]["apikey"] is None


async def many(receiver: Receiver, **faults: Any) -> list[str]:
    simulator = gateway(receiver, faults=replace(QUIET, **faults))
    for number in range(30):
        simulator.customer_says("bail", PHONE, str(number))
    await simulator.drained()
    return [data["message"]["conversation"] for data in receiver.data("messages.upsert")]


IN_ORDER = [str(number) for number in range(30)]


def test_webhooks_keep_their_order_when_nothing_disturbs_them() -> None:
    assert virtually(lambda: many(Receiver())) == IN_ORDER


@pytest.mark.parametrize("faults", [{"late": 0.3}, {"jitter_ms": (0, 50)}])
def test_late_webhooks_overtake_each_other_but_none_is_lost(faults: dict[str, Any]) -> None:
    got = virtually(lambda: many(Receiver(), **faults))
    assert got != IN_ORDER
    assert sorted(got, key=int) == IN_ORDER


def test_a_duplicated_webhook_comes_again_later_with_the_same_id() -> None:
    receiver = Receiver()
    got = virtually(lambda: many(receiver, duplicated=1.0))
    assert got[:30] == IN_ORDER
    assert sorted(got, key=int) == sorted(IN_ORDER * 2, key=int)
    assert len({data["key"]["id"] for data in receiver.data("messages.upsert")}) == 30


def test_a_restart_loses_the_pending_webhooks_but_not_the_records() -> None:
    async def scenario() -> tuple[str, int, int]:
        receiver = Receiver(status=lambda _: 503)
        simulator = gateway(receiver)
        simulator.customer_says("bail", PHONE, "oi")
        await simulator.wait_for(lambda: len(receiver.bodies) == 2)
        simulator.restart()
        await simulator.drained()
        records = len(simulator.instances["bail"].records)
        return simulator.deliveries[0].outcome, len(receiver.bodies), records

    assert virtually(scenario) == ("lost", 2, 1)


def test_a_new_event_loop_goes_on_with_the_deliveries_of_an_abandoned_one() -> None:
    receiver = Receiver(status=lambda attempt: 200 if attempt == 3 else 503)
    simulator = gateway(receiver)

    async def first_life() -> None:
        simulator.customer_says("bail", PHONE, "oi")
        await simulator.wait_for(lambda: len(receiver.bodies) == 1)

    async def second_life() -> str:
        simulator.resume()
        await simulator.drained()
        return simulator.deliveries[0].outcome

    virtually(first_life)
    assert virtually(second_life) == "delivered"
    assert len(receiver.bodies) == 3


async def redirecting(scope: Scope, _receive: Receive, send: Send) -> None:
    """`/old` answers 301, `/new` only takes POST."""
    old = scope["path"] == "/old"
    status = 301 if old else 200 if scope["method"] == "POST" else 405
    headers = [(b"location", b"/new")] if old else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize(("path", "status"), [("/old", 405), ("/new", 200)])
def test_a_301_is_followed_as_a_get_without_the_event(path: str, status: int) -> None:
    async def scenario() -> int:
        transport = httpx.ASGITransport(app=redirecting)
        async with httpx.AsyncClient(transport=transport) as http:
            return await post_with(http)(f"http://orbion{path}", {}, b"{}")

    assert virtually(scenario) == status
