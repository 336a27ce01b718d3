"""Receipts and typing look human, and nothing that goes wrong with them touches the answer."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from orbion.adapters.db.store import DbStore
from orbion.domain.conversations import Mode, ModeReason
from orbion.domain.outgoing import Reaction
from orbion.domain.turns import Bubble, TurnResult, Verdict
from orbion.usecases.deliver import DeliveryPolicy
from tests.contract.scenes import answer, decide, receive
from tests.support.stores import HandClock, echo, hello
from tests.usecases.post import DOWN, MARIA, Post, settled

SILENT = DeliveryPolicy(characters_per_second=0, courtesy=0.01)


@pytest.fixture
def post(sqlite_store: DbStore, clock: HandClock) -> Post:
    return Post(sqlite_store, clock, policy=SILENT)


async def test_what_an_answer_answers_is_shown_as_read_once_before_it_is_typed(post: Post) -> None:
    post.policy = DeliveryPolicy(characters_per_second=1_000, typing_least=0.0)

    async def note() -> None:
        post.channel.happened.append("read")

    post.channel.on_read = note
    await receive(post.store, hello(1), hello(2))
    await answer(post.store, "um", "dois")
    await post.work()
    await post.work()
    assert post.channel.happened == ["read", "typing", "send um", "typing", "send dois"]
    ((address, ids),) = post.channel.read
    assert (address, set(ids)) == (MARIA, {hello(1).provider_id, hello(2).provider_id})


async def test_without_typing_it_is_shown_as_read_all_the_same(post: Post) -> None:
    await post.queue("oi")
    await post.work()
    assert len(post.channel.read) == 1
    assert post.channel.sent == ["oi"]


async def test_receipts_can_be_switched_off(post: Post) -> None:
    post.policy = DeliveryPolicy(characters_per_second=0, read_receipts=False)
    await post.queue("oi")
    await post.work()
    assert post.channel.read == []
    assert post.channel.sent == ["oi"]


@pytest.mark.parametrize("error", [DOWN, RuntimeError("a bug")])
async def test_a_receipt_that_fails_means_nothing(error: Exception, post: Post) -> None:
    async def fail() -> None:
        raise error

    post.channel.on_read = fail
    await post.queue("oi")
    await post.work()
    assert await settled(post) == [("sent", None, "WA1")]
    assert post.outcomes("sent") == [1]


async def test_an_answer_waits_for_no_receipt_and_no_presence(post: Post) -> None:
    post.policy = DeliveryPolicy(characters_per_second=10_000, typing_least=0.0, courtesy=0.01)
    given_up: list[str] = []

    async def hang(what: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            given_up.append(f"{what} after {post.channel.sent}")

    post.channel.on_read = lambda: hang("read")
    post.channel.on_typing = lambda: hang("typing")
    await post.queue("oi")
    async with asyncio.timeout(5):
        await post.work()
    assert given_up == ["typing after []", "read after ['oi']"]
    assert await settled(post) == [("sent", None, "WA1")]


async def test_a_stopped_delivery_leaves_no_courtesy_behind(post: Post) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    post.policy = DeliveryPolicy(characters_per_second=1, typing_least=60.0, typing_most=60.0)
    post.channel.on_read = hang
    await post.queue("oi")
    work = asyncio.ensure_future(post.work())
    await began.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert ended.is_set()
    assert post.channel.sent == []


async def in_human_mode(post: Post) -> None:
    await post.store.set_mode(1, Mode.HUMAN, ModeReason.OPERATOR, "ana")


async def taken_over(post: Post) -> None:
    await receive(post.store, echo("Oi, aqui é o Pedro", by_api=False))


@pytest.mark.parametrize("happens", [in_human_mode, taken_over])
async def test_a_bot_that_must_be_quiet_shows_nothing(
    happens: Callable[[Post], Awaitable[None]], post: Post
) -> None:
    post.policy = DeliveryPolicy(characters_per_second=1_000, typing_least=0.0)
    await post.queue("oi")
    await happens(post)
    await post.work()
    assert post.channel.read == []
    assert post.channel.happened == []


async def test_nobody_types_a_reaction(post: Post) -> None:
    post.policy = DeliveryPolicy(characters_per_second=1_000, typing_least=0.0)
    await receive(post.store, hello(1))
    thumb = Bubble(content=Reaction(emoji="👍", target=hello(1).provider_id))
    await decide(post.store, TurnResult(verdict=Verdict.ANSWERED, bubbles=(thumb,)))
    await post.work()
    assert post.channel.happened == ["send 👍"]
