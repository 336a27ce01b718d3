"""A bubble is sent effectively once: paced, typed, settled or put off."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from orbion.adapters.db.outbox import TOO_OLD_MS
from orbion.adapters.db.schema import MESSAGE, OUTBOX
from orbion.adapters.db.store import DbStore
from orbion.domain.conversations import Mode
from orbion.domain.errors import (
    FaultCode,
    LeaseLostError,
    RefusedError,
    UnavailableError,
)
from orbion.domain.lanes import Queue
from orbion.domain.outbox import SendReceipt
from orbion.kit.limiter import Rate
from orbion.usecases.deliver import DeliveryPolicy
from tests.contract.scenes import claim_one, column, receive
from tests.support.stores import HandClock, echo
from tests.usecases.post import DOWN, LOST, MARIA, Busy, Post, settled
from tests.usecases.stage import counted, due


@pytest.fixture
def post(sqlite_store: DbStore, clock: HandClock) -> Post:
    return Post(sqlite_store, clock)


# Sending


async def test_an_accepted_bubble_is_settled_and_its_latency_measured(post: Post) -> None:
    await post.queue("oi")
    post.clock.pass_(3)
    await post.work()
    assert post.channel.happened == ["send oi"]
    assert await settled(post) == [("sent", None, "WA1")]
    assert post.outcomes("sent") == [1]
    assert counted(post.metrics, "reply_latency_seconds_sum") == 3
    assert post.woken == [Queue.OUT]
    assert await due(post.store, Queue.OUT) is None


async def test_two_bubbles_keep_their_order_when_the_first_must_wait(post: Post) -> None:
    await post.queue("um", "dois")
    post.channel.answers.append(DOWN)
    await post.work()
    assert (await post.store.claim(Queue.OUT, "w", 9)).claims == ()
    post.clock.pass_(7)
    await post.work()
    await post.work()
    assert post.channel.sent == ["um", "um", "dois"]
    assert await column(post.store, OUTBOX.c.state) == ["sent", "sent"]


async def test_over_its_pace_an_account_waits_without_an_attempt(post: Post) -> None:
    post.rate = Rate(1, 10.0)
    await post.queue("um", "dois")
    await post.work()
    await post.work()
    assert post.channel.sent == ["um"]
    assert await due(post.store, Queue.OUT) == post.clock.now() + 10_000
    post.clock.pass_(10)
    claim = await claim_one(post.store, Queue.OUT)
    assert claim.attempts == 1
    assert await column(post.store, OUTBOX.c.attempts) == [1, 0]


async def test_what_nothing_leaves_for_takes_no_pace(post: Post) -> None:
    post.rate = Rate(1, 3_600.0)
    await post.queue("oi")
    await receive(post.store, echo("Oi, aqui é o Pedro", by_api=False))
    await post.work()
    await post.store.set_mode(1, Mode.BOT, None, "test")
    await post.queue("olá", number=2)
    await post.work()
    assert post.channel.sent == ["olá"]
    assert post.outcomes("suppressed", "sent") == [1, 1]


# Typing


@pytest.mark.parametrize(
    ("text", "seconds"), [("oi", 0.01), ("o" * 200, 0.02), ("o" * 10_000, 0.04)]
)
async def test_typing_is_shown_for_as_long_as_a_person_needs(
    text: str, seconds: float, post: Post
) -> None:
    post.policy = DeliveryPolicy(characters_per_second=10_000, typing_least=0.01, typing_most=0.04)
    await post.queue(text)
    loop = asyncio.get_running_loop()
    started = loop.time()
    await post.work()
    assert post.channel.happened == ["typing", f"send {text}"]
    ((address, shown),) = post.channel.shown
    assert (address, shown) == (MARIA, seconds)
    assert loop.time() - started >= seconds * 0.9


async def test_a_person_who_writes_while_the_bot_types_is_not_talked_over(post: Post) -> None:
    post.policy = DeliveryPolicy(characters_per_second=1_000, typing_least=0.0)

    async def takeover() -> None:
        await receive(post.store, echo("Oi, aqui é o Pedro", by_api=False))

    post.channel.on_typing = takeover
    await post.queue("um", "dois")
    await post.work()
    await post.work()
    assert post.channel.happened == ["typing"]
    assert await column(post.store, OUTBOX.c.state) == ["suppressed", "suppressed"]
    assert post.outcomes("suppressed") == [2]


@pytest.mark.parametrize("error", [DOWN, RuntimeError("a bug")])
async def test_a_typing_that_fails_means_nothing(error: Exception, post: Post) -> None:
    post.policy = DeliveryPolicy(characters_per_second=1_000, typing_least=0.0)

    async def fail() -> None:
        raise error

    post.channel.on_typing = fail
    await post.queue("oi")
    await post.work()
    assert post.channel.sent == ["oi"]


# Errors of the gateway


async def test_what_was_not_accepted_waits_as_long_as_the_gateway_asks(post: Post) -> None:
    await post.queue("oi")
    post.channel.answers.append(DOWN)
    await post.work()
    assert await settled(post) == [("pending", "whatsapp.unreachable", None)]
    assert await due(post.store, Queue.OUT) == post.clock.now() + 7_000
    assert post.outcomes("whatsapp.unreachable", "sent") == [1, 0]


async def test_each_failed_attempt_may_wait_twice_as_long(post: Post) -> None:
    await post.queue("oi")
    soon = UnavailableError(FaultCode.WHATSAPP_RATE_LIMIT, "slow down", retry_after=0.5)
    waits = []
    for _ in range(4):
        post.channel.answers.append(soon)
        await post.work()
        at = await due(post.store, Queue.OUT)
        assert at is not None
        waits.append((at - post.clock.now()) / 1000)
        post.clock.pass_(waits[-1])
    assert waits == [1, 2, 4, 8]


async def test_a_refused_bubble_is_a_dead_letter_and_the_next_one_leaves(post: Post) -> None:
    await post.queue("um", "dois")
    post.channel.answers.append(RefusedError(FaultCode.WHATSAPP_NUMBER_INVALID, "no WhatsApp"))
    await post.work()
    await post.work()
    assert await column(post.store, OUTBOX.c.state) == ["dead", "sent"]
    (letter,) = await post.store.dead_letters(before=None, limit=9)
    assert (letter.queue, letter.error) == ("out", "whatsapp.number_invalid")
    assert counted(post.metrics, "dead_letters_total", "out", "whatsapp.number_invalid") == 1
    assert post.outcomes("whatsapp.number_invalid", "sent") == [1, 1]
    assert (await column(post.store, MESSAGE.c.outcome))[1:] == ["dead", "sent"]


@pytest.mark.parametrize(
    ("error", "code"),
    [(LOST, "whatsapp.unknown_outcome"), (ZeroDivisionError("a bug of ours"), "bug")],
)
async def test_whatever_may_have_been_accepted_is_looked_for_first(
    error: Exception, code: str, post: Post
) -> None:
    await post.queue("oi")
    post.channel.answers.append(error)
    await post.work()
    assert await settled(post) == [("unknown", code, None)]
    assert await due(post.store, Queue.OUT) == post.clock.now() + 2_000
    post.clock.pass_(2)
    await post.work()
    assert post.channel.sent == ["oi"]
    assert len(post.channel.looked) == 1
    assert post.outcomes("unknown", "sent") == [1, 0]


async def test_an_accept_under_another_rows_id_proves_nothing(post: Post) -> None:
    await post.queue("um", "dois")
    post.channel.answers = deque([SendReceipt(provider_id="WA1"), SendReceipt(provider_id="WA1")])
    await post.work()
    await post.work()
    assert await settled(post) == [("sent", None, "WA1"), ("unknown", "conflict", None)]
    assert post.outcomes("sent", "unknown") == [1, 1]


async def test_a_lost_lease_leaves_the_send_to_the_next_owner(post: Post) -> None:
    await post.queue("oi")

    async def sleep_over() -> None:
        post.clock.pass_(16)
        await claim_one(post.store, Queue.OUT, "w2")

    post.policy = DeliveryPolicy(characters_per_second=1_000, typing_least=0.0)
    post.channel.on_typing = sleep_over
    with pytest.raises(LeaseLostError):
        await post.work()
    assert post.channel.sent == []


async def assert_that_the_next_owner_sends_nothing(post: Post) -> None:
    with pytest.raises(LeaseLostError):
        await post.work()
    post.clock.pass_(16)
    await post.work()
    assert post.channel.sent == ["oi"]
    assert await settled(post) == [("sent", None, "WA1")]


async def test_an_accept_outlives_the_lease_of_its_sender(post: Post) -> None:
    await post.queue("oi")

    async def sleep_over() -> None:
        post.clock.pass_(16)
        await claim_one(post.store, Queue.OUT, "w2")

    post.channel.on_send = sleep_over
    await assert_that_the_next_owner_sends_nothing(post)


@pytest.fixture
def busy(post: Post) -> Busy:
    """Stands before the post's database."""
    between = Busy(post.store.db)
    post.store = replace(post.store, db=between)
    post.policy = DeliveryPolicy(characters_per_second=0, retry_base=0.0, send_timeout=0.3)
    return between


