"""What operators may do, who is an operator, and how fast anybody may try."""

import json
from collections.abc import AsyncGenerator
from dataclasses import replace

import httpx
import pytest

from orbion.domain.conversations import Conversation, Mode, ModeReason
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.domain.lanes import DeadLetter, Queue
from orbion.domain.listing import AccountLine, ConversationLine, QuarantineLine
from tests.unit.channels.captured import upsert
from tests.unit.web.house import OPERATOR, House, house

ROUTES = [
    ("GET", "/admin/accounts"),
    ("GET", "/admin/conversations"),
    ("GET", "/admin/conversations/1"),
    ("POST", "/admin/conversations/1/takeover"),
    ("POST", "/admin/conversations/1/release"),
    ("GET", "/admin/dead"),
    ("POST", "/admin/dead/requeue"),
    ("POST", "/admin/dead/discard"),
    ("GET", "/admin/quarantine"),
    ("POST", "/admin/quarantine/1/replay"),
    ("POST", "/admin/quarantine/1/discard"),
    ("GET", "/admin/breakers"),
    ("POST", "/admin/breakers/open"),
    ("POST", "/admin/breakers/close"),
    ("POST", "/admin/breakers/reset"),
    ("POST", "/api/metrics/reset"),
]
DEAD = DeadLetter(
    queue="in", key="a/b 1", seq=4, kind="message", payload={}, attempts=8, error="bug", died_at=50
)
TASK = {"queue": "in", "key": "a/b 1", "seq": 4}


@pytest.fixture
async def orbion() -> AsyncGenerator[House]:
    async with house() as built:
        built.desk.found[1] = Conversation(
            id=1,
            business="sol",
            account="loja",
            contact_id=7,
            address="5511988887777@s.whatsapp.net",
            name="Maria",
            phone="5511988887777",
            mode=Mode.BOT,
            mode_reason=None,
            version=3,
            opted_out=False,
        )
        yield built


def line(number: int) -> ConversationLine:
    return ConversationLine(
        id=number,
        account="loja",
        name="Maria",
        phone="5511988887777",
        mode=Mode.BOT,
        mode_reason=None,
        last_text="oi",
        last_at=9,
        waiting=1,
    )


def kept(number: int, raw: bytes, ended: str | None = None) -> QuarantineLine:
    return QuarantineLine(id=number, account="loja", reason="not_json", at=9, raw=raw, ended=ended)


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_without_a_configured_key_admin_is_off_and_says_how_to_turn_it_on(
    method: str, path: str
) -> None:
    async with house(admin_key=None) as orbion:
        answer = await orbion.client.request(method, path, headers=OPERATOR, json=TASK)
        assert answer.status_code == 403
        assert "ORBION_ADMIN_KEY" in answer.json()["detail"]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_a_wrong_key_is_a_401_and_changes_nothing(
    orbion: House, method: str, path: str
) -> None:
    for headers in ({}, {"authorization": "Bearer wrong"}, {"x-api-key": "wrong"}):
        answer = await orbion.client.request(method, path, headers=headers, json=TASK)
        assert answer.status_code == 401
    assert orbion.desk.changes == []


async def test_whoever_guesses_is_slowed_down_and_forgiven_later(orbion: House) -> None:
    path = "/admin/conversations"
    for _ in range(3):
        assert (await orbion.client.get(path)).status_code == 401
    slowed = await orbion.client.get(path, headers=OPERATOR)
    assert (slowed.status_code, slowed.headers["retry-after"]) == (429, "20")
    orbion.clock.seconds += 20
    assert (await orbion.client.get(path, headers=OPERATOR)).status_code == 200


