"""What webhooks write is stored once, in one contact, and never lost, on both databases."""

import asyncio
import itertools
from dataclasses import replace

import pytest

from orbion.adapters.db.schema import (
    ACCOUNT,
    CONTACT,
    CONTACT_ALIAS,
    CONVERSATION,
    MESSAGE,
    OUTBOX,
    QUARANTINE,
    TURN,
)
from orbion.adapters.db.schema_leads import LEAD
from orbion.adapters.db.store import DbStore
from orbion.domain.events import (
    ConnectionChanged,
    ConnectionState,
    DeliveryStatus,
    EventIgnored,
    EventQuarantined,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    StatusChanged,
)
from orbion.domain.identity import Identity
from orbion.domain.lanes import Queue
from orbion.domain.messages import MessageKind
from tests.contract.scenes import (
    BRANCH,
    RIVAL,
    answer,
    begin_send,
    claim_one,
    column,
    receive,
    rows,
    send,
    take_turn,
    with_accounts,
)
from tests.support.stores import HandClock, echo, hello

LONG, SHORT, LID = "5511900000001", "551100000001", "77000000000001@lid"


def from_(number: int, *, phone: str | None = None, lid: str | None = None) -> MessageReceived:
    address = f"{phone}@s.whatsapp.net" if phone else str(lid)
    return replace(hello(number), sender=Identity(address=address, phone=phone, lid=lid))


# Once


async def test_of_twenty_concurrent_duplicates_one_message_is_kept(store: DbStore) -> None:
    answers = await asyncio.gather(*(store.receive("loja", [hello(1)], "t") for _ in range(20)))
    assert [each.duplicate for each in answers].count(False) == 1
    assert await column(store, MESSAGE.c.provider_id) == [hello(1).provider_id]


async def test_twenty_first_messages_of_one_person_meet_in_one_conversation(
    store: DbStore,
) -> None:
    await asyncio.gather(*(receive(store, hello(number)) for number in range(20)))
    assert len(await column(store, CONTACT.c.id)) == 1
    assert len(await column(store, LEAD.c.id)) == 1
    assert len(await column(store, CONVERSATION.c.id)) == 1
    assert sorted(await column(store, MESSAGE.c.seq), key=str) == sorted(range(1, 21), key=str)
    _, given = await take_turn(store)
    assert len(given.batch) == 20


async def test_the_same_id_from_two_accounts_is_two_messages(store: DbStore) -> None:
    store = await with_accounts(store, BRANCH)
    assert await receive(store, hello(1)) == ("stored",)
    assert await receive(store, hello(1), account=BRANCH.id) == ("stored",)
    assert await receive(store, hello(1), account=BRANCH.id) == ("duplicate",)
    assert await column(store, MESSAGE.c.account) == ["loja", "filial"]


async def test_our_own_message_is_no_duplicate_of_a_customers_with_the_same_id(
    store: DbStore,
) -> None:
    theirs = hello(1)
    ours = replace(echo("olá", number=1), provider_id=theirs.provider_id)
    assert await receive(store, theirs) == ("stored",)
    assert await receive(store, ours) == ("takeover",)
    assert await receive(store, ours, theirs) == ("duplicate", "duplicate")


async def test_only_a_webhook_without_anything_new_is_a_duplicate(store: DbStore) -> None:
    await receive(store, hello(1))
    mixed = await store.receive("loja", [hello(1), hello(2)], "t")
    assert (mixed.outcomes, mixed.duplicate) == (("duplicate", "stored"), False)
    assert mixed.wake == {Queue.IN}
    again = await store.receive("loja", [hello(1), hello(2)], "t")
    assert (again.duplicate, again.wake) == (True, frozenset())
    assert (await store.receive("loja", [], "t")).duplicate is False


