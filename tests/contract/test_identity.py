"""Whoever writes, under whatever version's form of the key, is one contact and gets one answer."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from orbion.adapters.channels.evolution_parse import parse_webhook
from orbion.adapters.db.schema import CONTACT, CONTACT_ALIAS, CONVERSATION, MESSAGE
from orbion.adapters.db.schema_leads import LEAD
from orbion.adapters.db.store import DbStore
from orbion.domain.conversations import Mode, ModeReason
from orbion.domain.events import MessageReceived
from orbion.domain.identity import Identity, dialled_phone
from orbion.domain.outbox import SendReceipt
from orbion.domain.turns import TurnResult, Verdict
from tests.contract.scenes import answer, begin_send, column, decide, receive, rows, take_turn
from tests.support.stores import HandClock, hello

NOW = 1_800_000_000_000
LONG, SHORT = "5531988887777", "553188887777"
LID, NEW_LID = "77000000000001", "77000000000002"
Key = Mapping[str, str]


def forms(phone: str, lid: str) -> Mapping[str, Key]:
    """One message's key in each version of the gateway (contract sections 3.2 and 13)."""
    pn, hidden = f"{phone}@s.whatsapp.net", f"{lid}@lid"
    return {
        "2.2.3 phone": {"remoteJid": pn},
        "2.2.3 lid": {"remoteJid": hidden},
        "2.3.0 lid": {"remoteJid": f"{lid}:7@lid"},
        "2.3.1 lid": {"remoteJid": hidden, "senderPn": pn},
        "2.3.4": {"remoteJid": pn, "previousRemoteJid": hidden, "senderPn": pn},
        "2.3.5": {"remoteJid": hidden, "remoteJidAlt": pn, "addressingMode": "lid"},
        "2.3.6 device": {"remoteJid": hidden, "remoteJidAlt": f"{phone}:12@s.whatsapp.net"},
        "2.3.7 lid": {"remoteJid": pn, "remoteJidAlt": pn, "addressingMode": "lid"},
        "2.3.7 pn": {"remoteJid": pn, "remoteJidAlt": hidden, "addressingMode": "pn"},
        "2.4.0-rc2": {"remoteJid": pn, "remoteJidAlt": hidden, "addressingMode": "pn"},
        "cloud": {"remoteJid": phone},
    }


BOTH_KNOWN = ("2.3.1 lid", "2.3.4", "2.3.5", "2.3.6 device", "2.3.7 pn", "2.4.0-rc2")


def wrote(number: int, key: Key, *, name: str = "Maria") -> MessageReceived:
    """Read it as a webhook, so that the gateway's form is what is tested."""
    body = {
        "event": "messages.upsert",
        "instance": "loja",
        "data": {
            "key": {**key, "id": f"3A{number:018d}", "fromMe": False},
            "pushName": name,
            "message": {"conversation": f"mensagem {number}"},
            "messageTimestamp": NOW // 1000,
        },
    }
    (event,) = parse_webhook(json.dumps(body).encode(), instance="loja", now=NOW)
    assert isinstance(event, MessageReceived)
    return event


async def owners(store: DbStore) -> dict[str, object]:
    """Which contact each alias leads to."""
    found = await rows(store, CONTACT_ALIAS.c.value, CONTACT_ALIAS.c.contact_id)
    return {str(value): contact for value, contact in found}


@pytest.mark.parametrize("version", forms(LONG, LID))
async def test_each_versions_form_meets_the_contact_and_is_answered_where_it_wrote(
    store: DbStore, version: str
) -> None:
    """After one message that shows both, every other form of either spelling is the same person."""
    known = forms(SHORT, LID)["2.4.0-rc2"]
    key = forms(LONG, LID)[version]
    await receive(store, wrote(1, known), wrote(2, key))
    assert await column(store, CONTACT.c.phone) == [SHORT]
    assert len(await column(store, CONVERSATION.c.id)) == 1
    user, at, server = key["remoteJid"].partition("@")
    exact = f"{user.partition(':')[0]}@{server if at else 's.whatsapp.net'}"
    await answer(store, "oi")
    assert (await begin_send(store))[1].address == exact


