"""Bubbles of every kind from the turn to the wire: real store, real adapter, simulated gateway."""

import random
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

import httpx
import pytest

from orbion.adapters.channels.evolution import EvolutionChannel, SendTimeouts
from orbion.adapters.db.schema import CONVERSATION, OUTBOX
from orbion.adapters.db.store import DbStore
from orbion.adapters.http import build_client
from orbion.domain.lanes import Queue
from orbion.domain.outgoing import Content, Text
from orbion.domain.turns import Bubble, TurnResult, Verdict
from orbion.kit.limiter import Limiter, OwnPace, Rate
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Instance, Webhook
from orbion.simulators.faults import EvolutionFaults, SendFault
from orbion.telemetry.metrics import Metrics
from orbion.usecases.deliver import Deliver, DeliveryPolicy
from tests.contract.scenes import claim_one, column, decide, receive, rows
from tests.contract.test_outgoing import CONTENTS, saying
from tests.support.stores import HandClock, hello
from tests.usecases.stage import HighDice

PHONE = "5511900000001"
KEY = "chave"
TYPES = {
    "text": "conversation",
    "image": "imageMessage",
    "document": "documentMessage",
    "audio": "audioMessage",
    "location": "locationMessage",
    "reaction": "reactionMessage",
    "contact": "contactMessage",
    "choices": "conversation",
}
AFTER = [SendFault.ERROR_500_AFTER, SendFault.ERROR_400_AFTER, SendFault.RESET_AFTER]
QUIET = EvolutionFaults(latency_ms=(0, 0), echo_ms=(0, 0), statuses=())
UNRECORDED = EvolutionFaults(latency_ms=(0, 0), echo_ms=(0, 0), statuses=(), unrecorded=1.0)
UNHEARD = EvolutionFaults(latency_ms=(0, 0), echo_ms=(0, 0), statuses=(), unechoed=1.0)


@dataclass(slots=True)
class Shop:
    """One number whose webhooks reach the store; time passes only when told to."""

    store: DbStore
    clock: HandClock
    client: httpx.AsyncClient
    gateway: EvolutionSimulator
    deliver: Deliver
    outcomes: list[str] = field(default_factory=list)

    async def work(self) -> None:
        await self.deliver(await claim_one(self.store, Queue.OUT))
        await self.gateway.drained()

    async def decide(self, *contents: Content) -> None:
        await receive(self.store, hello(1))
        await decide(self.store, saying(*contents))

    async def states(self) -> list[object]:
        return await column(self.store, OUTBOX.c.state)


@pytest.fixture
async def shop(sqlite_store: DbStore, clock: HandClock) -> AsyncGenerator[Shop]:
    opened: list[Shop] = []

    async def hear(_url: str, _headers: Mapping[str, str], body: bytes) -> int:
        events = opened[0].deliver.channels["loja"].parse(body)
        opened[0].outcomes += await receive(sqlite_store, *events)
        return 200

    gateway = EvolutionSimulator(
        [Instance(name="loja", token="t", webhook=Webhook(url="http://orbion"))],
        api_key=KEY,
        random=random.Random(1),
        now=clock.now,
        faults=QUIET,
        deliver=hear,
    )
    async with build_client(transport=httpx.ASGITransport(app=gateway)) as client:
        channel = EvolutionChannel(
            client,
            base_url="http://gateway",
            instance="loja",
            api_key=KEY,
            secrets=["s"],
            now=clock.now,
            timeouts=SendTimeouts(text=5.0, file=5.0),
        )
        deliver = Deliver(
            outbox=sqlite_store,
            lanes=sqlite_store,
            channels={"loja": channel},
            pacing=OwnPace(Limiter([Rate(100, 1.0)], clock=clock)),
            policy=DeliveryPolicy(characters_per_second=0, send_timeout=5.0, file_timeout=60.0),
            clock=clock,
            random=HighDice(),
            metrics=Metrics(),
            wake=lambda _: None,
        )
        opened.append(Shop(sqlite_store, clock, client, gateway, deliver))
        yield opened[0]
        gateway.close()


@pytest.mark.parametrize("name", CONTENTS)
async def test_each_kind_reaches_the_customer_and_its_echo_is_ours(name: str, shop: Shop) -> None:
    await shop.decide(CONTENTS[name])
    await shop.work()
    (accepted,) = shop.gateway.journal
    assert (accepted.type, accepted.text) == (TYPES[name], CONTENTS[name].text)
    assert accepted.jid == f"{PHONE}@s.whatsapp.net"
    assert await rows(shop.store, OUTBOX.c.state, OUTBOX.c.provider_id) == [("sent", accepted.id)]
    assert shop.outcomes == ["echo"]
    assert [read.ids for read in shop.gateway.reads] == [(hello(1).provider_id,)]


@pytest.mark.parametrize("fault", AFTER)
@pytest.mark.parametrize("name", CONTENTS)
async def test_an_accept_that_only_the_gateway_remembers_is_found(
    name: str, fault: SendFault, shop: Shop
) -> None:
    shop.gateway.faults = UNHEARD
    shop.gateway.script.append(fault)
    await shop.decide(CONTENTS[name])
    await shop.work()
    assert await shop.states() == ["unknown"]
    shop.clock.pass_(2)
    await shop.work()
    assert await shop.states() == ["sent"]
    assert len(shop.gateway.journal) == 1


