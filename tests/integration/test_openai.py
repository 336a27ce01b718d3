"""With OpenAI configured its words are sent; without its consent the playbook's are."""

import random
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from orbion.domain.reply import Reply, ReplyBubble
from orbion.kit.clock import SystemClock
from orbion.simulators.faults import ModelFaults
from orbion.simulators.openai import OpenAISimulator
from orbion.simulators.tcp import serve
from tests.support.service import settings_for, stage

KEY = "sk-de-teste-123456"
WORDS = "Oi! Sou a assistente virtual. Como posso ajudar?"
MARIA = "5511900000001"


def in_contract(_request: object) -> str:
    bubble = ReplyBubble(text=WORDS, fact_ids=())
    return Reply(bubbles=(bubble,), facts={}, handoff=None, asked=None).to_json()


@pytest.fixture
async def openai_url() -> AsyncGenerator[str]:
    simulator = OpenAISimulator(
        in_contract,
        api_key=KEY,
        random=random.Random(1),
        now=SystemClock().now,
        faults=ModelFaults(),
    )
    async with serve(simulator) as url:
        yield f"{url}/v1"


@pytest.mark.parametrize(
    ("key", "start", "circuit"),
    [(KEY, WORDS, "closed"), ("sk-errada-123456", "Oi! Eu sou a Luz", "open")],
    ids=["right key", "wrong key"],
)
async def test_the_customer_is_answered_with_a_right_and_with_a_wrong_key(
    key: str, start: str, circuit: str, openai_url: str, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path, llm="openai", openai_api_key=key, openai_base_url=openai_url)
    async with stage(settings) as on_stage:
        on_stage.gateway.customer_says("loja", MARIA, "bom dia")
        first, *_ = await on_stage.answers(1)
        detailed = (await on_stage.web.get("http://orbion/health/detailed")).json()
    assert first.startswith(start)
    assert detailed["circuits"]["openai"]["state"] == circuit
