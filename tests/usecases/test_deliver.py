"""A bubble is sent effectively once: paced, typed, settled, and looked for when in doubt."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, fields, replace

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
    UnknownOutcomeError,
)
from orbion.domain.lanes import Queue
from orbion.domain.outbox import SendReceipt, SentRecord
from orbion.kit.limiter import Rate, TokenBuckets
from orbion.telemetry.metrics import Metrics
from orbion.usecases.deliver import Deliver, DeliveryPolicy
from tests.contract.scenes import answer, begin_send, claim_one, column, receive, rows
from tests.support.stores import HandClock, echo, hello
from tests.usecases.stage import HighDice, ScriptedChannel, counted, due

MARIA = "5511900000001@s.whatsapp.net"
LOST = UnknownOutcomeError(FaultCode.WHATSAPP_UNKNOWN_OUTCOME, "no answer")
DOWN = UnavailableError(FaultCode.WHATSAPP_UNREACHABLE, "no connection", retry_after=7.0)


@dataclass(slots=True)
class Post:
    """The use case on a real store, between a scripted gateway and the test's own clock."""

    store: DbStore
    clock: HandClock
    policy: DeliveryPolicy = field(default_factory=lambda: DeliveryPolicy(characters_per_second=0))
    rate: Rate = field(default_factory=lambda: Rate(100, 1.0))
    channel: ScriptedChannel = field(default_factory=ScriptedChannel)
    metrics: Metrics = field(default_factory=Metrics)
    woken: list[Queue] = field(default_factory=list)
    made: list[Deliver] = field(default_factory=list)

    async def work(self) -> None:
        """Claim what is due and deliver it."""
        if not self.made:
            self.made.append(self._make())
        await self.made[0](await claim_one(self.store, Queue.OUT))

    async def queue(self, *texts: str, number: int = 1) -> None:
        await receive(self.store, hello(number))
        await answer(self.store, *texts)

    def outcomes(self, *words: str) -> list[float]:
        return [counted(self.metrics, "outbound_total", word) for word in words]

    def resolved(self, how: str) -> float:
        return counted(self.metrics, "outbound_ambiguous_total", how)

    def _make(self) -> Deliver:
        return Deliver(
            outbox=self.store,
            lanes=self.store,
            channels={"loja": self.channel},
            pacing=TokenBuckets([self.rate], clock=self.clock),
            policy=self.policy,
            clock=self.clock,
            random=HighDice(),
            metrics=self.metrics,
            wake=self.woken.append,
        )


@pytest.fixture
def post(sqlite_store: DbStore, clock: HandClock) -> Post:
    return Post(sqlite_store, clock)


async def settled(post: Post) -> list[tuple[object, ...]]:
    return list(await rows(post.store, OUTBOX.c.state, OUTBOX.c.error, OUTBOX.c.provider_id))


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


# Looking


async def in_doubt(post: Post, text: str = "oi") -> None:
    """Send once without an answer, and wait until it is time to look."""
    await post.queue(text)
    post.channel.answers.append(LOST)
    await post.work()
    post.clock.pass_(2)


def remembered(post: Post, provider_id: str, text: str = "oi") -> SentRecord:
    return SentRecord(provider_id=provider_id, text=text, sent_at=post.clock.now())


async def test_a_send_that_the_gateway_remembers_is_sent(post: Post) -> None:
    queued_at = post.clock.now()
    await in_doubt(post)
    post.channel.remembers = [remembered(post, "X", "outra"), remembered(post, "WA7")]
    await post.work()
    assert await settled(post) == [("sent", None, "WA7")]
    assert post.channel.sent == ["oi"]
    assert post.channel.looked == [(MARIA, queued_at - 60_000, post.clock.now() + 60_000)]
    assert post.resolved("found") == 1
    assert post.outcomes("unknown", "sent") == [1, 1]


async def test_until_the_gateway_has_had_its_time_it_is_only_asked_again(post: Post) -> None:
    await in_doubt(post)
    await post.work()
    assert await settled(post) == [("unknown", "whatsapp.unknown_outcome", None)]
    assert await due(post.store, Queue.OUT) == post.clock.now() + 2_000
    assert post.resolved("not_found") == 0


