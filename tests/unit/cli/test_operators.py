"""Operators see and change what is stored, beside a running service."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from orbion.adapters.db.filelock import FileLock
from orbion.adapters.db.store import DbStore
from orbion.cli.exits import Exit
from orbion.domain.lanes import Queue
from tests.support.commands import run
from tests.support.stores import HandClock, hello, make_store, sqlite_database

Orbion = Callable[..., Result]
ACCOUNTS = """
[accounts.loja]
business = "sol"
base_url = "http://127.0.0.1:9"
instance = "loja"
api_key = "chave-do-gateway"
webhook_secrets = ["segredo-do-webhook-com-32-letras"]
"""
MESSAGE = json.dumps(
    {
        "event": "messages.upsert",
        "instance": "loja",
        "data": {
            "key": {"remoteJid": "5511900000001@s.whatsapp.net", "fromMe": False, "id": "3A77"},
            "message": {"conversation": "voltei"},
            "messageTimestamp": 1_800_000_000,
        },
    }
).encode()


def with_store(path: Path, work: Callable[[DbStore], Coroutine[Any, Any, object]]) -> None:
    async def go() -> None:
        clock = HandClock()
        async with sqlite_database(path, clock) as db:
            store = make_store(db, clock)
            await store.start()
            await work(store)

    asyncio.run(go())


async def fill(store: DbStore) -> None:
    """Two conversations, one dead letter, one quarantined body that is fine, one that is not."""
    await store.receive("loja", [hello(1, text="oi, \x1b[2J tudo bem?")], "t")
    await store.receive("loja", [hello(2, phone="5511900000002", text="quero um kit")], "t")
    (first, *_) = (await store.claim(Queue.IN, "w", 9)).claims
    for _ in range(20):
        if await store.fail(first, "bug: boom", 0):
            break
        (first, *_) = [
            each for each in (await store.claim(Queue.IN, "w", 9)).claims if each.key == first.key
        ]
    await store.quarantine("loja", "unknown_event", MESSAGE)
    await store.quarantine("loja", "not_json", b"not json")


@pytest.fixture
def orbion(tmp_path: Path, sqlite_path: Path) -> Orbion:
    with_store(sqlite_path, fill)
    accounts = tmp_path / "accounts.toml"
    accounts.write_text(ACCOUNTS)

    def call(*arguments: str) -> Result:
        return run(tmp_path, *arguments, ACCOUNTS_FILE=str(accounts))

    return call


def dead_letter(orbion: Orbion) -> tuple[str, str, str]:
    (letter,) = json.loads(orbion("dead", "list", "--json").stdout)["items"]
    return letter["queue"], letter["key"], str(letter["seq"])


def test_conversations_are_listed_newest_first_and_masked(orbion: Orbion) -> None:
    done = orbion("conversation", "list")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["id", "2", "1"]
    assert "quero um kit" in lines[1]
    assert "5511*" in done.stdout
    assert "\x1b" not in done.stdout
    bare = orbion("conversation", "list", "--unmasked").stdout
    assert "5511" in bare
    assert "*" not in bare


def test_a_list_is_read_page_by_page(orbion: Orbion) -> None:
    first = json.loads(orbion("conversation", "list", "--json", "--limit", "1").stdout)
    assert [each["id"] for each in first["items"]] == [2]
    following = ("--before", str(first["next"]))
    second = json.loads(orbion("conversation", "list", "--json", *following).stdout)
    assert [each["id"] for each in second["items"]] == [1]
    assert second["next"] is None


def test_a_conversation_is_shown_with_its_messages(orbion: Orbion) -> None:
    done = orbion("conversation", "show", "2")
    assert done.exit_code == 0
    assert "Maria" in done.stdout
    assert "quero um kit" in done.stdout
    shown = json.loads(orbion("conversation", "show", "2", "--json").stdout)
    assert shown["messages"][0]["text"] == "quero um kit"


def test_a_takeover_silences_the_bot_while_the_service_runs(
    orbion: Orbion, sqlite_path: Path
) -> None:
    lock = FileLock(sqlite_path)
    lock.acquire()
    try:
        assert orbion("conversation", "takeover", "1").exit_code == 0
        assert "human (operator)" in orbion("conversation", "show", "1").stdout
        assert orbion("conversation", "release", "1").exit_code == 0
        assert "human" not in orbion("conversation", "show", "1").stdout
        assert orbion("migrate").exit_code == Exit.UNAVAILABLE
    finally:
        lock.release()


@pytest.mark.parametrize(
    "arguments",
    [
        ("conversation", "show", "99"),
        ("conversation", "takeover", "99"),
        ("dead", "show", "in", "99", "1"),
        ("dead", "requeue", "in", "99", "1"),
        ("dead", "discard", "in", "99", "1"),
        ("quarantine", "show", "99"),
        ("quarantine", "replay", "99"),
        ("quarantine", "discard", "99"),
    ],
)
def test_what_is_not_there_is_refused_in_one_line(
    arguments: tuple[str, ...], orbion: Orbion
) -> None:
    done = orbion(*arguments)
    assert done.exit_code == Exit.REFUSED
    assert done.stderr.startswith("orbion: there is no ")
    assert done.stderr.count("\n") == 1


def test_a_dead_letter_is_shown_and_queued_again_once(orbion: Orbion) -> None:
    name = dead_letter(orbion)
    assert "boom" in orbion("dead", "list").stdout
    assert "payload: " in orbion("dead", "show", *name).stdout
    assert json.loads(orbion("dead", "show", *name, "--json").stdout)["error"] == "bug: boom"
    assert orbion("dead", "requeue", *name).exit_code == 0
    assert "requeued" in orbion("dead", "list").stdout
    again = orbion("dead", "requeue", *name)
    assert again.exit_code == Exit.REFUSED
    assert again.stderr == f"orbion: {' '.join(name)} is queued already\n"


def test_a_discarded_dead_letter_is_gone(orbion: Orbion) -> None:
    assert orbion("dead", "discard", *dead_letter(orbion)).exit_code == 0
    assert orbion("dead", "list").stdout == "No dead letters.\n"


def test_a_body_that_can_be_read_now_is_taken_once(orbion: Orbion) -> None:
    done = orbion("quarantine", "replay", "1")
    assert (done.exit_code, done.stdout) == (0, "1: replayed, stored\n")
    assert "voltei" in orbion("conversation", "show", "1").stdout
    again = orbion("quarantine", "replay", "1")
    assert again.exit_code == Exit.REFUSED
    assert "already replayed" in again.stderr
    forced = orbion("quarantine", "replay", "1", "--force")
    assert (forced.exit_code, forced.stdout) == (0, "1: replayed, duplicate\n")


def test_a_body_that_still_cannot_be_read_stays(orbion: Orbion) -> None:
    done = orbion("quarantine", "replay", "2")
    assert done.exit_code == Exit.REJECTED
    assert "still unreadable" in done.stderr
    assert [line.split()[-1] for line in orbion("quarantine", "list").stdout.splitlines()] == [
        *("state", "open", "open")
    ]
    assert "not json" in orbion("quarantine", "show", "2").stdout
    assert orbion("quarantine", "discard", "2").exit_code == 0
    shown = json.loads(orbion("quarantine", "show", "2", "--json").stdout)
    assert (shown["raw"], shown["ended"]) == ("not json", "discarded")


def test_empty_lists_say_so(tmp_path: Path, sqlite_path: Path) -> None:
    assert sqlite_path.exists()
    assert run(tmp_path, "conversation", "list").stdout == "No conversations.\n"
    assert run(tmp_path, "dead", "list").stdout == "No dead letters.\n"
    assert run(tmp_path, "quarantine", "list").stdout == "Nothing in quarantine.\n"
    assert json.loads(run(tmp_path, "dead", "list", "--json").stdout) == {
        "items": [],
        "next": None,
    }


def test_without_a_database_it_says_how_to_get_one(tmp_path: Path) -> None:
    done = run(tmp_path, "dead", "list")
    assert done.exit_code == Exit.REFUSED
    assert "orbion serve" in done.stderr


def test_a_lead_is_listed_moved_and_shown_with_its_history(orbion: Orbion) -> None:
    assert [line.split()[0] for line in orbion("lead", "list").stdout.splitlines()] == [
        "id",
        "2",
        "1",
    ]
    assert orbion("lead", "move", "1", "perdeu", "--reason", "preco").stdout == "lead 1: perdeu\n"
    shown = orbion("lead", "show", "1").stdout
    assert shown.startswith("lead 1: perdeu, 0 points, sol")
    assert shown.splitlines()[-1].split()[-4:] == ["novo", "perdeu", "cli", "preco"]
    assert json.loads(orbion("lead", "show", "1", "--json").stdout)["lead"]["stage"] == "perdeu"


def test_what_leads_are_worth_is_said_forecast_and_taken_back(orbion: Orbion) -> None:
    assert orbion("lead", "value", "1", "17,5 mil").stdout == "lead 1: R$ 17.500,00\n"
    assert orbion("lead", "show", "1").stdout.startswith("lead 1: novo, 0 points, sol, R$ 17.500")
    told = orbion("lead", "forecast").stdout.splitlines()
    assert told[0] == "sol: R$ 875,00 expected of open leads"
    assert told[1].startswith("1 have no part in it")
    first = told[3].split("  ")
    assert [each.strip() for each in first if each] == [
        "novo", "2", "1", "R$ 17.500,00", "5 %", "R$ 875,00", "-",
    ]  # fmt: skip
    (found,) = json.loads(orbion("lead", "forecast", "--json").stdout)["items"]
    assert (found["expected"], found["left_out"]) == (87_500, 1)
    assert orbion("lead", "value", "1", "-").stdout == "lead 1: -\n"
    assert orbion("lead", "forecast").stdout.startswith("sol: R$ 0,00 expected")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("move", "1", "ganhou"), Exit.REFUSED, "needs first: nome, valor_conta, cidade"),
        (("move", "1", "perdeu"), Exit.REJECTED, "needs a reason"),
        (("move", "9", "novo"), Exit.REFUSED, "there is no lead 9"),
        (("show", "9"), Exit.REFUSED, "there is no lead 9"),
        (("value", "9", "R$ 10"), Exit.REFUSED, "there is no lead 9"),
        (("value", "1", "muito"), Exit.REJECTED, "AMOUNT is 'muito'; write one amount"),
        (("value", "1", "R$ 10 ou R$ 20"), Exit.REJECTED, "write one amount"),
        (("value", "1", "R$ 999.999.999.999.999"), Exit.REJECTED, "write one amount"),
    ],
)
def test_a_lead_that_may_not_be_moved_or_valued_stays(
    orbion: Orbion, arguments: tuple[str, ...], code: Exit, told: str
) -> None:
    done = orbion("lead", *arguments)
    assert (done.exit_code, told in done.stderr) == (code, True)
