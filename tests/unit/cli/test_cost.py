"""Operators see what models cost on a day, as a table and as JSON."""

import asyncio
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from click.testing import Result

from orbion.cli.exits import Exit
from orbion.domain.spend import Call, Payer
from orbion.domain.turns import Completion
from tests.support.commands import run
from tests.support.stores import HandClock, hello, make_store, sqlite_database

Orbion = Callable[..., Result]
DAY = date(2026, 11, 25)
SAID = Completion(text="{}", model="gpt-4.1-mini", tokens_in=900, tokens_cached=512, tokens_out=40)


async def spend(path: Path) -> None:
    clock = HandClock()
    async with sqlite_database(path, clock) as db:
        store = make_store(db, clock)
        await store.start()
        await store.receive("loja", [hello(1)], "t")
        payer = Payer(business="sol", conversation_id=1, trace="t")
        call = Call(payer=payer, task="reply", model="gpt-4.1-mini", day=DAY, reserved=2_000)
        settled = await store.reserve(call, {})
        assert settled.call_id is not None
        await store.settle(settled.call_id, call, SAID, 1_000)
        await store.reserve(call, {})


@pytest.fixture
def orbion(sqlite_path: Path) -> Orbion:
    asyncio.run(spend(sqlite_path))
    return lambda *words: run(sqlite_path.parent, *words, BRL_PER_USD="5")


def test_the_day_is_a_table_in_reais_and_dollars(orbion: Orbion) -> None:
    shown = orbion("cost", "--day", "2026-11-25")
    assert shown.exit_code == Exit.OK
    assert [line.split() for line in shown.stdout.splitlines() if "gpt" in line] == [
        ["gpt-4.1-mini", "2", "0.0150", "0.003000", "900", "512", "40", "1"]
    ]
    assert [line.split()[0] for line in shown.stdout.splitlines() if line] == [
        *("model", "gpt-4.1-mini", "task", "reply", "conversation", "1")
    ]


def test_it_is_json_for_programs(orbion: Orbion) -> None:
    told = json.loads(orbion("cost", "--day", "2026-11-25", "--json").stdout)
    assert told["day"] == "2026-11-25"
    assert [row["cost"] for row in told["task"]] == [3_000]


def test_a_day_without_a_model_says_so(orbion: Orbion) -> None:
    assert orbion("cost", "--day", "2026-11-24").stdout == "no model was asked on 2026-11-24\n"


def test_a_day_that_is_none_names_the_form(orbion: Orbion) -> None:
    shown = orbion("cost", "--day", "ontem")
    assert shown.exit_code == Exit.USAGE
    assert "%Y-%m-%d" in shown.stderr