async def test_an_operator_sees_the_rate_and_is_held_to_it(orbion: House) -> None:
    answers = [await orbion.client.get("/admin/dead", headers=OPERATOR) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[0].headers["ratelimit-policy"] == '"address";q=5;w=60, "key";q=8;w=60'
    assert answers[0].headers["ratelimit"] == '"address";r=4;t=12, "key";r=7;t=8'
    assert answers[5].headers["ratelimit"] == '"address";r=0;t=60'
    assert answers[5].headers["retry-after"] == "12"
    assert answers[5].json() == {
        "detail": "too many requests from this address: 5 a minute are allowed, wait 12 s",
        "limit": "address",
        "allowed": 5,
        "seconds": 60,
        "retry_after": 12,
    }


async def test_one_key_is_held_to_its_rate_from_whatever_address(orbion: House) -> None:
    seen = []
    for number in range(12):
        transport = httpx.ASGITransport(app=orbion.app, client=(f"10.0.0.{number}", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://orbion") as client:
            seen.append(await client.get("/admin/dead", headers=OPERATOR))
    assert [answer.status_code for answer in seen] == [200] * 8 + [429] * 4
    assert seen[8].json()["limit"] == "key"


async def test_whoever_reads_metrics_and_health_is_never_refused_for_asking_often() -> None:
    async with house(observer_key="observer") as orbion:
        for path in ("/metrics", "/health/detailed", "/health", "/health/live", "/health/ready"):
            for _ in range(30):
                answer = await orbion.client.get(path, headers={"x-api-key": "observer"})
                assert answer.status_code != 429


async def test_a_guesser_cannot_try_the_admin_key_by_way_of_the_metrics() -> None:
    async with house(observer_key="observer") as orbion:
        tries = [await orbion.client.get("/metrics", headers={"x-api-key": "x"}) for _ in range(4)]
        assert [answer.status_code for answer in tries] == [401] * 3 + [429]
        assert tries[3].json()["limit"] == "failures"
        assert (await orbion.client.get("/metrics", headers=OPERATOR)).status_code == 429
        honest = await orbion.client.get("/metrics", headers={"x-api-key": "observer"})
        assert honest.status_code == 200


async def test_lists_are_pages_that_name_the_next(orbion: House) -> None:
    orbion.desk.lines = [line(number) for number in (5, 4, 3)]
    first = (await orbion.client.get("/admin/conversations?limit=2", headers=OPERATOR)).json()
    assert ([item["id"] for item in first["items"]], first["next"]) == ([5, 4], 4)
    path = f"/admin/conversations?limit=2&before={first['next']}"
    second = (await orbion.client.get(path, headers=OPERATOR)).json()
    assert ([item["id"] for item in second["items"]], second["next"]) == ([3], None)


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "before=x", "before=0"])
async def test_a_bad_page_is_a_422(orbion: House, query: str) -> None:
    answer = await orbion.client.get(f"/admin/conversations?{query}", headers=OPERATOR)
    assert answer.status_code == 422


async def test_a_conversation_is_shown_whole(orbion: House) -> None:
    shown = (await orbion.client.get("/admin/conversations/1", headers=OPERATOR)).json()
    assert (shown["conversation"]["mode"], shown["messages"]) == ("bot", [])
    missing = await orbion.client.get("/admin/conversations/2", headers=OPERATOR)
    assert missing.status_code == 404


async def test_a_person_takes_over_and_gives_back(orbion: House) -> None:
    turns = (
        ("takeover", Mode.HUMAN, ModeReason.OPERATOR),
        ("release", Mode.BOT, None),
    )
    for verb, mode, reason in turns:
        path = f"/admin/conversations/1/{verb}"
        answer = await orbion.client.post(path, headers=OPERATOR)
        assert answer.json() == {"id": 1, "mode": mode.value}
        assert orbion.desk.changes.pop() == (1, mode, reason, "admin")
    missing = await orbion.client.post("/admin/conversations/9/takeover", headers=OPERATOR)
    assert missing.status_code == 404


async def test_a_dead_letter_is_queued_again_or_discarded(orbion: House) -> None:
    orbion.desk.dead = [DEAD]
    listed = (await orbion.client.get("/admin/dead?limit=1", headers=OPERATOR)).json()
    assert (listed["items"][0]["key"], listed["next"]) == ("a/b 1", 50)
    for verb in ("requeue", "discard"):
        path = f"/admin/dead/{verb}"
        answer = await orbion.client.post(path, headers=OPERATOR, json=TASK)
        assert answer.status_code == 200
        assert orbion.desk.changes.pop() == (verb, Queue.IN, "a/b 1", 4, "admin")
        other = await orbion.client.post(path, headers=OPERATOR, json={**TASK, "seq": 5})
        assert other.status_code == 404


async def test_a_dead_letter_that_was_done_meanwhile_is_done_again_only_by_force(
    orbion: House,
) -> None:
    orbion.desk.dead = [replace(DEAD, redriven_at=60)]
    path = "/admin/dead/requeue"
    refused = await orbion.client.post(path, headers=OPERATOR, json=TASK)
    assert (refused.status_code, "force" in refused.json()["detail"]) == (409, True)
    forced = await orbion.client.post(path, headers=OPERATOR, json=TASK | {"force": True})
    assert forced.json() == {"requeued": True}


async def test_a_kept_webhook_is_replayed_once_it_can_be_read(orbion: House) -> None:
    good = json.dumps(upsert({"conversation": "oi"})).encode()
    orbion.desk.set_aside = [kept(3, good), kept(2, b"\xff no"), kept(1, good, "replayed")]
    listed = (await orbion.client.get("/admin/quarantine", headers=OPERATOR)).json()
    assert [item["id"] for item in listed["items"]] == [3, 2, 1]
    statuses = {}
    for number in (3, 2, 1, 4):
        path = f"/admin/quarantine/{number}/replay"
        statuses[number] = (await orbion.client.post(path, headers=OPERATOR)).status_code
        orbion.clock.seconds += 60
    assert statuses == {3: 200, 2: 409, 1: 409, 4: 404}
    assert orbion.desk.changes == [("end", 3, "replayed", "admin")]
    assert len(orbion.inbox.events) == 1
    path = "/admin/quarantine/1/replay?force=true"
    again = await orbion.client.post(path, headers=OPERATOR)
    assert again.json() == {"replayed": True, "outcomes": ["duplicate"]}


async def test_a_kept_webhook_is_discarded(orbion: House) -> None:
    orbion.desk.set_aside = [kept(3, b"x")]
    path = "/admin/quarantine/{}/discard"
    done = await orbion.client.post(path.format(3), headers=OPERATOR)
    missing = await orbion.client.post(path.format(4), headers=OPERATOR)
    assert (done.status_code, missing.status_code) == (200, 404)


async def test_a_store_that_is_down_is_a_503(orbion: House) -> None:
    orbion.desk.fault = UnavailableError(FaultCode.DB_DOWN, "down", retry_after=3.0)
    answer = await orbion.client.get("/admin/conversations", headers=OPERATOR)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/admin/", "/health/"])
async def test_nothing_else_is_served(orbion: House, path: str) -> None:
    assert (await orbion.client.get(path, headers=OPERATOR)).status_code == 404


async def test_operators_see_how_each_number_is_connected(orbion: House) -> None:
    orbion.desk.accounts.append(
        AccountLine(
            id="loja",
            business="sol",
            channel="evolution",
            state="close",
            reason="401",
            state_at=50,
            opened_at=10,
        )
    )
    answer = await orbion.client.get("/admin/accounts", headers=OPERATOR)
    assert answer.json() == {
        "items": [
            {
                "id": "loja",
                "business": "sol",
                "channel": "evolution",
                "state": "close",
                "reason": "401",
                "state_at": 50,
                "opened_at": 10,
            }
        ]
    }
