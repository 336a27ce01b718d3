"""The whole service answers customers through a gateway, and keeps its promises doing so."""

import asyncio
import csv
import json
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from orbion.adapters.db.migrate import HEAD
from orbion.adapters.db.sqlite import SqliteDatabase
from orbion.simulators.faults import SendFault
from tests.support.service import ADMIN, BEARER, SECRET, WEBHOOK, Stage, settings_for, stage

MARIA = "5511900000001"
JOAO = "5511900000002"
FIXTURES = Path(__file__).parents[1] / "fixtures" / "evolution" / "webhooks"


@pytest.fixture
async def on_stage(tmp_path: Path, database_url: str) -> AsyncGenerator[Stage]:
    """Set the stage on each database."""
    async with stage(settings_for(tmp_path, database_url=database_url)) as opened:
        yield opened


@pytest.fixture
async def on_sqlite(tmp_path: Path) -> AsyncGenerator[Stage]:
    async with stage(settings_for(tmp_path)) as opened:
        yield opened


async def settled(on_stage: Stage) -> None:
    """Wait until no lane has work."""
    async with asyncio.timeout(10):
        while (await on_stage.service.store.facts()).depth:
            await asyncio.sleep(0.01)


async def test_a_customer_is_answered_from_the_playbook(on_stage: Stage) -> None:
    on_stage.gateway.customer_says("loja", MARIA, "Oi, quanto custa um kit?")
    texts = await on_stage.answers(2)
    assert "assistente virtual" in texts[0]
    assert any("R$" in text for text in texts)


async def test_what_is_answered_is_shown_as_read(on_stage: Stage) -> None:
    key_id = on_stage.gateway.customer_says("loja", MARIA, "Oi, quanto custa um kit?")
    await on_stage.answers(1)
    async with asyncio.timeout(10):
        while not on_stage.gateway.reads:
            await asyncio.sleep(0.01)
    (read,) = on_stage.gateway.reads
    assert (read.jid, read.ids) == (f"{MARIA}@s.whatsapp.net", (key_id,))


async def test_a_burst_becomes_one_turn(tmp_path: Path, database_url: str) -> None:
    # more than a busy machine needs between two of them
    waiting = {"quiet_min": 1.0, "quiet_max": 1.0, "quiet_cap": 5.0}
    settings = settings_for(tmp_path, database_url=database_url, **waiting)
    async with stage(settings) as on_stage:
        for text in ("oi", "tudo bem?", "quanto custa o kit?", "moro em Campinas"):
            on_stage.gateway.customer_says("loja", MARIA, text)
        await on_stage.answers(1)
        await settled(on_stage)
    assert await on_stage.rows("SELECT verdict FROM turn") == [("answered",)]
    assert await on_stage.rows("SELECT DISTINCT outcome FROM message WHERE direction='in'") == [
        ("answered",)
    ]


async def test_a_duplicate_webhook_is_answered_200_and_does_nothing(on_stage: Stage) -> None:
    body = json.dumps(
        json.loads((FIXTURES / "sim_in_conversation__messages.upsert.json").read_text())["body"]
        | {"instance": "loja"}
    )
    first = await on_stage.post(body)
    again = await on_stage.post(body)
    assert (first.status_code, first.json()) == (200, {"success": True, "duplicate": False})
    assert (again.status_code, again.json()) == (200, {"success": True, "duplicate": True})
    assert await on_stage.rows("SELECT count(*) FROM message WHERE direction='in'") == [(1,)]


async def test_a_person_who_writes_on_the_phone_silences_the_bot(on_stage: Stage) -> None:
    on_stage.gateway.customer_says("loja", MARIA, "oi")
    await on_stage.answers(1)
    on_stage.gateway.person_says("loja", MARIA, "Oi Maria, aqui é o Pedro")
    await on_stage.gateway.drained()
    await settled(on_stage)
    sent = len(on_stage.gateway.journal)
    on_stage.gateway.customer_says("loja", MARIA, "quanto custa?")
    await on_stage.gateway.drained()
    await settled(on_stage)
    assert len(on_stage.gateway.journal) == sent
    assert await on_stage.rows("SELECT mode, mode_reason FROM conversation") == [
        ("human", "takeover")
    ]
    assert await on_stage.rows(
        "SELECT reason FROM message WHERE direction='in' ORDER BY seq DESC LIMIT 1"
    ) == [("human_mode",)]