async def test_the_siblings_of_an_unreadable_item_live(store: DbStore) -> None:
    bad = EventQuarantined(reason="shape", raw=b'{"odd": 1}')
    outcomes = await receive(store, hello(1), bad, EventIgnored(reason="group"), hello(2))
    assert outcomes == ("stored", "quarantined:shape", "ignored:group", "stored")
    assert [m.text for m in (await take_turn(store))[1].batch] == ["mensagem 1", "mensagem 2"]
    ((account, reason, raw),) = await rows(
        store, QUARANTINE.c.account, QUARANTINE.c.reason, QUARANTINE.c.raw
    )
    assert (account, reason, raw) == ("loja", "shape", b'{"odd": 1}')


# Who


PHONE_AND_LID = (
    from_(1, phone=LONG),
    from_(2, phone=SHORT, lid=LID),
    from_(3, lid=LID),
)


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (1, 2, 0), (2, 1, 0)])
async def test_phone_lid_and_ninth_digit_meet_in_one_contact(
    store: DbStore, order: tuple[int, ...]
) -> None:
    for each in order:
        await receive(store, PHONE_AND_LID[each])
    assert await column(store, CONTACT.c.phone) == [SHORT]
    assert len(await column(store, CONVERSATION.c.id)) == 1
    assert len(await column(store, LEAD.c.id)) == 1


@pytest.mark.parametrize("order", [(0, 2, 1), (2, 0, 1)])
async def test_strangers_who_prove_to_be_one_person_go_on_under_the_phone(
    store: DbStore, order: tuple[int, ...]
) -> None:
    for each in order:
        await receive(store, PHONE_AND_LID[each])
    ((phone, contact),) = await rows(store, CONTACT.c.phone, CONTACT.c.id)
    assert phone == SHORT
    assert set(await column(store, CONTACT_ALIAS.c.contact_id)) == {contact}
    conversations = await rows(store, CONVERSATION.c.contact_id, CONVERSATION.c.last_seq)
    assert sorted(conversations) == [(contact, 1), (contact, 2)]


async def test_two_contacts_with_phones_are_never_merged(store: DbStore) -> None:
    other = "5511900000002"
    await receive(store, from_(1, phone=LONG, lid=LID), from_(2, phone=other))
    before = await rows(store, CONTACT.c.id, CONTACT.c.phone)
    await receive(store, from_(3, phone=other, lid=LID))
    assert await rows(store, CONTACT.c.id, CONTACT.c.phone) == before
    owners = await rows(
        store, CONTACT_ALIAS.c.kind, CONTACT_ALIAS.c.value, CONTACT_ALIAS.c.contact_id
    )
    assert ("lid", LID, before[1][0]) in owners
    assert ("phone", SHORT, before[0][0]) in owners
    assert [m[0] for m in await rows(store, CONVERSATION.c.last_seq)] == [1, 2]


async def test_an_unknown_address_is_its_own_alias(store: DbStore) -> None:
    stranger = replace(hello(1), sender=Identity(address="odd@newsletter"))
    await receive(store, stranger, replace(stranger, provider_id="2"))
    assert await rows(store, CONTACT_ALIAS.c.kind, CONTACT_ALIAS.c.value) == [
        ("lid", "odd@newsletter")
    ]


async def test_an_answer_goes_to_the_address_that_wrote_last(store: DbStore) -> None:
    await receive(store, from_(1, phone=LONG, lid=LID))
    moved = replace(hello(2), sender=Identity(address=LID, phone=LONG, lid=LID))
    await receive(store, moved)
    await answer(store, "oi")
    assert (await begin_send(store))[1].address == LID


async def test_accounts_of_one_business_share_the_contact_but_not_the_conversation(
    store: DbStore,
) -> None:
    store = await with_accounts(store, BRANCH, RIVAL)
    for account in ("loja", "filial", "outra"):
        await receive(store, hello(1), account=account)
    assert await column(store, CONTACT.c.business) == ["sol", "lua"]
    found = await rows(store, CONVERSATION.c.account, CONVERSATION.c.business)
    assert found == [("loja", "sol"), ("filial", "sol"), ("outra", "lua")]