@pytest.mark.parametrize("version", BOTH_KNOWN)
async def test_a_form_that_shows_both_teaches_both(store: DbStore, version: str) -> None:
    await receive(store, wrote(1, forms(LONG, LID)[version]))
    assert await owners(store) == {SHORT: 1, f"{LID}@lid": 1}


async def test_a_lid_that_changes_leaves_one_contact_with_both(store: DbStore) -> None:
    await receive(store, wrote(1, forms(LONG, LID)["2.3.5"]))
    await receive(store, wrote(2, forms(SHORT, NEW_LID)["2.3.5"]))
    await receive(store, wrote(3, forms(LONG, LID)["2.2.3 lid"]))
    assert await owners(store) == {SHORT: 1, f"{LID}@lid": 1, f"{NEW_LID}@lid": 1}
    assert await column(store, CONVERSATION.c.last_seq) == [3]


async def test_a_hidden_person_who_shows_a_new_phone_stays_the_same_contact(
    store: DbStore,
) -> None:
    await receive(store, wrote(1, forms(LONG, LID)["2.2.3 lid"]))
    await receive(store, wrote(2, forms(LONG, LID)["2.3.5"]))
    assert await column(store, CONTACT.c.phone) == [SHORT]
    assert await column(store, CONVERSATION.c.last_seq) == [2]


async def test_a_lid_that_proves_to_be_a_known_phones_leaves_its_messages_where_they_are(
    store: DbStore,
) -> None:
    await receive(store, wrote(1, forms(LONG, LID)["2.2.3 lid"]))
    await receive(store, wrote(2, forms(LONG, LID)["2.2.3 phone"]))
    before = await rows(store, MESSAGE.c.id, MESSAGE.c.conversation_id)
    await receive(store, wrote(3, forms(LONG, LID)["2.3.5"]))
    assert await owners(store) == {SHORT: 2, f"{LID}@lid": 2}
    assert (await rows(store, MESSAGE.c.id, MESSAGE.c.conversation_id))[:2] == before
    assert await column(store, CONVERSATION.c.last_seq) == [1, 2]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_two_phones_under_one_lid_stay_two_people(
    store: DbStore, order: tuple[int, int]
) -> None:
    phones = ("5511900000001", "5511900000002")
    for number, place in enumerate(order):
        await receive(store, wrote(number, forms(phones[place], LID)["2.3.5"]))
    assert sorted(map(str, await column(store, CONTACT.c.phone))) == [
        "551100000001",
        "551100000002",
    ]
    assert (await owners(store))[f"{LID}@lid"] == 2, "the last who wrote under it"
    assert await column(store, CONVERSATION.c.last_seq) == [1, 1]


async def test_a_name_is_nobody(store: DbStore) -> None:
    other = {"remoteJid": "5511900000009@s.whatsapp.net"}
    await receive(store, wrote(1, {"remoteJid": f"{LONG}@s.whatsapp.net"}), wrote(2, other))
    await receive(store, wrote(3, other, name="Outro Nome"))
    assert await column(store, CONTACT.c.name) == ["Maria", "Maria"]
    assert await column(store, CONVERSATION.c.last_seq) == [1, 2]


# What the gateway's answer to a send shows


async def accepted(store: DbStore, address: str) -> None:
    await answer(store, "oi")
    claim, order = await begin_send(store)
    assert await store.sent(claim, order.row_id, SendReceipt(provider_id="WA1", address=address))


async def test_a_receipt_teaches_the_phone_behind_a_lid(store: DbStore) -> None:
    await receive(store, wrote(1, {"remoteJid": f"{LID}@lid"}))
    await accepted(store, f"{LONG}@s.whatsapp.net")
    assert await owners(store) == {SHORT: 1, f"{LID}@lid": 1}
    assert await column(store, CONTACT.c.phone) == [SHORT]
    await receive(store, wrote(2, {"remoteJid": f"{SHORT}@s.whatsapp.net"}))
    assert await column(store, CONTACT.c.id) == [1]


