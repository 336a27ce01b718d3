"""People can take part in a running simulation."""

import json
from collections.abc import AsyncGenerator, Mapping
from random import Random

import httpx
import pytest

from orbion.domain.errors import UnavailableError
from orbion.simulators.captured import captured, post
from orbion.simulators.control import Control, Said, Talk
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Instance, Webhook
from orbion.simulators.visitor import Visitor
from scripts.documents import WEBHOOKS, captured_webhooks
from tests.unit.simulators.gateway import KEY, QUIET

PHONE = "5511900000042"
NOW = 1_800_000_000_000


class Stand:
    """A gateway, what is said there, and a door to it."""

    def __init__(self, status: int = 200) -> None:
        self.heard: list[Said] = []
        self.now = NOW
        self.status = status
        self.talk = Talk(instance="loja", now=lambda: self.now, on_said=self.heard.append)
        self.gateway = EvolutionSimulator(
            [Instance(name="loja", token="t", webhook=Webhook(url="http://orbion/"))],
            api_key=KEY,
            random=Random(1),
            now=lambda: self.now,
            faults=QUIET,
            deliver=self.talk.overheard(self._deliver),
        )
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=Control(self.gateway, self.talk)),
            base_url="http://sim",
            headers={"apikey": KEY},
        )

    async def _deliver(self, _url: str, _headers: Mapping[str, str], _body: bytes) -> int:
        return self.status

    def visitor(self) -> Visitor:
        return Visitor(self.http, "http://sim/", phone=PHONE, name="Ana")


@pytest.fixture
async def stand() -> AsyncGenerator[Stand]:
    opened = Stand()
    yield opened
    opened.gateway.close()
    await opened.http.aclose()


async def test_a_visitor_is_heard_and_hears_only_what_is_new_and_hers(stand: Stand) -> None:
    visitor = stand.visitor()
    stand.gateway.customer_says("loja", PHONE, "antes", name="Ana")
    stand.gateway.customer_says("loja", "5511900000043", "outra", name="Bia")
    await stand.gateway.drained()
    await visitor.arrive()
    await visitor.say("oi")
    await stand.gateway.drained()
    heard = await visitor.hear()
    assert [(said.name, said.text, said.by_bot) for said in heard.said] == [("Ana", "oi", False)]
    assert not heard.typing
    assert (await visitor.hear()).said == ()
    assert [said.text for said in stand.heard] == ["antes", "outra", "oi"]


async def test_the_bot_s_typing_is_seen_until_it_wrote(stand: Stand) -> None:
    visitor = stand.visitor()
    await visitor.say("oi")
    await stand.gateway.drained()
    typing = {"number": PHONE, "presence": "composing", "delay": 0}
    await stand.http.post("/chat/sendPresence/loja", json=typing)
    assert not (await visitor.hear()).typing
    stand.talk.typing_until[PHONE] = NOW + 1
    assert (await visitor.hear()).typing
    stand.now += 1
    assert not (await visitor.hear()).typing


async def test_a_message_that_was_not_taken_was_not_said() -> None:
    stand = Stand(status=401)
    await stand.visitor().say("oi")
    await stand.gateway.drained()
    assert stand.heard == []
    await stand.http.aclose()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/_sim/say", b"{", 400),
        ("POST", "/_sim/say", b'{"phone":"1","text":"a","more":1}', 400),
        ("GET", "/_sim/nothing", b"", 404),
        ("GET", "/_sim/journal?after=many", b"", 200),
        ("GET", "/instance/connectionState/loja", b"", 200),
        ("POST", "/chat/sendPresence/loja", b"[]", 400),
    ],
)
async def test_the_door_answers_whatever_comes(
    stand: Stand, method: str, path: str, body: bytes, status: int
) -> None:
    answer = await stand.http.request(method, path, content=body)
    assert answer.status_code == status


async def test_a_visitor_at_the_wrong_door_is_told_so(stand: Stand) -> None:
    with pytest.raises(UnavailableError, match="orbion demo"):
        await Visitor(stand.http, "http://sim/else", phone=PHONE, name="Ana").say("oi")


def test_the_wheel_carries_every_captured_webhook_and_not_too_much() -> None:
    text = captured_webhooks()
    assert [each.name for each in captured(NOW)] == sorted(
        path.stem for path in WEBHOOKS.glob("*.json")
    )
    assert len(text.encode()) < 300_000


def test_the_newest_captured_message_is_of_now_and_the_old_one_stays_old() -> None:
    bodies = {each.name: json.loads(each.body)["data"] for each in captured(NOW)}
    times = {
        name: data["messageTimestamp"] * 1000
        for name, data in bodies.items()
        if isinstance(data, dict) and "messageTimestamp" in data
    }
    assert max(times.values()) == NOW
    assert NOW - times["sim_in_append_old__messages.upsert"] > 3_600_000


async def test_a_captured_webhook_is_posted_to_its_instance_with_our_credential() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    first = next(captured(NOW))
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        assert await post(client, "http://orbion", first, {"authorization": "Bearer x"}) == 200
    assert str(seen[0].url) == f"http://orbion/webhooks/evolution/{first.instance}"
    assert seen[0].headers["authorization"] == "Bearer x"
    assert seen[0].content == first.body