async def test_an_account_may_not_move_to_another_business(store: DbStore) -> None:
    with pytest.raises(ValueError, match="belongs to business 'sol'"):
        await with_accounts(store, replace(RIVAL, id="loja"))


# What is stored without an answer


@pytest.mark.parametrize(
    ("kind", "outcome", "reason"),
    [
        (MessageKind.REACTION, "stored:reaction", "reaction"),
        (MessageKind.UNSUPPORTED, "unsupported", "unsupported"),
    ],
)
async def test_what_needs_no_answer_is_stored_with_its_reason(
    store: DbStore, kind: MessageKind, outcome: str, reason: str
) -> None:
    silent = replace(hello(1), kind=kind, payload={"emoji": "👍"})
    got = await store.receive("loja", [silent], "t")
    assert (got.outcomes, got.wake) == ((outcome,), frozenset())
    assert await rows(store, MESSAGE.c.outcome, MESSAGE.c.reason) == [("suppressed", reason)]
    (message,) = await store.messages(1, 9)
    assert message.payload == {"emoji": "👍"}
    assert (await store.claim(Queue.IN, "w", 9)).claims == ()


async def test_a_connection_change_is_kept_on_the_account(store: DbStore, clock: HandClock) -> None:
    change = ConnectionChanged(state=ConnectionState.CLOSE, reason="401")
    assert await receive(store, change) == ("connection",)
    state = await rows(store, ACCOUNT.c.state, ACCOUNT.c.state_reason, ACCOUNT.c.state_at)
    assert state == [("close", "401", clock.now())]


# Changes of what is stored


async def test_an_edit_is_what_the_turn_reads_and_no_duplicate(store: DbStore) -> None:
    await receive(store, hello(1))
    edit = MessageEdited(provider_id=hello(1).provider_id, text="quero 5 placas")
    assert await receive(store, edit) == ("edited",)
    assert [m.text for m in (await take_turn(store))[1].batch] == ["quero 5 placas"]


async def test_a_deletion_is_noted_and_deletes_nothing(store: DbStore, clock: HandClock) -> None:
    await receive(store, hello(1))
    assert await receive(store, MessageDeleted(provider_id=hello(1).provider_id)) == ("deleted",)
    assert await rows(store, MESSAGE.c.text, MESSAGE.c.deleted_at) == [("mensagem 1", clock.now())]


@pytest.mark.parametrize(
    "change",
    [
        MessageEdited(provider_id=hello(1).provider_id, text="outra coisa"),
        MessageDeleted(provider_id=hello(1).provider_id),
    ],
)
async def test_a_change_makes_a_cached_history_stale(
    store: DbStore, change: MessageEdited | MessageDeleted
) -> None:
    await receive(store, hello(1))
    before = await store.conversation(1)
    await receive(store, change)
    after = await store.conversation(1)
    assert before is not None
    assert after is not None
    assert after.version > before.version


async def test_changes_of_the_unknown_change_nothing(store: DbStore) -> None:
    await receive(store, hello(1))
    before = await rows(store, *MESSAGE.columns)
    gone = (
        MessageEdited(provider_id="?", text="x"),
        MessageDeleted(provider_id="?"),
        StatusChanged(provider_id="?", status=DeliveryStatus.READ),
    )
    assert await receive(store, *gone) == ("edited", "deleted", "status")
    assert await rows(store, *MESSAGE.columns) == before


async def test_an_edit_does_not_reach_another_account(store: DbStore) -> None:
    store = await with_accounts(store, BRANCH)
    await receive(store, hello(1))
    await receive(
        store, MessageEdited(provider_id=hello(1).provider_id, text="x"), account=BRANCH.id
    )
    assert await column(store, MESSAGE.c.text) == ["mensagem 1"]


STATUSES = (DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ)