async def test_a_receipt_teaches_the_lid_behind_a_phone_and_moves_no_address(
    store: DbStore,
) -> None:
    await receive(store, wrote(1, {"remoteJid": f"{LONG}@s.whatsapp.net"}))
    await accepted(store, f"{LID}@lid")
    assert await owners(store) == {SHORT: 1, f"{LID}@lid": 1}
    assert await column(store, CONVERSATION.c.address) == [f"{LONG}@s.whatsapp.net"]


@pytest.mark.parametrize("polluted", [f"{LID}@lid", "5511900000009@s.whatsapp.net"])
async def test_a_polluted_receipt_re_points_nothing_of_anybody(
    store: DbStore, polluted: str
) -> None:
    await receive(store, wrote(1, forms("5511900000009", LID)["2.3.5"]))
    await answer(store, "para a outra")
    claim, order = await begin_send(store)
    await store.sent(claim, order.row_id, SendReceipt(provider_id="WA0"))
    await receive(store, wrote(2, {"remoteJid": f"{LONG}@s.whatsapp.net"}))
    before = (await owners(store), await rows(store, CONTACT.c.id, CONTACT.c.phone))
    await accepted(store, polluted)
    assert (await owners(store), await rows(store, CONTACT.c.id, CONTACT.c.phone)) == before


async def test_a_phone_never_gets_a_second_one_from_a_receipt(store: DbStore) -> None:
    await receive(store, wrote(1, {"remoteJid": f"{LONG}@s.whatsapp.net"}))
    await accepted(store, "5511955554444@s.whatsapp.net")
    assert await owners(store) == {SHORT: 1}