async def test_after_an_opt_out_exactly_one_message_is_ever_sent(on_stage: Stage) -> None:
    on_stage.gateway.customer_says("loja", MARIA, "Não quero receber mais mensagens")
    await on_stage.answers(1)
    for text in ("oi?", "quanto custa?"):
        on_stage.gateway.customer_says("loja", MARIA, text)
        await on_stage.gateway.drained()
        await settled(on_stage)
    assert len(on_stage.gateway.journal) == 1
    assert await on_stage.rows("SELECT count(*) FROM suppression WHERE revoked_at IS NULL") == [
        (1,)
    ]
    on_stage.gateway.customer_says("loja", MARIA, "voltar")
    assert len(await on_stage.answers(2)) == 2


async def test_who_asks_for_a_person_gets_one_notice_and_then_silence(on_stage: Stage) -> None:
    on_stage.gateway.customer_says("loja", MARIA, "quero falar com um atendente")
    (notice,) = await on_stage.answers(1)
    assert notice
    on_stage.gateway.customer_says("loja", MARIA, "alguém aí?")
    await on_stage.gateway.drained()
    await settled(on_stage)
    assert len(on_stage.gateway.journal) == 1
    assert await on_stage.rows("SELECT reason, actor FROM handoff") == [("requested", "bot")]


async def test_customers_do_not_hear_each_others_answers(on_stage: Stage) -> None:
    on_stage.gateway.customer_says("loja", MARIA, "meu nome é Maria e moro em Campinas")
    on_stage.gateway.customer_says("loja", JOAO, "meu nome é João e moro em Recife")
    await on_stage.answers(2)
    await settled(on_stage)
    for accepted in on_stage.gateway.journal:
        other = "Recife" if MARIA in accepted.jid or MARIA[-8:] in accepted.jid else "Campinas"
        assert other not in accepted.text


async def test_an_accept_that_was_never_answered_is_found_and_not_sent_again(
    on_stage: Stage,
) -> None:
    on_stage.gateway.script.append(SendFault.RESET_AFTER)
    on_stage.gateway.customer_says("loja", MARIA, "oi")
    await on_stage.answers(1)
    await settled(on_stage)
    texts = [accepted.text for accepted in on_stage.gateway.journal]
    assert len(texts) == len(set(texts))


async def test_a_send_that_was_refused_before_the_accept_is_sent_later(on_stage: Stage) -> None:
    on_stage.gateway.script.append(SendFault.RATE_LIMITED)
    on_stage.gateway.customer_says("loja", MARIA, "oi")
    assert await on_stage.answers(1)


async def test_the_lead_reaches_the_sheet(on_stage: Stage, tmp_path: Path) -> None:
    on_stage.gateway.customer_says("loja", MARIA, "meu nome é Maria, minha conta é R$ 450")
    await on_stage.answers(1)
    await settled(on_stage)
    (sheet,) = (tmp_path / "leads").iterdir()
    with sheet.open(encoding="utf-8", newline="") as file:
        (lead,) = csv.DictReader(file)
    assert lead["nome"] == "Maria"
    assert lead["valor_conta"] == "R$ 450,00"


async def test_health_tells_what_was_measured(on_stage: Stage) -> None:
    assert (await on_stage.web.get("http://orbion/health/live")).status_code == 200
    assert (await on_stage.web.get("http://orbion/health/ready")).json()["status"] == "pass"
    detailed = (await on_stage.web.get("http://orbion/health/detailed")).json()
    assert detailed["store"]["schema"] == HEAD
    assert SECRET not in json.dumps(detailed)


async def test_draining_says_not_ready_but_still_stores(on_stage: Stage) -> None:
    on_stage.service.lifecycle.drain()
    ready = await on_stage.web.get("http://orbion/health/ready")
    assert ready.status_code == 503
    on_stage.gateway.customer_says("loja", MARIA, "oi")
    await on_stage.gateway.drained()
    assert await on_stage.rows("SELECT count(*) FROM message WHERE direction='in'") == [(1,)]


