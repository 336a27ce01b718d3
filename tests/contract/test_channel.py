"""What every channel promises its callers, run on each of them against its simulated gateway."""

import json
import random
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from orbion.adapters.channels.evolution import EvolutionChannel, SendTimeouts
from orbion.adapters.guarded import GuardedChannel, judge
from orbion.adapters.http import build_client
from orbion.domain.errors import (
    FaultCode,
    OrbionError,
    RefusedError,
    RejectedError,
    UnavailableError,
    UnknownOutcomeError,
)
from orbion.domain.events import MessageEchoed, MessageReceived, WebhookRequest
from orbion.domain.outbox import SentRecord
from orbion.domain.outgoing import (
    Choices,
    ContactCard,
    Location,
    Media,
    Outgoing,
    Reaction,
    Text,
    VoiceNote,
    is_same,
)
from orbion.kit.breaker import Breaker, BreakerPolicy
from orbion.kit.clock import SystemClock
from orbion.kit.concurrency import AdaptiveLimit
from orbion.kit.guard import Guard
from orbion.ports import Channel
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Socket
from orbion.simulators.faults import SendFault
from orbion.simulators.virtual import now, virtually
from tests.support.pace import at_will
from tests.unit.simulators.gateway import JID, KEY, PHONE, Receiver, gateway

SECRET = "static-secret"
HOURS = 3_600_000
KINDS = (
    Text(text="oi"),
    Media(
        medium="document",
        source="https://x.test/a.pdf",
        mimetype="application/pdf",
        file_name="a.pdf",
    ),
    VoiceNote(source="https://x.test/a.ogg"),
    Location(latitude=-23.5, longitude=-46.6, name="Loja", address="Rua 1"),
    Reaction(emoji="👍", target="3A01"),
    ContactCard(name="Ana", phone="5511900000002"),
    Choices(question="Qual?", options=("Manhã", "Tarde")),
)


@dataclass
class World:
    """A channel and what stands behind it."""

    channel: Channel
    simulator: EvolutionSimulator
    receiver: Receiver


def said(text: str) -> Outgoing:
    return Outgoing(content=Text(text=text), message_id="3EB0000000000000000001")


Build = Callable[[EvolutionSimulator, str], Channel]


def evolution(simulator: EvolutionSimulator, api_key: str = KEY) -> Channel:
    return EvolutionChannel(
        build_client(transport=httpx.ASGITransport(app=simulator)),
        base_url="http://evolution/",
        instance="bail",
        api_key=api_key,
        secrets=[SECRET],
        now=now,
        timeouts=SendTimeouts(text=30.0, file=50.0),
    )


def guarded(simulator: EvolutionSimulator, api_key: str = KEY) -> Channel:
    clock = SystemClock()
    breaker = Breaker(
        "whatsapp",
        policy=BreakerPolicy(),
        clock=clock,
        random=random.Random(1),
        on_change=lambda _: None,
    )
    guard = Guard(
        "whatsapp",
        breaker=breaker,
        limit=AdaptiveLimit(),
        clock=clock,
        timeout=120.0,
        judge=judge,
        observe=lambda *_: None,
    )
    return GuardedChannel(evolution(simulator, api_key), guard, at_will())


@pytest.fixture(params=[evolution, guarded], ids=["evolution", "guarded"])
def build(request: pytest.FixtureRequest) -> Build:
    made: Build = request.param
    return made


def run(
    build: Build, scenario: Callable[[World], Coroutine[Any, Any, None]], *, api_key: str = KEY
) -> None:
    async def whole() -> None:
        receiver = Receiver()
        simulator = gateway(receiver)
        await scenario(World(build(simulator, api_key), simulator, receiver))
        simulator.close()

    virtually(whole)


def test_a_send_returns_the_gateways_id_and_the_address_it_used(build: Build) -> None:
    async def scenario(world: World) -> None:
        receipt = await world.channel.send(JID, said("Olá!"))
        (accepted,) = world.simulator.journal
        assert (receipt.provider_id, receipt.address) == (accepted.id, JID)
        assert accepted.text == "Olá!"

    run(build, scenario)


def test_nul_never_reaches_the_gateway(build: Build) -> None:
    async def scenario(world: World) -> None:
        await world.channel.send(JID, said("a\0b"))
        assert world.simulator.journal[0].text == "ab"

    run(build, scenario)