async def test_an_echo_moves_no_address(store: DbStore) -> None:
    await receive(store, wrote(1, forms(LONG, LID)["2.3.5"]))
    body = {**forms(LONG, LID)["2.4.0-rc2"], "fromMe": True, "id": "3EB0"}
    data = {"key": body, "message": {"conversation": "oi"}, "messageTimestamp": NOW // 1000}
    whole = {"event": "messages.upsert", "instance": "loja", "data": data}
    await receive(store, *parse_webhook(json.dumps(whole).encode(), instance="loja", now=NOW))
    assert await column(store, CONVERSATION.c.address) == [f"{LID}@lid"]


# Many people at once


def crowd(people: int) -> Sequence[MessageReceived]:
    """Ten messages each, in random order: every form, either spelling, and a LID that changes."""
    dice = random.Random(20_261_120)
    keys: list[tuple[str, Key]] = []
    for person in range(people):
        ddd = dice.choice(["11", "31", "47", "85"])
        phones = (f"55{ddd}9{80_000_000 + person}", f"55{ddd}{80_000_000 + person}")
        lids = (f"77{person:012d}", f"88{person:012d}")
        linking = [forms(dice.choice(phones), lid)[dice.choice(BOTH_KNOWN)] for lid in lids]
        others = [
            dice.choice(list(forms(dice.choice(phones), dice.choice(lids)).values()))
            for _ in range(8)
        ]
        keys += [(f"pessoa {person}", key) for key in linking + others]
    dice.shuffle(keys)
    return [replace(wrote(number, key), text=who) for number, (who, key) in enumerate(keys)]


async def check_crowd(store: DbStore, people: int) -> None:
    """Many write under a LID before anybody knows whose it is."""
    events = crowd(people)
    assert len(events) == 10 * people
    for start in range(0, len(events), 100):
        await store.receive("loja", events[start : start + 100], "t")
    found = await owners(store)
    assert len(found) == 3 * people, "a phone and two LIDs each"
    assert len(set(found.values())) == people, "one contact each"
    whose: dict[str, set[object]] = {}
    for alias, contact in found.items():
        whose.setdefault(alias.removesuffix("@lid")[-7:], set()).add(contact)
    assert [len(contacts) for contacts in whose.values()] == [1] * people
    phones = [phone for phone in await column(store, CONTACT.c.phone) if phone]
    assert len(set(phones)) == len(phones) == people
    assert len(await column(store, CONTACT.c.id)) == people
    threads = await rows(store, CONVERSATION.c.contact_id, CONVERSATION.c.thread)
    assert len(threads) > people, "some had written under a LID and a phone before"
    writing = [contact for contact, thread in threads if not thread]
    assert (len(writing), len(set(writing))) == (people, people)
    assert len(await column(store, MESSAGE.c.id)) == len(events)
    again = {each.text: replace(each, provider_id=each.text) for each in events}
    assert len(again) == people
    outcomes = (await store.receive("loja", list(again.values()), "t")).outcomes
    assert set(outcomes) == {"stored"}
    assert len(await column(store, LEAD.c.id)) == people, "nobody new"


async def test_ten_thousand_messages_of_a_thousand_people_are_a_thousand_contacts(
    sqlite_store: DbStore,
) -> None:
    await check_crowd(sqlite_store, 1_000)


async def test_a_smaller_crowd_on_each_database(store: DbStore) -> None:
    await check_crowd(store, 60)


def test_an_address_alone_tells_what_it_is() -> None:
    assert Identity.of(f"{LID}@lid").aliases() == [("lid", f"{LID}@lid")]
    assert Identity.of(f"{LONG}@s.whatsapp.net").aliases() == [("phone", SHORT)]
    assert Identity.of("odd@x").aliases() == [("lid", "odd@x")]
    assert hello(1).sender.aliases() == [("phone", "551100000001")]


# What a hidden person asked for

HIDDEN, SHOWN = {"remoteJid": f"{LID}@lid"}, {"remoteJid": f"{LONG}@s.whatsapp.net"}
STOPPED = TurnResult(verdict=Verdict.OPTED_OUT)


async def test_an_opt_out_of_a_hidden_person_holds_when_the_phone_is_known(store: DbStore) -> None:
    await receive(store, wrote(1, SHOWN))
    await answer(store, "oi")
    await receive(store, wrote(2, HIDDEN))
    await decide(store, STOPPED)
    await receive(store, wrote(3, forms(LONG, LID)["2.3.5"]))
    _, given = await take_turn(store)
    assert (given.conversation.id, given.conversation.opted_out) == (1, True)


async def test_a_later_opt_in_is_not_undone_by_it(store: DbStore, clock: HandClock) -> None:
    await receive(store, wrote(1, HIDDEN))
    await decide(store, STOPPED)
    clock.pass_(60)
    await receive(store, wrote(2, SHOWN))
    await decide(store, STOPPED)
    await receive(store, wrote(3, SHOWN))
    await decide(store, TurnResult(verdict=Verdict.OPTED_IN))
    await receive(store, wrote(4, forms(LONG, LID)["2.3.5"]))
    _, given = await take_turn(store)
    assert (given.conversation.id, given.conversation.opted_out) == (2, False)


async def test_a_hold_of_a_hidden_person_goes_along(store: DbStore) -> None:
    await receive(store, wrote(1, SHOWN), wrote(2, HIDDEN))
    await store.set_mode(2, Mode.HUMAN, ModeReason.OPERATOR, actor="ana")
    await receive(store, wrote(3, forms(LONG, LID)["2.3.5"]))
    assert await column(store, CONVERSATION.c.mode) == ["human", "human"]
    assert await column(store, CONVERSATION.c.mode_reason) == ["operator", "operator"]


async def test_another_phones_wish_stays_its_own(store: DbStore) -> None:
    await receive(store, wrote(1, forms("5511900000001", LID)["2.3.5"]))
    await decide(store, STOPPED)
    await receive(store, wrote(2, forms(LONG, LID)["2.3.5"]))
    _, given = await take_turn(store)
    assert (given.conversation.id, given.conversation.opted_out) == (2, False)


@pytest.mark.parametrize(
    ("stored", "dialled"),
    [
        ("553188887777", "5531988887777"),
        ("551162345678", "5511962345678"),
        ("551133334444", "551133334444"),
        ("5531988887777", "5531988887777"),
        ("12025550123", "12025550123"),
        ("", ""),
    ],
)
def test_a_phone_is_shown_as_it_is_dialled(stored: str, dialled: str) -> None:
    """A mobile number begins with 6 to 9 behind its area, a landline with 2 to 5."""
    assert dialled_phone(stored) == dialled