async def test_an_accept_outlives_a_database_that_is_busy(post: Post, busy: Busy) -> None:
    await post.queue("oi")

    async def grow_busy() -> None:
        busy.times = 3

    post.channel.on_send = grow_busy
    await post.work()
    assert (post.channel.sent, busy.times) == (["oi"], 0)
    assert await settled(post) == [("sent", None, "WA1")]


async def test_an_accept_outlives_both_its_lease_and_the_database(post: Post, busy: Busy) -> None:
    await post.queue("oi")

    async def lose_all() -> None:
        post.clock.pass_(16)
        await claim_one(post.store, Queue.OUT, "w2")
        busy.times = 2

    post.channel.on_send = lose_all
    await assert_that_the_next_owner_sends_nothing(post)


async def test_a_database_that_stays_away_leaves_the_send_in_doubt(post: Post, busy: Busy) -> None:
    await post.queue("oi")

    async def go_away() -> None:
        busy.times, busy.seconds = 1, post.policy.send_timeout + 1

    post.channel.on_send = go_away
    with pytest.raises(UnavailableError):
        await post.work()
    assert await settled(post) == [("sending", None, None)]


async def test_a_handler_that_is_cancelled_still_settles_what_was_accepted(post: Post) -> None:
    await post.queue("oi")
    working = asyncio.create_task(post.work())

    async def cancel_soon() -> None:
        asyncio.get_running_loop().call_soon(working.cancel)

    post.channel.on_send = cancel_soon
    with pytest.raises(asyncio.CancelledError):
        await working
    assert await settled(post) == [("sent", None, "WA1")]


# Skipping


async def take_over(post: Post) -> None:
    await receive(post.store, echo("Oi, aqui é o Pedro", by_api=False))


async def grow_old(post: Post) -> None:
    post.clock.pass_(TOO_OLD_MS / 1000 + 1)


@pytest.mark.parametrize(
    ("happens", "state"), [(take_over, "suppressed"), (grow_old, "superseded")]
)
async def test_what_must_not_leave_any_more_only_lets_the_lane_go_on(
    happens: Callable[[Post], Awaitable[None]], state: str, post: Post
) -> None:
    await post.queue("oi")
    await happens(post)
    await post.work()
    assert post.channel.sent == []
    assert await column(post.store, OUTBOX.c.state) == [state]
    assert post.outcomes(state) == [1]
    assert await due(post.store, Queue.OUT) is None
    assert post.woken == [Queue.OUT]
