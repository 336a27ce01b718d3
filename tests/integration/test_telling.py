"""A customer who asks for a person is told of: WhatsApp to the owner, and a signed webhook."""

import asyncio
from pathlib import Path

from orbion.kit.clock import SystemClock
from orbion.simulators.asgi import Answer
from orbion.simulators.receiver import EventReceiver
from tests.support.service import settings_for, stage

MARIA = "5511900000001"
OWNER = "5511911112222"
SECRET = "segredo-dos-eventos-123"
ASKED = "quero falar com um atendente"


async def test_the_owner_and_the_webhook_are_told_once_and_the_owner_is_never_answered(
    tmp_path: Path, database_url: str
) -> None:
    receiver = EventReceiver(SECRET.encode(), now=SystemClock().now)
    receiver.script.append(Answer(status=500))
    settings = settings_for(
        tmp_path,
        database_url=database_url,
        owner_phone=OWNER,
        events_url="http://receiver/orbion",
        events_secret=SECRET,
    )
    async with stage(settings, receiver=receiver) as on_stage:
        on_stage.gateway.customer_says("loja", MARIA, ASKED)
        await on_stage.answers(2)
        told = [each for each in on_stage.gateway.journal if OWNER in each.jid]
        assert [ASKED in each.text for each in told] == [True]
        for text in ("já vou", "quanto custa um kit?", "parar de receber mensagens"):
            on_stage.gateway.customer_says("loja", OWNER, text)
        await on_stage.gateway.drained()
        async with asyncio.timeout(10):
            while not receiver.taken or (await on_stage.service.store.facts()).depth:
                await asyncio.sleep(0.01)
        assert len(on_stage.gateway.journal) == 2
    (event,) = receiver.taken
    assert (event["type"], event["data"]["reason"]) == ("handoff.requested", "requested")
    verdicts = await on_stage.rows("SELECT DISTINCT verdict FROM turn ORDER BY verdict")
    assert verdicts == [("handed_over",), ("owner",), ("owner_told",)]


async def test_a_question_is_answered_from_a_document_of_the_playbooks_folder(
    tmp_path: Path, database_url: str
) -> None:
    (tmp_path / "solar").mkdir()
    text = "O manobrista fica na porta da loja até as 17h."
    (tmp_path / "solar" / "loja.md").write_text(f"# Loja\n\n## Manobrista\n{text}")
    async with stage(settings_for(tmp_path, database_url=database_url)) as on_stage:
        async with asyncio.timeout(10):
            while not await on_stage.service.store.documents("sol"):
                await asyncio.sleep(0.01)
        on_stage.gateway.customer_says("loja", MARIA, "vcs tem manobrista?")
        assert text in (await on_stage.answers(2))[1]


async def test_a_circuit_that_opens_is_posted(tmp_path: Path) -> None:
    receiver = EventReceiver(SECRET.encode(), now=SystemClock().now)
    settings = settings_for(tmp_path, events_url="http://receiver/x", events_secret=SECRET)
    async with stage(settings, receiver=receiver) as on_stage:
        on_stage.service.state.guards["whatsapp:loja"].breaker.force_open("drill")
        async with asyncio.timeout(10):
            while not receiver.taken:
                await asyncio.sleep(0.01)
    (event,) = receiver.taken
    data = {"circuit": "whatsapp:loja", "before": "closed", "after": "open", "reason": "drill"}
    assert (event["type"], event["account"], event["data"]) == ("circuit.changed", None, data)
