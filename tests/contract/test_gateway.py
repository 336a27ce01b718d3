"""What every gateway promises those who care for an account, run against its simulator."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from orbion.adapters.channels.evolution_care import EvolutionGateway
from orbion.adapters.guarded import GuardedGateway
from orbion.adapters.http import build_client
from orbion.domain.errors import FaultCode, RefusedError, UnavailableError
from orbion.domain.events import ConnectionState
from orbion.domain.gateway_webhook import NEEDED, Webhook
from orbion.ports import Gateway
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Instance, Socket
from orbion.simulators.evolution_store import Webhook as Stored
from orbion.simulators.virtual import virtually
from tests.unit.channels.test_guarded import guard
from tests.unit.simulators.gateway import HOOK, KEY, Receiver, gateway, paired

WANTED = Webhook(
    url="https://orbion.example/webhooks/evolution/bail",
    enabled=True,
    by_events=False,
    base64=False,
    events=NEEDED,
    headers={"authorization": "Bearer novo-segredo"},
)


@dataclass
class World:
    """A gateway and the simulator behind it."""

    gateway: Gateway
    simulator: EvolutionSimulator

    @property
    def bail(self) -> Instance:
        return self.simulator.instances["bail"]


Build = Callable[[EvolutionSimulator, str], Gateway]
Scenario = Callable[[World], Coroutine[Any, Any, None]]


def plain(simulator: EvolutionSimulator, api_key: str) -> Gateway:
    return EvolutionGateway(
        build_client(transport=httpx.ASGITransport(app=simulator)),
        base_url="http://evolution/",
        instance="bail",
        api_key=api_key,
    )


def guarded(simulator: EvolutionSimulator, api_key: str) -> Gateway:
    return GuardedGateway(plain(simulator, api_key), guard(seconds=60.0))


@pytest.fixture(params=[plain, guarded], ids=["evolution", "guarded"])
def build(request: pytest.FixtureRequest) -> Build:
    made: Build = request.param
    return made


def run(build: Build, scenario: Scenario, *, api_key: str = KEY) -> None:
    async def whole() -> None:
        simulator = gateway(Receiver(), paired())
        await scenario(World(build(simulator, api_key), simulator))
        simulator.close()

    virtually(whole)


def test_the_connection_is_what_the_gateway_says(build: Build) -> None:
    async def scenario(world: World) -> None:
        assert await world.gateway.connection() is ConnectionState.OPEN
        world.simulator.connection("bail", "close", reason=401)
        assert await world.gateway.connection() is ConnectionState.CLOSE

    run(build, scenario)


def test_the_version_needs_neither_key_nor_licence(build: Build) -> None:
    async def scenario(world: World) -> None:
        world.simulator.licensed, world.simulator.version = False, "2.4.0-rc2"
        assert await world.gateway.version() == "2.4.0-rc2"

    run(build, scenario, api_key="errada")


@pytest.mark.parametrize(
    ("change", "api_key", "code"),
    [
        (lambda _: None, "errada", FaultCode.WHATSAPP_AUTH),
        (
            lambda simulator: simulator.instances.clear(),
            KEY,
            FaultCode.WHATSAPP_INSTANCE_MISSING,
        ),
        (
            lambda simulator: setattr(simulator, "licensed", False),
            KEY,
            FaultCode.WHATSAPP_UNLICENSED,
        ),
    ],
)
def test_what_a_person_must_change_first_has_a_code_of_its_own(
    build: Build, change: Callable[[EvolutionSimulator], None], api_key: str, code: FaultCode
) -> None:
    async def scenario(world: World) -> None:
        change(world.simulator)
        for call in (world.gateway.connection, world.gateway.webhook):
            with pytest.raises(UnavailableError) as refused:
                await call()
            assert refused.value.code is code
            if isinstance(world.gateway, GuardedGateway):
                break  # the first refused call has opened the circuit of the others

    run(build, scenario, api_key=api_key)


def test_an_instance_without_a_webhook_has_none(build: Build) -> None:
    async def scenario(world: World) -> None:
        world.bail.webhook = None
        assert await world.gateway.webhook() is None

    run(build, scenario)


@pytest.mark.parametrize(
    ("url", "headers", "carried"),
    [
        (HOOK, {"Authorization": "Bearer s"}, {"authorization": "Bearer s"}),
        (HOOK, {"jwt_key": "s", "X-A": "b"}, {"authorization": "Bearer s", "x-a": "b"}),
        ("http://u:p%40@orbion/x", {}, {"authorization": "Basic dTpwQA=="}),
    ],
)
def test_a_webhook_tells_what_it_will_carry(
    build: Build, url: str, headers: dict[str, str], carried: dict[str, str]
) -> None:
    async def scenario(world: World) -> None:
        world.bail.webhook = Stored(url=url, headers=headers, by_events=True, base64=True)
        found = await world.gateway.webhook()
        assert found is not None
        assert (found.url, found.headers) == (url, carried)
        assert (found.enabled, found.by_events, found.base64) == (True, True, True)
        assert found.events > NEEDED
        assert "Bearer" not in repr(found)
        assert "u:p" not in repr(found)

    run(build, scenario)


def test_what_is_set_is_what_is_found(build: Build) -> None:
    async def scenario(world: World) -> None:
        await world.gateway.set_webhook(WANTED)
        assert await world.gateway.webhook() == WANTED
        assert world.bail.webhook is not None
        assert world.bail.webhook.headers == {"authorization": "Bearer novo-segredo"}
        await world.gateway.set_webhook(replace(WANTED, headers={}))
        assert await world.gateway.webhook() == replace(WANTED, headers={})

    run(build, scenario)


def test_an_event_that_the_gateway_does_not_know_is_refused(build: Build) -> None:
    async def scenario(world: World) -> None:
        with pytest.raises(RefusedError):
            await world.gateway.set_webhook(replace(WANTED, events=frozenset({"NOPE"})))

    run(build, scenario)


def test_a_code_comes_and_changes_and_none_is_needed_once_connected(build: Build) -> None:
    async def scenario(world: World) -> None:
        world.bail.state, world.bail.socket = "close", Socket.UNPAIRED
        world.bail.pairing_code = "ABCD1234"
        first = await world.gateway.qr_code()
        assert first is not None
        assert (first.count, first.pairing_code) == (1, "ABCD1234")
        assert first.code.startswith("2@")
        assert first.code not in repr(first)
        await asyncio.sleep(20)
        second = await world.gateway.qr_code()
        assert second is not None
        assert (second.count, second.code == first.code) == (2, False)
        world.simulator.scan("bail")
        assert await world.gateway.qr_code() is None

    run(build, scenario)


def test_a_gateway_that_cannot_reach_whatsapp_has_no_code_yet(build: Build) -> None:
    async def scenario(world: World) -> None:
        world.bail.state, world.bail.socket, world.bail.offline = "close", Socket.UNPAIRED, True
        found = await world.gateway.qr_code()
        assert found is not None
        assert (found.count, found.code, found.pairing_code) == (0, "", None)

    run(build, scenario)


def test_an_unreachable_gateway_is_unavailable() -> None:
    async def scenario() -> None:
        def unreachable(_: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused")

        lost = EvolutionGateway(
            build_client(transport=httpx.MockTransport(unreachable)),
            base_url="http://evolution",
            instance="bail",
            api_key=KEY,
        )
        for call in (lost.connection, lost.version, lost.webhook, lost.qr_code):
            with pytest.raises(UnavailableError) as refused:
                await call()
            assert refused.value.code is FaultCode.WHATSAPP_UNREACHABLE

    virtually(scenario)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"version": 3}', b"oi"])
def test_a_root_of_another_program_tells_no_version(body: bytes) -> None:
    async def scenario() -> None:
        other = EvolutionGateway(
            build_client(
                transport=httpx.MockTransport(lambda _: httpx.Response(200, content=body))
            ),
            base_url="http://evolution",
            instance="bail",
            api_key=KEY,
        )
        with pytest.raises(UnavailableError):
            await other.version()
        if body != b"oi":
            assert await other.connection() is ConnectionState.UNKNOWN

    virtually(scenario)