@pytest.mark.parametrize(
    ("fault", "kind", "accepted"),
    [
        (SendFault.RATE_LIMITED, UnavailableError, 0),
        (SendFault.ERROR_500_BEFORE, UnavailableError, 0),
        (SendFault.ERROR_400_BEFORE, UnknownOutcomeError, 0),
        (SendFault.RESET_BEFORE, UnknownOutcomeError, 0),
        (SendFault.HANG_BEFORE, UnknownOutcomeError, 0),
        (SendFault.ERROR_500_AFTER, UnknownOutcomeError, 1),
        (SendFault.ERROR_400_AFTER, UnknownOutcomeError, 1),
        (SendFault.RESET_AFTER, UnknownOutcomeError, 1),
        (SendFault.HANG_AFTER, UnknownOutcomeError, 1),
        (SendFault.TRUNCATED, UnknownOutcomeError, 1),
        (SendFault.HIDDEN, UnknownOutcomeError, 1),
    ],
)
def test_only_a_send_that_provably_did_not_happen_may_be_repeated(
    build: Build, fault: SendFault, kind: type[OrbionError], accepted: int
) -> None:
    async def scenario(world: World) -> None:
        world.simulator.script.append(fault)
        with pytest.raises(kind):
            await world.channel.send(JID, said("oi"))
        assert len(world.simulator.journal) == accepted

    run(build, scenario)


def test_a_number_without_whatsapp_is_refused_for_good(build: Build) -> None:
    async def scenario(world: World) -> None:
        world.simulator.instances["bail"].absent.add("5511911112222")
        with pytest.raises(RefusedError) as refused:
            await world.channel.send("5511911112222@s.whatsapp.net", said("oi"))
        assert refused.value.code is FaultCode.WHATSAPP_NUMBER_INVALID

    run(build, scenario)


def test_a_closed_socket_means_not_sent(build: Build) -> None:
    async def scenario(world: World) -> None:
        world.simulator.instances["bail"].socket = Socket.CLOSED
        with pytest.raises(UnavailableError) as later:
            await world.channel.send(JID, said("oi"))
        assert later.value.code is FaultCode.WHATSAPP_DISCONNECTED
        assert not world.simulator.journal

    run(build, scenario)


def test_a_wrong_api_key_is_an_operators_matter(build: Build) -> None:
    async def scenario(world: World) -> None:
        with pytest.raises(UnavailableError) as later:
            await world.channel.send(JID, said("oi"))
        assert later.value.code is FaultCode.WHATSAPP_AUTH
        assert later.value.retry_after >= 60

    run(build, scenario, api_key="wrong")


async def look(
    world: World, *addresses: str, hours_ago: int = 0, message_id: str = "3EB0F00D"
) -> Sequence[SentRecord]:
    """Look for what was sent within an hour of that time."""
    middle = now() - hours_ago * HOURS
    return await world.channel.find_sent(
        addresses, since=middle - HOURS, until=middle + HOURS, message_id=message_id
    )


def test_what_was_sent_is_found_again_and_what_the_customer_wrote_is_not(build: Build) -> None:
    async def scenario(world: World) -> None:
        world.simulator.customer_says("bail", PHONE, "segunda")
        sent = []
        for text in ("primeira", "segunda"):
            sent.append(await world.channel.send(JID, said(text)))
            world.simulator.customer_says("bail", PHONE, "ok")
        await world.simulator.drained()
        found = await look(world, JID)
        assert {record.provider_id for record in found} == {each.provider_id for each in sent}
        assert {record.text for record in found} == {"primeira", "segunda"}
        assert await look(world, JID, hours_ago=3) == []

    run(build, scenario)


def test_a_send_whose_number_the_gateway_respelt_is_found_too(build: Build) -> None:
    async def scenario(world: World) -> None:
        world.simulator.instances["bail"].known.add("553188887777@s.whatsapp.net")
        address = "5531988887777@s.whatsapp.net"
        receipt = await world.channel.send(address, said("oi"))
        assert receipt.address == "553188887777@s.whatsapp.net"
        found = await look(world, address)
        assert [record.provider_id for record in found] == [receipt.provider_id]

    run(build, scenario)


def test_a_send_to_a_lid_that_was_stored_under_the_phone_is_found_under_either(
    build: Build,
) -> None:
    async def scenario(world: World) -> None:
        lid = "123456789012345@lid"
        world.simulator.instances["bail"].lids[lid] = JID
        receipt = await world.channel.send(lid, said("oi"))
        assert receipt.address == JID
        assert await look(world, lid) == []
        (found,) = await look(world, lid, JID)
        assert found.provider_id == receipt.provider_id

    run(build, scenario)