async def test_after_its_time_what_the_gateway_does_not_know_is_sent_again(post: Post) -> None:
    await in_doubt(post)
    post.clock.pass_(38)
    await post.work()
    assert await settled(post) == [("pending", "not_found", None)]
    assert post.resolved("not_found") == 1
    await post.work()
    assert post.channel.sent == ["oi", "oi"]
    assert await column(post.store, OUTBOX.c.state) == ["sent"]


@pytest.mark.parametrize(
    "error", [DOWN, LOST, RefusedError(FaultCode.WHATSAPP_REFUSED, "not found")]
)
async def test_a_gateway_that_cannot_be_asked_leaves_it_unknown(
    error: UnavailableError | UnknownOutcomeError | RefusedError, post: Post
) -> None:
    await in_doubt(post)
    post.clock.pass_(3_600)
    post.channel.remembers = error
    await post.work()
    assert await settled(post) == [("unknown", error.code, None)]
    assert await due(post.store, Queue.OUT) == post.clock.now() + 2_000
    assert post.resolved("unreachable") == 1
    assert post.channel.sent == ["oi"]


async def test_a_record_that_is_another_bubbles_proves_nothing(post: Post) -> None:
    await post.queue("oi", "oi")
    await post.work()
    post.channel.answers.append(LOST)
    await post.work()
    post.clock.pass_(40)
    post.channel.remembers = [remembered(post, "WA1")]
    await post.work()
    assert await settled(post) == [("sent", None, "WA1"), ("pending", "not_found", None)]


async def test_a_record_that_is_a_persons_proves_nothing(post: Post) -> None:
    await receive(post.store, hello(1))
    words = echo("oi", number=5, by_api=False)
    await receive(post.store, words)
    await post.store.set_mode(1, Mode.BOT, None, "test")
    await answer(post.store, "oi")
    post.channel.answers.append(LOST)
    await post.work()
    post.clock.pass_(40)
    post.channel.remembers = [remembered(post, words.provider_id)]
    await post.work()
    assert await settled(post) == [("pending", "not_found", None)]


class Hasty(DbStore):
    """Reads the owners of ids in the moment before another row takes one."""

    async def claimed_ids(self, account: str, provider_ids: object) -> frozenset[str]:
        assert (account, provider_ids) == ("loja", ["WA1"])
        return frozenset()


async def test_a_record_that_another_row_took_meanwhile_proves_nothing(post: Post) -> None:
    await post.queue("oi", "oi")
    await post.work()
    post.channel.answers.append(LOST)
    await post.work()
    post.clock.pass_(2)
    post.channel.remembers = [remembered(post, "WA1")]
    hasty = Hasty(**{each.name: getattr(post.store, each.name) for each in fields(post.store)})
    post.made = [replace(post.made[0], outbox=hasty)]
    await post.work()
    assert await settled(post) == [("sent", None, "WA1"), ("unknown", "conflict", None)]
    assert post.resolved("found") == 0


async def test_a_bubble_whose_sender_died_is_looked_for_and_neither_typed_nor_sent(
    post: Post,
) -> None:
    await post.queue("oi")
    await begin_send(post.store)
    post.clock.pass_(16)
    post.channel.remembers = [remembered(post, "WA9")]
    post.policy = DeliveryPolicy()
    await post.work()
    assert post.channel.happened == []
    assert await settled(post) == [("sent", None, "WA9")]


async def test_an_echo_proves_a_bubble_that_waits_to_be_sent_again(post: Post) -> None:
    await post.queue("oi")
    post.channel.answers.append(DOWN)
    await post.work()
    proof = echo("oi", number=3)
    await receive(post.store, proof)
    post.clock.pass_(7)
    await post.work()
    assert post.channel.sent == ["oi"]
    assert (await settled(post))[0][::2] == ("sent", proof.provider_id)
    assert post.outcomes("whatsapp.unreachable", "sent") == [1, 1]


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
