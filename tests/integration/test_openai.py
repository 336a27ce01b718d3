"""With OpenAI configured its words are sent; whatever goes wrong there, everybody is answered."""

import random
import re
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from orbion.adapters.db.schema import TURN_STEP
from orbion.adapters.db.tx import Statement
from orbion.domain.errors import FaultCode
from orbion.domain.reply import Reply, ReplyBubble
from orbion.kit.clock import SystemClock
from orbion.simulators.faults import ModelFault, ModelFaults
from orbion.simulators.openai import Json, OpenAISimulator, in_order, tool_call
from orbion.simulators.openai import Reply as Answering
from orbion.simulators.tcp import serve
from tests.support.service import Stage, settings_for, stage

KEY = "sk-de-teste-123456"
WORDS = "Oi! Sou a assistente virtual. Como posso ajudar?"
MARIA, JOANA = "5511900000001", "5511900000002"
WHERE = "qual o endereço da loja?"
ADDRESS = "Av. das Palmeiras, 1200"
DEADLINE = 0.6
RAW = re.compile(r"error|sorry|openai|exception|quota|rate limit|model|html|json|\{", re.IGNORECASE)


def bubble(text: str) -> str:
    return Reply(bubbles=(ReplyBubble(text=text),)).to_json()


def in_contract(_request: object) -> str:
    return bubble(WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The whole service, its customers, and the model over a real connection."""

    on: Stage
    model: OpenAISimulator

    async def ask(self, text: str, phone: str = MARIA, *, until: str = "") -> list[str]:
        """What this customer got when a bubble with the words `until` came."""
        self.on.gateway.customer_says("loja", phone, text)
        await self.on.gateway.wait_for(lambda: any(until in said for said in self._told(phone)))
        return self._told(phone)

    def _told(self, phone: str) -> list[str]:
        return [sent.text for sent in self.on.gateway.journal if sent.jid.startswith(phone)]

    async def steps(self) -> list[tuple[str, str]]:
        found = Statement(
            select(TURN_STEP.c.kind, TURN_STEP.c.output).order_by(
                TURN_STEP.c.turn_id, TURN_STEP.c.step
            )
        )
        return [
            (kind, output)
            for kind, output in await self.on.service.store.db.read(lambda tx: tx.all(found))
        ]

    async def circuit(self) -> str:
        detailed = (await self.on.web.get("http://orbion/health/detailed")).json()
        state: str = detailed["circuits"]["openai"]["state"]
        return state


@asynccontextmanager
async def trial(
    folder: Path, answer: Answering = in_contract, *, key: str = KEY, deadline: float = DEADLINE
) -> AsyncGenerator[Trial]:
    simulator = OpenAISimulator(
        answer,
        api_key=KEY,
        random=random.Random(1),
        now=SystemClock().now,
        faults=ModelFaults(),
    )
    async with serve(simulator) as url:
        settings = settings_for(
            folder,
            llm="openai",
            openai_api_key=key,
            openai_base_url=f"{url}/v1",
            model_deadline=deadline,
        )
        async with stage(settings) as on_stage:
            yield Trial(on=on_stage, model=simulator)


@pytest.mark.parametrize(
    ("key", "start", "circuit"),
    [(KEY, WORDS, "closed"), ("sk-errada-123456", "Oi! Eu sou a Luz", "open")],
    ids=["right key", "wrong key"],
)
async def test_the_customer_is_answered_with_a_right_and_with_a_wrong_key(
    key: str, start: str, circuit: str, tmp_path: Path
) -> None:
    async with trial(tmp_path, key=key, deadline=20.0) as model:
        first, *_ = await model.ask("bom dia")
        assert first.startswith(start)
        assert await model.circuit() == circuit


F, C = ModelFault, FaultCode
TABLE = {
    F.RATE_LIMITED: C.OPENAI_RATE_LIMIT,
    F.QUOTA: C.OPENAI_QUOTA,
    F.SERVER_ERROR: C.OPENAI_SERVER,
    F.OVERLOADED: C.OPENAI_SERVER,
    F.UNAUTHORIZED: C.OPENAI_AUTH,
    F.FORBIDDEN: C.OPENAI_AUTH,
    F.BAD_REQUEST: C.OPENAI_BAD_REQUEST,
    F.CONTEXT_TOO_LONG: C.OPENAI_CONTEXT_TOO_LONG,
    F.MODEL_UNKNOWN: C.OPENAI_MODEL_UNKNOWN,
    F.TIMED_OUT: C.OPENAI_TIMEOUT,
    F.HANG: C.OPENAI_TIMEOUT,
    F.RESET: C.OPENAI_CONNECTION,
    F.TRUNCATED: C.OPENAI_CONNECTION,
    F.NOT_JSON: C.OPENAI_BAD_OUTPUT,
    F.WRONG_SHAPE: C.OPENAI_BAD_OUTPUT,
    F.NO_CHOICES: C.OPENAI_BAD_OUTPUT,
    F.EMPTY: C.OPENAI_BAD_OUTPUT,
    F.CUT_SHORT: C.OPENAI_CUT_SHORT,
    F.FILTERED: C.OPENAI_FILTERED,
    F.REFUSED: C.OPENAI_REFUSAL,
    F.MALFORMED: C.OPENAI_BAD_OUTPUT,
    F.OFF_CONTRACT: C.OPENAI_BAD_OUTPUT,
    F.BROKEN_ARGUMENTS: "tool_loop",
    F.UNKNOWN_TOOL: "tool_loop",
}


@pytest.mark.parametrize("fault", ModelFault)
async def test_whatever_the_model_does_the_customer_gets_the_playbooks_answer_in_time(
    fault: ModelFault, tmp_path: Path
) -> None:
    async with trial(tmp_path) as model:
        await model.ask("bom dia", JOANA)  # the client is imported by then
        model.model.faults = ModelFaults(call={fault: 1.0})
        started = time.monotonic()
        said = await model.ask(WHERE, until=ADDRESS)
        assert time.monotonic() - started < DEADLINE + 1.0
        assert not RAW.search(" ".join(said))
        assert (await model.steps())[-1] == ("fallback", TABLE[fault])
        assert len(model.model.journal) <= 1 + 7


async def test_while_the_breaker_is_open_the_playbook_answers_at_once_without_a_call(
    tmp_path: Path,
) -> None:
    async with trial(tmp_path, deadline=20.0) as model:
        model.model.faults = ModelFaults(call={F.SERVER_ERROR: 1.0})
        for number in range(5):
            await model.ask(WHERE, f"551190000{number:04d}", until=ADDRESS)
        assert await model.circuit() == "open"
        asked = len(model.model.journal)
        started = time.monotonic()
        await model.ask(WHERE, "5511955554444", until=ADDRESS)
        assert time.monotonic() - started < 5.0
        assert len(model.model.journal) == asked
        assert (await model.steps())[-1] == ("fallback", C.CIRCUIT_OPEN)


async def test_a_model_that_fails_once_is_asked_again_and_its_words_are_sent(
    tmp_path: Path,
) -> None:
    async with trial(tmp_path, deadline=20.0) as model:
        model.model.script.extend([F.SERVER_ERROR])
        assert await model.ask("bom dia") == [WORDS]
        assert len(model.model.journal) == 2


async def test_a_model_that_stalls_again_and_again_opens_the_breaker(tmp_path: Path) -> None:
    async with trial(tmp_path, deadline=0.2) as model:
        model.model.faults = ModelFaults(call={F.HANG: 1.0})
        for number in range(5):
            await model.ask(WHERE, f"551190000{number:04d}", until=ADDRESS)
        assert await model.circuit() == "open"


@pytest.mark.parametrize(
    "wait",
    [
        ("retry-after", "40"),
        ("retry-after-ms", "40000"),
        ("x-ratelimit-reset-requests", "6m0s"),
    ],
)
async def test_after_a_rate_limit_the_model_is_left_alone_for_as_long_as_it_asked(
    wait: tuple[str, str], tmp_path: Path
) -> None:
    async with trial(tmp_path, deadline=20.0) as model:
        model.model.faults = ModelFaults(call={F.RATE_LIMITED: 1.0}, wait=(wait,))
        for phone in (MARIA, JOANA):
            await model.ask(WHERE, phone, until=ADDRESS)
        assert len(model.model.journal) == 1
        assert [reason for _, reason in await model.steps()] == [
            C.OPENAI_RATE_LIMIT,
            C.CIRCUIT_OPEN,
        ]


async def test_a_broken_tool_call_is_told_to_the_model_which_then_answers(tmp_path: Path) -> None:
    async with trial(tmp_path, deadline=20.0) as model:
        model.model.script.extend([F.BROKEN_ARGUMENTS, F.UNKNOWN_TOOL])
        assert await model.ask("bom dia") == [WORDS]
        kinds = [kind for kind, _ in await model.steps()]
        assert kinds == ["model", "tool", "model", "tool", "model", "passed"]


async def test_tools_note_the_name_and_call_a_person_in_the_one_write_of_the_turn(
    tmp_path: Path,
) -> None:
    facts = [{"slot": "nome", "value": "Maria", "quote": "aqui é a Maria"}]
    answer = in_order(
        tool_call("record_facts", {"facts": facts}),
        tool_call("request_human", {"reason": "proposta"}, number=2),
        bubble("Já te ajudo."),
    )
    async with trial(tmp_path, answer, deadline=20.0) as model:
        said = await model.ask("oi, aqui é a Maria, fecho com vocês hoje")
        assert said[0] == "Já te ajudo."
        (lead,) = await model.on.service.store.leads(9)
        assert "Maria" in lead.columns.values()
        (line,) = await model.on.service.store.conversations(before=None, limit=9)
        assert line.mode == "human"
        sent: Json = model.model.journal[-1]
        assert [each["role"] for each in sent["messages"][-4:]] == [
            "assistant",
            "tool",
            "assistant",
            "tool",
        ]


async def test_an_opt_out_that_only_the_model_understands_is_kept(tmp_path: Path) -> None:
    asked = "nossa, evapora da minha vida vai"
    answer = in_order(tool_call("record_opt_out", {"quote": asked}), bubble("Ok."))
    async with trial(tmp_path, answer, deadline=20.0) as model:
        said = await model.ask(asked)
        assert len(said) == 1
        assert RAW.search(said[0]) is None
        (line,) = await model.on.service.store.conversations(before=None, limit=9)
        talk = await model.on.service.store.conversation(line.id)
        assert talk is not None
        assert talk.opted_out
        assert len(model.model.journal) == 1
