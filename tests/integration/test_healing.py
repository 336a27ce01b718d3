"""A message that no webhook could bring is answered once something tells that it is missing."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from orbion.adapters.db.schema import QUARANTINE
from orbion.simulators.evolution_store import Webhook
from tests.contract.scenes import column
from tests.support.service import BEARER, WEBHOOK, Stage, settings_for, stage

PHONE = "5511988887777"
LIMIT = 4_096


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncGenerator[Stage]:
    async with stage(settings_for(tmp_path, body_limit=LIMIT)) as running:
        while running.service.watches["loja"].latest() is None:
            await asyncio.sleep(0.01)
        yield running


async def test_a_message_too_large_for_a_webhook_is_fetched_and_its_row_closed(
    scene: Stage,
) -> None:
    scene.gateway.customer_says("loja", PHONE, f"quanto custa? {'x ' * LIMIT}")
    async with asyncio.timeout(10):
        assert await scene.answers(1)
        while await column(scene.service.store, QUARANTINE.c.ended) != ["healed"]:
            await asyncio.sleep(0.01)
    assert await column(scene.service.store, QUARANTINE.c.reason) == ["too_large"]


async def test_what_was_refused_is_fetched_when_the_credential_is_right_again(
    scene: Stage,
) -> None:
    number = scene.gateway.instances["loja"]
    number.webhook = Webhook(url=WEBHOOK, headers={"authorization": "Bearer outro"})
    for each in range(5):
        scene.gateway.customer_says("loja", f"551198888777{each}", "oi")
    await scene.gateway.drained()
    assert {each.outcome for each in scene.gateway.deliveries} == {"dropped"}
    number.webhook = Webhook(url=WEBHOOK, headers=dict(BEARER))
    scene.gateway.customer_says("loja", PHONE, "oi")
    async with asyncio.timeout(10):
        await scene.gateway.wait_for(lambda: len({each.jid for each in scene.gateway.journal}) == 6)
