"""A send in doubt is looked for, and is sent again only when it is nowhere."""

from dataclasses import fields, replace

import pytest

from orbion.adapters.db.schema import MESSAGE, OUTBOX
from orbion.adapters.db.store import DbStore
from orbion.domain.conversations import Mode
from orbion.domain.errors import (
    FaultCode,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)
from orbion.domain.lanes import Queue
from orbion.domain.outbox import SentRecord
from orbion.domain.turns import TurnResult, Verdict
from orbion.usecases.deliver import DeliveryPolicy
from tests.contract.scenes import answer, begin_send, column, receive, take_turn
from tests.support.stores import HandClock, echo, hello
from tests.usecases.post import DOWN, LOST, MARIA, Post, settled
from tests.usecases.stage import due


@pytest.fixture
def post(sqlite_store: DbStore, clock: HandClock) -> Post:
    return Post(sqlite_store, clock)


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
    ((addresses, since, until),) = post.channel.looked
    assert addresses[0] == MARIA
    assert (since, until) == (queued_at - 60_000, post.clock.now() + 60_000)
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
    post.clock.pass_(43)
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


async def test_a_record_with_the_proposed_id_is_ours_whatever_it_says(post: Post) -> None:
    await in_doubt(post)
    proposed = post.channel.outgoing[0].message_id
    post.channel.remembers = [remembered(post, "WA7"), remembered(post, proposed, "Oi!")]
    await post.work()
    assert await settled(post) == [("sent", None, proposed)]


async def test_a_record_that_is_another_bubbles_proves_nothing(post: Post) -> None:
    await post.queue("oi", "oi")
    await post.work()
    post.channel.answers.append(LOST)
    await post.work()
    post.clock.pass_(45)
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
    post.clock.pass_(45)
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


async def test_a_look_in_vain_after_a_takeover_ends_the_bubble_at_once(post: Post) -> None:
    await in_doubt(post)
    await receive(post.store, echo("aqui é a Ana", number=5, by_api=False))
    await post.work()
    assert await settled(post) == [("suppressed", "human_mode", None)]
    assert await column(post.store, MESSAGE.c.reason) == [None, "human_mode", None]
    assert await due(post.store, Queue.OUT) is None
    assert post.outcomes("suppressed") == [1]


async def test_a_person_is_not_answered_over_when_the_gateway_is_back(post: Post) -> None:
    await in_doubt(post)
    await receive(post.store, echo("aqui é a Ana", number=5, by_api=False))
    post.channel.remembers = DOWN
    await post.work()
    assert await settled(post) == [("suppressed", "human_mode", None)]


async def test_what_a_look_finds_was_sent_even_if_a_person_took_over(post: Post) -> None:
    await in_doubt(post)
    await receive(post.store, echo("aqui é a Ana", number=5, by_api=False))
    post.channel.remembers = [remembered(post, "WA7")]
    await post.work()
    assert await settled(post) == [("sent", None, "WA7")]


async def test_after_an_opt_out_a_bubble_in_doubt_is_not_sent_again(post: Post) -> None:
    await in_doubt(post)
    await receive(post.store, hello(2))
    claim, given = await take_turn(post.store)
    await post.store.finish_turn(claim, given, TurnResult(verdict=Verdict.OPTED_OUT))
    await post.work()
    assert await settled(post) == [("suppressed", "opt_out", None)]


async def test_a_bubble_in_doubt_that_became_too_old_is_replaced_by_one_fresh_turn(
    post: Post,
) -> None:
    await in_doubt(post)
    post.clock.pass_(16 * 60)
    await post.work()
    assert await settled(post) == [("superseded", "not_found", None)]
    assert post.outcomes("superseded") == [1]
    _, given = await take_turn(post.store)
    assert [message.text for message in given.batch] == ["mensagem 1"]


async def test_what_waits_behind_an_answer_that_is_too_old_is_answered_in_the_same_turn(
    post: Post,
) -> None:
    await post.queue("um")
    post.clock.pass_(10)
    await post.queue("dois", number=2)
    post.clock.pass_(16 * 60)
    await post.work()
    assert await column(post.store, OUTBOX.c.state) == ["superseded", "superseded"]
    _, given = await take_turn(post.store)
    assert [message.text for message in given.batch] == ["mensagem 1", "mensagem 2"]


async def test_an_unreachable_gateway_keeps_a_bubble_unknown_at_any_age(post: Post) -> None:
    await in_doubt(post)
    post.clock.pass_(24 * 3_600)
    post.channel.remembers = DOWN
    await post.work()
    assert await settled(post) == [("unknown", "whatsapp.unreachable", None)]


async def test_an_echo_during_the_last_look_proves_the_bubble(post: Post) -> None:
    """Its id is then claimed, by this very row."""
    await in_doubt(post)
    post.clock.pass_(16 * 60)
    proof = replace(echo("oi", number=3), occurred_at=post.clock.now())
    post.channel.remembers = [remembered(post, proof.provider_id)]

    async def echoed() -> None:
        await receive(post.store, proof)

    post.channel.on_look = echoed
    await post.work()
    assert await settled(post) == [("sent", None, proof.provider_id)]
    assert post.channel.sent == ["oi"]
