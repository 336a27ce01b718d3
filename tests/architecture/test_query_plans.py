"""Every statement of the straight line finds its rows by an index, on both databases."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import asyncpg
import pytest
from sqlalchemy import make_url
from sqlalchemy.dialects import sqlite

from orbion.adapters.db import (
    accounts,
    changes,
    connections,
    contacts,
    conversations,
    desk,
    echoes,
    effects,
    gaps,
    greetings,
    history,
    inbox,
    knowledge,
    lanes,
    leads,
    outbox,
    statuses,
    trade,
    turns,
    upkeep,
)
from orbion.adapters.db.migrate import migrate_postgres
from orbion.adapters.db.tx import Statement

HOT: Final = (
    *(accounts, changes, connections, contacts, conversations, echoes, effects),
    *(gaps, greetings, history),
    *(inbox, knowledge, lanes, leads, outbox, statuses, turns),
)
UPKEEP: Final = (desk, trade, upkeep)
EXEMPT: Final[Mapping[str, str]] = {
    "connections.LAST_MESSAGE": "the doctor's: walks the key backwards and stops at its limit",
    "knowledge.SEARCH": "ranks what the text search found: a test of its own looks at the plan",
    "knowledge.LINES": "an operator's list of one business's documents",
    "lanes.FREE_ALL": "once a start, before anything is served: an index would cost each claim",
    "accounts.LINES": "an operator's list of the numbers: a handful",
    "leads.LATEST": "an operator's list: walks the key backwards and stops at its limit",
    "trade.LEADS": "once a minute, in the background: an index would cost each turn",
    "trade.CONVERSATIONS": "the same",
    "trade.COSTS": "walks the businesses, a handful; the days of each are found in the key",
    "upkeep.LANES": "a background probe: reads the index of the lanes that have work, no others",
    "upkeep.OPEN_MESSAGES": "a background probe: counts in the partial index of open messages",
    "upkeep.DEAD_COUNT": "a background probe over rows that each need an operator: a handful",
    "upkeep.QUARANTINE_COUNT": "the same",
    "upkeep.SCHEMA": "one row",
}
NARROW: Final[Mapping[str, str]] = {
    "connections.RECEIPTS": "ix_outbox_sent",
    "connections.RESUME": "ix_lane_due",
    "turns.OPEN_MESSAGES": "ix_message_open",
    "turns.CLOSE_MESSAGES": "ix_message_open",
    "desk.CONVERSATIONS": "ix_message_open",
    "upkeep.OPEN_MESSAGES": "ix_message_open",
    "upkeep.OUTBOX_STATES": "ix_outbox_unsettled",
    "upkeep.LANES": "ix_lane_due",
    "lanes.CLAIM": "ix_lane_due",
    "lanes.NEXT_DUE": "ix_lane_due",
    "echoes.TRIED": "ix_outbox_conversation",
    "contacts.ADDRESSES": "ix_contact_alias_contact",
    "gaps.TOO_LARGE": "ix_quarantine_too_large",
    "greetings.HELD": "ix_conversation_human",
    "greetings.LAST_OPEN": "ix_message_open",
    "echoes.SUPPRESS_ROWS": "ix_outbox_conversation",
    "inbox.REPLACEABLE": "ix_outbox_conversation",
    "changes.STORED": "ix_message_provider",
    "changes.LAST_OPEN": "ix_message_open",
    "history.RECALL": "ix_message_provider",
    "turns.RECENT_TURNS": "ix_turn_conversation",
    "turns.LAST_TURN": "ix_turn_conversation",
}
"""The partial or ordered index that a statement was written for, where another would do too."""

FILL: Final = (
    "INSERT INTO business SELECT 'b' || n, 'b' FROM generate_series(1, 50) n",
    (
        "INSERT INTO account (id, business, channel) SELECT 'a' || n, 'b' || n, 'evolution'"
        " FROM generate_series(1, 50) n"
    ),
    (
        "INSERT INTO contact (business, phone, created_at) SELECT 'b' || 1 + n % 50, n, n"
        " FROM generate_series(1, 3000) n"
    ),
    (
        "INSERT INTO contact_alias SELECT 'b' || 1 + n % 50, 'phone', n, n"
        " FROM generate_series(1, 3000) n"
    ),
    (
        "INSERT INTO conversation (business, account, contact_id, address)"
        " SELECT 'b' || 1 + n % 50, 'a' || 1 + n % 50, n, n FROM generate_series(1, 3000) n"
    ),
    (
        "INSERT INTO message (business, account, conversation_id, seq, direction, author, kind,"
        " text, provider_id, outcome, occurred_at, created_at)"
        " SELECT 'b1', 'a' || n % 50, 1 + n % 100, n,"
        " CASE n % 2 WHEN 0 THEN 'in' ELSE 'out' END, 'customer', 'text', 'oi', 'p' || n,"
        " CASE n % 100 WHEN 0 THEN 'open' ELSE 'answered' END, n, n"
        " FROM generate_series(1, 6000) n"
    ),
    (
        "INSERT INTO turn (business, conversation_id, upto, trace, verdict, started_at)"
        " SELECT 'b1', 1 + n % 100, n, 't', 'answered', n FROM generate_series(1, 3000) n"
    ),
    (
        "INSERT INTO turn_step (turn_id, step, kind, input_hash, output, at)"
        " SELECT 1 + n / 3, n % 3, 'model', 'x', '{}', n FROM generate_series(3, 6000) n"
    ),
    (
        "INSERT INTO outbox (business, account, conversation_id, turn_id, position, message_id,"
        " address, text, state, provider_id, trace, created_at, received_at) SELECT 'b1', 'a1',"
        " 1 + n % 100, n, 0, n, 'x', 'oi', CASE n % 100 WHEN 0 THEN 'pending' ELSE 'sent' END,"
        " CASE n % 2 WHEN 0 THEN 'p' || n END, 't', n, n FROM generate_series(1, 3000) n"
    ),
    (
        "INSERT INTO lead (business, contact_id, created_at, updated_at) SELECT 'b1', n, n, n"
        " FROM generate_series(1, 3000) n"
    ),
    (
        "INSERT INTO fact (lead_id, slot, value, at) SELECT 1 + n % 3000, 's' || n / 3000, 'v', n"
        " FROM generate_series(1, 9000) n"
    ),
    (
        "INSERT INTO handoff (conversation_id, reason, actor, at) SELECT n, 'x', 'bot', n"
        " FROM generate_series(1, 3000) n"
    ),
    (
        "INSERT INTO suppression (business, contact_id, at) SELECT 'b1', n, n"
        " FROM generate_series(1, 3000) n"
    ),
    (
        "INSERT INTO lane (queue, key, seq, due_at) SELECT 'in', n, 9,"
        " CASE n % 10 WHEN 0 THEN n END FROM generate_series(1, 3000) n"
    ),
    (
        "INSERT INTO task (queue, key, seq, kind, payload, trace, created_at)"
        " SELECT 'in', 1 + n % 3000, n, 'm', '{}', 't', n FROM generate_series(1, 6000) n"
    ),
    "INSERT INTO dedup SELECT sha256(n::text::bytea), n FROM generate_series(1, 3000) n",
    (
        "INSERT INTO early_change (account, provider_id, at, noted_at)"
        " SELECT 'a1', 'p' || n, n, n FROM generate_series(1, 3000) n"
    ),
    (
        "INSERT INTO dead (queue, key, seq, kind, payload, attempts, error, died_at)"
        " SELECT 'in', n, 1, 'm', '{}', 4, 'bug', n FROM generate_series(1, 3000) n"
    ),
    (
        "INSERT INTO quarantine (account, reason, raw, at) SELECT 'a1', 'shape', 'x', n"
        " FROM generate_series(1, 3000) n"
    ),
    (
        "INSERT INTO document (business, name, title, origin, at)"
        " SELECT 'b' || 1 + n % 50, 'd' || n, 't', 'folder', n FROM generate_series(1, 1000) n"
    ),
    (
        "INSERT INTO passage (business, document_id, position, heading, text, terms)"
        " SELECT 'b1', 1 + n % 1000, n, 'h', 't', 'placa' || n FROM generate_series(1, 5000) n"
    ),
    "ANALYZE",
)
SAMPLES: Final[Mapping[str, object]] = {"bytea": b"x", "bool": False, "text": "x", "varchar": "x"}


def statements(*modules: ModuleType) -> Iterator[tuple[str, Statement]]:
    for module in modules:
        for name, value in vars(module).items():
            if isinstance(value, Statement):
                yield f"{module.__name__.rpartition('.')[2]}.{name}", value


ALL: Final = tuple(statements(*HOT, *UPKEEP))


def sqlite_plans(path: Path) -> dict[str, str]:
    """Explain all on a fresh connection, so that nothing but the schema is known to the planner."""
    dialect = sqlite.dialect()
    found = {}
    with closing(sqlite3.connect(path)) as connection:
        for name, statement in ALL:
            compiled = statement.compiled(dialect)
            values = [None] * len(compiled.order)
            rows = connection.execute(f"EXPLAIN QUERY PLAN {compiled.text}", values)
            found[name] = "\n".join(row[3] for row in rows)
    return found


def is_slow_on_sqlite(plan: str) -> bool:
    lines = [line for line in plan.splitlines() if line != "SCAN due"]
    return any(line.startswith("SCAN") or "TEMP B-TREE" in line for line in lines)


async def postgres_plans(dsn: str) -> dict[str, list[Mapping[str, Any]]]:
    """Explain all on filled tables: what is scanned or sorted then, no index could have found."""
    dialect = make_url("postgresql+asyncpg://").get_dialect()()
    connection = await asyncpg.connect(dsn)
    try:
        for command in FILL:
            await connection.execute(command)
        await connection.execute("SET enable_seqscan = off; SET enable_sort = off")
        found = {}
        for name, statement in ALL:
            prepared = await connection.prepare(statement.compiled(dialect).text)
            values = [SAMPLES.get(each.name, 1) for each in prepared.get_parameters()]
            plan = await prepared.explain(*values)
            found[name] = list(
                nodes((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])
            )
        return found
    finally:
        await connection.close()


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes(each)


def test_statements_of_the_straight_line_are_found() -> None:
    assert {"lanes.CLAIM", "inbox.DEDUP_ID", "turns.OPEN_MESSAGES", "outbox.ROW"} <= dict(
        ALL
    ).keys()
    assert EXEMPT.keys() | NARROW.keys() <= dict(ALL).keys()


@pytest.mark.parametrize("plan", ["SCAN message", "SEARCH m\nUSE TEMP B-TREE FOR ORDER BY"])
def test_a_scan_and_a_sort_are_recognised(plan: str) -> None:
    assert is_slow_on_sqlite(plan)


def test_sqlite_scans_and_sorts_nothing(sqlite_path: Path) -> None:
    plans = sqlite_plans(sqlite_path)
    slow = {name: plan for name, plan in plans.items() if is_slow_on_sqlite(plan)}
    assert {name: plan for name, plan in slow.items() if name not in EXEMPT} == {}
    assert EXEMPT.keys() - slow.keys() == set()


def test_sqlite_uses_the_index_that_was_made_for_the_statement(sqlite_path: Path) -> None:
    plans = sqlite_plans(sqlite_path)
    assert {name: plans[name] for name, index in NARROW.items() if index not in plans[name]} == {}


async def test_passages_are_found_by_the_text_search(
    sqlite_path: Path, postgres_database: str
) -> None:
    on_sqlite = sqlite_plans(sqlite_path)["knowledge.SEARCH"].splitlines()
    assert on_sqlite[0].startswith("SCAN passage_fts VIRTUAL TABLE INDEX")
    assert {line.split()[0] for line in on_sqlite[1:]} == {"SEARCH"}
    await migrate_postgres(postgres_database)
    on_postgres = (await postgres_plans(postgres_database))["knowledge.SEARCH"]
    assert "ix_passage_terms" in {node.get("Index Name") for node in on_postgres}


async def test_postgres_scans_and_sorts_nothing(postgres_database: str) -> None:
    await migrate_postgres(postgres_database)
    plans = await postgres_plans(postgres_database)
    slow = {
        name: [node["Node Type"] for node in plan]
        for name, plan in plans.items()
        if any(node["Node Type"] in {"Seq Scan", "Sort"} for node in plan)
    }
    assert {name: plan for name, plan in slow.items() if name not in EXEMPT} == {}
    unused = {
        name: [node.get("Index Name") for node in plans[name]]
        for name, index in NARROW.items()
        if index not in {node.get("Index Name") for node in plans[name]}
    }
    assert unused == {}