@pytest.mark.parametrize("name", CONTENTS)
async def test_an_accept_that_only_an_echo_told_of_is_not_sent_again(name: str, shop: Shop) -> None:
    shop.gateway.faults = UNRECORDED
    shop.gateway.script.append(SendFault.RESET_AFTER)
    await shop.decide(CONTENTS[name])
    await shop.work()
    shop.clock.pass_(2)
    await shop.work()
    assert await shop.states() == ["sent"]
    assert len(shop.gateway.journal) == 1
    assert await column(shop.store, CONVERSATION.c.mode) == ["bot"]


@pytest.mark.parametrize("name", CONTENTS)
async def test_a_send_that_never_happened_is_looked_for_and_then_made(
    name: str, shop: Shop
) -> None:
    shop.gateway.script.append(SendFault.RESET_BEFORE)
    await shop.decide(CONTENTS[name])
    await shop.work()
    shop.clock.pass_(71)  # the longest time-out and the grace
    await shop.work()
    assert shop.gateway.journal == []
    assert await shop.states() == ["pending"]
    await shop.work()
    assert await shop.states() == ["sent"]
    assert len(shop.gateway.journal) == 1


async def test_a_file_is_looked_for_as_long_as_its_send_may_take(shop: Shop) -> None:
    shop.gateway.script.append(SendFault.RESET_BEFORE)
    await shop.decide(CONTENTS["image"], Text(text="oi"))
    await shop.work()
    shop.clock.pass_(16)  # enough for a text
    await shop.work()
    assert (await shop.states())[0] == "unknown"
    shop.clock.pass_(60)
    await shop.work()
    assert (await shop.states())[0] == "pending"


@pytest.mark.parametrize(("version", "copies"), [("2.3.7", 2), ("2.4.0", 1)])
async def test_an_accept_that_nobody_could_know_of_is_repeated_only_before_2_4(
    version: str, copies: int, shop: Shop
) -> None:
    shop.gateway.instances["loja"].version = version
    shop.gateway.script.append(SendFault.HIDDEN)
    await shop.decide(Text(text="oi"))
    await shop.work()
    shop.clock.pass_(16)
    await shop.work()
    await shop.work()
    assert await shop.states() == ["sent"]
    assert len(shop.gateway.journal) == copies


async def test_two_equal_bubbles_in_doubt_are_told_apart_by_their_ids(shop: Shop) -> None:
    shop.gateway.instances["loja"].version = "2.4.0"
    shop.gateway.faults = UNHEARD
    shop.gateway.script.extend([SendFault.RESET_BEFORE, SendFault.RESET_AFTER])
    await shop.decide(Text(text="oi"), Text(text="oi"))
    await shop.work()
    shop.clock.pass_(16)
    await shop.work()
    for _ in range(3):
        await shop.work()
        shop.clock.pass_(2)
    assert await shop.states() == ["sent", "sent"]
    assert len({accepted.id for accepted in shop.gateway.journal}) == 2


async def late_answer(shop: Shop) -> str:
    """The customer writes, is answered, and writes again before the answer leaves."""
    key_id = shop.gateway.customer_says("loja", PHONE, "quanto custa?")
    await shop.gateway.drained()
    price = Bubble(text="R$ 10", answers=key_id)
    await decide(shop.store, TurnResult(verdict=Verdict.ANSWERED, bubbles=(price,)))
    shop.clock.pass_(7)
    shop.gateway.customer_says("loja", PHONE, "e tem garantia?")
    await shop.gateway.drained()
    return key_id


async def test_an_answer_that_another_message_came_before_quotes_its_question(shop: Shop) -> None:
    key_id = await late_answer(shop)
    await shop.work()
    (accepted,) = shop.gateway.journal
    assert (accepted.text, accepted.quoted) == ("R$ 10", key_id)


async def test_a_question_whose_deletion_is_not_known_here_is_answered_without_a_quote(
    shop: Shop,
) -> None:
    key_id = await late_answer(shop)
    shop.gateway.instances["loja"].webhook = None
    shop.gateway.revoke("loja", key_id)
    await shop.work()
    (accepted,) = shop.gateway.journal
    assert (accepted.text, accepted.quoted) == ("R$ 10", None)
    assert await shop.states() == ["sent"]


async def test_a_question_that_was_deleted_is_not_answered(shop: Shop) -> None:
    key_id = await late_answer(shop)
    shop.gateway.revoke("loja", key_id)
    await shop.gateway.drained()
    await shop.work()
    assert shop.gateway.journal == []
    assert await shop.states() == ["superseded"]


async def test_a_number_that_is_down_gets_nothing_twice(shop: Shop) -> None:
    shop.gateway.connection("loja", "close")
    await shop.decide(CONTENTS["image"])
    await shop.work()
    assert await rows(shop.store, OUTBOX.c.state, OUTBOX.c.error) == [("pending", None)]
    shop.gateway.connection("loja", "open")
    shop.clock.pass_(60)
    await shop.work()
    assert len(shop.gateway.journal) == 1
    assert await shop.states() == ["sent"]
