"""The summary of a conversation: one row, renewed by version, emptied when its words change."""

from collections.abc import Sequence
from dataclasses import replace

from orbion.adapters.db.schema import SUMMARY
from orbion.adapters.db.store import DbStore
from orbion.adapters.db.summaries import DbSummaries
from orbion.domain.events import MessageDeleted
from orbion.domain.messages import Message
from orbion.domain.summary import Summary
from tests.contract.scenes import answer, column, receive
from tests.support.stores import hello

FIRST = Summary(upto=8, text="quer 2 placas", maker="code", facts={"cidade": "Santos"}, version=1)


def places(messages: Sequence[Message]) -> list[int]:
    return [message.seq for message in messages]


async def test_the_latest_version_is_kept_and_an_older_one_never_replaces_it(
    store: DbStore,
) -> None:
    await receive(store, hello(1))
    kept = DbSummaries(db=store.db)
    assert await kept.summary(1) is None
    await kept.save_summary(1, FIRST)
    assert await kept.summary(1) == FIRST
    second = replace(FIRST, upto=16, maker="gpt", facts={}, version=2)
    await kept.save_summary(1, second)
    await kept.save_summary(1, FIRST)
    assert await kept.summary(1) == second


async def test_what_was_said_before_a_place_is_read_without_what_was_taken_back(
    store: DbStore,
) -> None:
    for number in (1, 2):
        await receive(store, hello(number))
        await answer(store, "oi", "tudo bem?")
    kept = DbSummaries(db=store.db)
    assert places(await kept.earlier(1, 1)) == []
    assert places(await kept.earlier(1, 6)) == [1, 4, 5]


async def test_a_deleted_message_is_told_of_no_more(store: DbStore) -> None:
    said = hello(1)
    await receive(store, said, hello(2))
    kept = DbSummaries(db=store.db)
    await kept.save_summary(1, FIRST)
    await receive(store, MessageDeleted(provider_id=said.provider_id))
    assert await column(store, SUMMARY.c.text) == [""]
    assert places(await kept.earlier(1, 8)) == [2]
    await kept.save_summary(1, replace(FIRST, version=2))
    assert await column(store, SUMMARY.c.text) == [""], "made of what was there before"