@pytest.mark.parametrize("order", list(itertools.permutations(STATUSES)))
async def test_a_status_only_ever_rises(store: DbStore, order: tuple[DeliveryStatus, ...]) -> None:
    await receive(store, hello(1))
    await answer(store, "oi")
    await send(store, "WA1")
    highest = 0
    for status in order:
        await receive(store, StatusChanged(provider_id="WA1", status=status))
        highest = max(highest, status)
        assert await column(store, OUTBOX.c.delivery) == [highest]


@pytest.mark.parametrize("order", list(itertools.permutations(STATUSES)))
async def test_statuses_that_come_before_our_own_commit_are_not_lost(
    store: DbStore, order: tuple[DeliveryStatus, ...]
) -> None:
    await receive(store, hello(1))
    await answer(store, "oi")
    await receive(store, *(StatusChanged(provider_id="WA1", status=each) for each in order))
    await send(store, "WA1")
    assert await column(store, OUTBOX.c.delivery) == [DeliveryStatus.READ]


async def test_a_status_that_comes_before_the_echo_is_not_lost(store: DbStore) -> None:
    await receive(store, hello(1))
    await answer(store, "oi")
    claim, order = await begin_send(store)
    await store.unknown(claim, order.row_id, "whatsapp.unknown_outcome", 60)
    ours = echo("oi")
    status = StatusChanged(provider_id=ours.provider_id, status=DeliveryStatus.DELIVERED)
    assert await receive(store, status, ours) == ("status", "echo")
    assert await column(store, OUTBOX.c.delivery) == [DeliveryStatus.DELIVERED]


# A newer message before the answer has left


async def test_a_newer_message_takes_the_unsent_answer_back(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, hello(1))
    await answer(store, "um", "dois")
    clock.pass_(1)
    await receive(store, hello(2))
    assert await column(store, OUTBOX.c.state) == ["superseded", "superseded"]
    assert await column(store, TURN.c.verdict) == ["superseded"]
    outcomes = await column(store, MESSAGE.c.outcome)
    assert outcomes == ["open", "superseded", "superseded", "open"]
    _, given = await take_turn(store)
    assert [m.text for m in given.batch] == ["mensagem 1", "mensagem 2"]


async def test_after_the_merge_only_the_fresh_answer_leaves(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, hello(1))
    await answer(store, "velha")
    await receive(store, hello(2))
    await answer(store, "nova")
    skipped = await store.begin_send(await claim_one(store, Queue.OUT))
    assert getattr(skipped, "state", None) == "superseded"
    clock.pass_(1)
    assert await send(store, "WA1") == "nova"
    assert (await store.claim(Queue.OUT, "w", 9)).claims == ()


async def test_merging_ends_at_the_cap_since_the_first_message(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, hello(1))
    for number in (2, 3):
        await answer(store, "oi")
        clock.pass_(2.9)
        await receive(store, hello(number))
    await answer(store, "oi")
    clock.pass_(1)
    await receive(store, hello(4))
    assert await column(store, OUTBOX.c.state) == ["superseded", "superseded", "pending"]
    assert [m.text for m in (await take_turn(store))[1].batch] == ["mensagem 4"]


async def test_an_answer_is_not_taken_back_once_a_bubble_may_have_left(store: DbStore) -> None:
    await receive(store, hello(1))
    await answer(store, "um", "dois")
    claim, order = await begin_send(store)
    await receive(store, hello(2))
    assert await column(store, OUTBOX.c.state) == ["sending", "pending"]
    await store.not_sent(claim, order.row_id, "whatsapp.unreachable", 0)
    await receive(store, hello(3))
    assert await column(store, OUTBOX.c.state) == ["pending", "pending"]
    await send(store, "WA1")
    await receive(store, hello(4))
    assert await column(store, OUTBOX.c.state) == ["sent", "pending"]


async def test_another_conversations_message_takes_nothing_back(store: DbStore) -> None:
    await receive(store, hello(1))
    await answer(store, "oi")
    await receive(store, hello(2, phone="5511900000002"))
    assert await column(store, OUTBOX.c.state) == ["pending"]