def test_the_id_that_we_proposed_is_found_wherever_the_message_lies(build: Build) -> None:
    async def scenario(world: World) -> None:
        world.simulator.instances["bail"].version = "2.4.0"
        proposed = "3EB0000000000000000009"
        await world.channel.send(JID, said("oi"))
        receipt = await world.channel.send(
            JID, Outgoing(content=Text(text="oi"), message_id=proposed)
        )
        assert receipt.provider_id == proposed
        (found,) = await look(world, "5511911112222@s.whatsapp.net", message_id=proposed)
        assert found.provider_id == proposed
        assert await look(world, JID, hours_ago=3, message_id=proposed) == []

    run(build, scenario)


def test_many_pages_are_read_newest_first(build: Build) -> None:
    async def scenario(world: World) -> None:
        for number in range(60):
            await world.channel.send(JID, said(f"n {number}"))
        found = await look(world, JID)
        times = [record.sent_at for record in found]
        assert len(found) == 60
        assert times == sorted(times, reverse=True)

    run(build, scenario)


def test_typing_returns_when_the_gateway_has_shown_it(build: Build) -> None:
    async def scenario(world: World) -> None:
        before = now()
        await world.channel.typing(JID, 1.5)
        assert 1500 <= now() - before < 2000

    run(build, scenario)


def test_every_kind_is_sent_and_recognised_among_what_was_sent(build: Build) -> None:
    async def scenario(world: World) -> None:
        sent = {}
        for content in KINDS:
            outgoing = Outgoing(content=content, message_id="3EB0000000000000000001")
            sent[(await world.channel.send(JID, outgoing)).provider_id] = content
        found = await look(world, JID)
        assert len(found) == len(KINDS)
        for record in found:
            assert [each for each in KINDS if is_same(each, record)] == [sent[record.provider_id]]

    run(build, scenario)


def test_a_quote_is_made_where_that_is_possible_and_left_out_elsewhere(build: Build) -> None:
    async def scenario(world: World) -> None:
        known = world.simulator.customer_says("bail", PHONE, "quanto custa?")
        gone = world.simulator.customer_says("bail", PHONE, "apaguei")
        world.simulator.revoke("bail", gone)
        for quoted in (known, gone, "NOPE"):
            await world.channel.send(JID, replace(said("R$ 10"), quoted_id=quoted))
        assert [accepted.quoted for accepted in world.simulator.journal] == [known, None, None]

    run(build, scenario)


def test_a_file_that_cannot_be_got_is_refused_for_good(build: Build) -> None:
    async def scenario(world: World) -> None:
        world.simulator.instances["bail"].missing_files.add("https://x.test/a.ogg")
        with pytest.raises(RefusedError) as refused:
            await world.channel.send(JID, replace(said(""), content=KINDS[2]))
        assert refused.value.code is FaultCode.WHATSAPP_MEDIA

    run(build, scenario)


@pytest.mark.parametrize(("content", "seconds"), [(0, 30.0), (1, 50.0)])
def test_a_file_has_more_time_than_a_text(build: Build, content: int, seconds: float) -> None:
    async def scenario(world: World) -> None:
        world.simulator.script.append(SendFault.HANG_AFTER)
        before = now()
        with pytest.raises(UnknownOutcomeError):
            await world.channel.send(JID, replace(said(""), content=KINDS[content]))
        assert (now() - before) / 1000 == pytest.approx(seconds, abs=0.1)

    run(build, scenario)


def test_messages_are_shown_as_read_in_one_call(build: Build) -> None:
    async def scenario(world: World) -> None:
        await world.channel.mark_read(JID, ["3A01", "3A02"])
        (read,) = world.simulator.reads
        assert (read.jid, read.ids) == (JID, ("3A01", "3A02"))

    run(build, scenario)


def test_webhooks_of_the_gateway_are_authentic_and_readable(build: Build) -> None:
    async def scenario(world: World) -> None:
        world.simulator.customer_says("bail", PHONE, "oi", name="Maria")
        world.simulator.person_says("bail", PHONE, "eu assumo")
        await world.simulator.drained()
        for headers, body in zip(world.receiver.headers, world.receiver.bodies, strict=True):
            lower = {name.lower(): value for name, value in headers.items()}
            world.channel.verify(WebhookRequest(headers=lower, tail=(), body=b""))
            with pytest.raises(RejectedError):
                world.channel.verify(WebhookRequest(headers={}, tail=(), body=b""))
            (event,) = world.channel.parse(json.dumps(body).encode())
            assert isinstance(event, MessageReceived | MessageEchoed)
        assert len(world.receiver.bodies) == 2

    run(build, scenario)