async def test_an_operator_takes_over_and_releases(on_stage: Stage) -> None:
    on_stage.gateway.customer_says("loja", MARIA, "oi")
    await on_stage.answers(1)
    await settled(on_stage)
    base = "http://orbion/admin/conversations"
    (line,) = (await on_stage.web.get(base, headers=ADMIN)).json()["items"]
    taken = await on_stage.web.post(f"{base}/{line['id']}/takeover", headers=ADMIN)
    assert taken.status_code == 200
    assert await on_stage.rows("SELECT mode, mode_reason FROM conversation") == [
        ("human", "operator")
    ]
    await on_stage.web.post(f"{base}/{line['id']}/release", headers=ADMIN)
    assert await on_stage.rows("SELECT mode, mode_reason FROM conversation") == [("bot", None)]


def captured_bodies() -> list[dict[str, Any]]:
    paths = sorted(FIXTURES.glob("*.json"))
    return [json.loads(path.read_text("utf-8"))["body"] for path in paths]


def accounts_for(instances: set[str], folder: Path) -> Path:
    """Write an accounts file with one account for each instance, of the same name."""
    table = """
        [accounts.{0}]
        business = "sol"
        base_url = "http://gateway"
        instance = "{0}"
        api_key = "chave"
        webhook_secrets = ["{1}"]
    """
    path = folder / "accounts.toml"
    path.write_text("".join(table.format(name, SECRET) for name in sorted(instances)), "utf-8")
    return path


async def test_every_captured_webhook_is_taken_and_leaves_no_key_behind(tmp_path: Path) -> None:
    bodies = captured_bodies()
    assert len(bodies) >= 160
    accounts = accounts_for({body["instance"] for body in bodies}, tmp_path)
    async with stage(settings_for(tmp_path, accounts_file=accounts)) as on_stage:
        for body in bodies:
            path = f"http://orbion/webhooks/evolution/{body['instance']}"
            answer = await on_stage.web.post(path, content=json.dumps(body), headers=BEARER)
            assert answer.status_code == 200, answer.text
            assert answer.json()["success"] is True
        quarantined = await on_stage.service.store.quarantined(before=None, limit=200)
    assert {row.reason for row in quarantined} <= {"unreadable_item"}
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("orbion.db*"))
    for key in {body["apikey"] for body in bodies if body.get("apikey")}:
        assert key.encode() not in stored


async def test_a_redirect_never_answers_a_webhook(on_stage: Stage) -> None:
    for path in (WEBHOOK, f"{WEBHOOK}/", f"{WEBHOOK}//messages-upsert"):
        answer = await on_stage.web.get(path, follow_redirects=False)
        assert answer.status_code == 405


def limit_pages(on_stage: Stage, pages: int) -> None:
    """Make the next growth of the file a full disk, or not."""
    db = on_stage.service.store.db
    assert isinstance(db, SqliteDatabase)
    db.connection.execute(f"PRAGMA max_page_count={pages}")


async def test_a_full_disk_refuses_with_503_and_heals_by_itself(on_sqlite: Stage) -> None:
    body = json.dumps(
        json.loads((FIXTURES / "sim_in_conversation__messages.upsert.json").read_text())["body"]
        | {"instance": "loja"},
        ensure_ascii=False,
    )
    ((pages,),) = await on_sqlite.rows("PRAGMA page_count")
    limit_pages(on_sqlite, pages)
    big = body.replace("Olá, quero saber", "Olá, " + "muito " * 5_000 + "quero saber")
    refused = await on_sqlite.post(big)
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    assert await on_sqlite.rows("SELECT count(*) FROM message") == [(0,)]
    limit_pages(on_sqlite, 2**30)
    taken = await on_sqlite.post(big)
    assert (taken.status_code, taken.json()["duplicate"]) == (200, False)
    assert await on_sqlite.rows("SELECT count(*) FROM message WHERE direction='in'") == [(1,)]


async def test_a_locked_database_is_a_503_and_nothing_is_lost(
    on_sqlite: Stage, tmp_path: Path
) -> None:
    db = on_sqlite.service.store.db
    assert isinstance(db, SqliteDatabase)
    db.connection.execute("PRAGMA busy_timeout=50")
    with closing(sqlite3.connect(tmp_path / "orbion.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        on_sqlite.gateway.customer_says("loja", MARIA, "oi")
        ready = await on_sqlite.web.get("http://orbion/health/ready")
        assert ready.status_code == 503
        live = await on_sqlite.web.get("http://orbion/health/live")
        assert live.status_code == 200
        other.execute("ROLLBACK")
    assert await on_sqlite.answers(1)
