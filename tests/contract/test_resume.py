"""A turn that dies between any two steps goes on from the store, without a second model call."""

from collections.abc import Sequence
from random import Random

import httpx2
import pytest

from orbion.adapters.db.store import DbStore
from orbion.adapters.llm.openai import OpenAILLM, build_client
from orbion.agent.agent import Agent
from orbion.domain.lanes import Queue
from orbion.domain.messages import Message
from orbion.domain.prompt import models_of
from orbion.domain.reply import Reply, ReplyBubble
from orbion.domain.turns import Step, TurnInput, TurnResult, Verdict
from orbion.kit.clock import SystemClock
from orbion.ports import LLM
from orbion.simulators.faults import ModelFaults
from orbion.simulators.openai import Json, OpenAISimulator, tool_call
from orbion.telemetry.metrics import Metrics
from tests.contract.scenes import claim_one, receive, take_turn
from tests.support.playbooks import solar
from tests.support.stores import hello
from tests.support.turns import JournaledTurns

KEY = "sk-simulated"
FACTS = [{"slot": "nome", "value": "Ana", "quote": "sou a Ana"}]
STORY: Sequence[Json | str] = (
    tool_call("record_facts", {"facts": FACTS}),
    tool_call("search_knowledge", {"query": "qual o endereço?"}, number=2),
    Reply(bubbles=(ReplyBubble(text="Fica R$ 9.000,00."),)).to_json(),
    Reply(bubbles=(ReplyBubble(text="Anotei, Ana."),)).to_json(),
)
KINDS = ["model", "tool", "model", "tool", "model", "veto", "model"]


class KilledError(BaseException):
    """The process died here."""


class Mortal(JournaledTurns):
    """The store's journal, whose process dies right after its n-th step was committed."""

    def __init__(self, store: DbStore, left: int) -> None:
        super().__init__()
        self.store = store
        self.left = left

    async def steps(self, turn_id: int) -> Sequence[Step]:
        return await self.store.steps(turn_id)

    async def save_step(self, turn_id: int, step: Step) -> None:
        await self.store.save_step(turn_id, step)
        self.left -= 1
        if self.left == 0:
            raise KilledError


def replies(body: Json) -> Json | str:
    """The story goes on by what the model is shown, as a model does: it has no memory."""
    said = [message for message in body["messages"] if message["role"] == "assistant"]
    return STORY[len(said)]


def agent(store: DbStore, llm: LLM, left: int) -> Agent:
    return Agent(
        llm=llm,
        turns=Mortal(store, left),
        playbooks={"loja": solar()},
        deadline_seconds=5.0,
        clock=SystemClock(),
        metrics=Metrics(),
    )


async def run(
    store: DbStore, llm: LLM, turn_id: int, given: TurnInput, left: int = 0
) -> TurnResult:
    history: Sequence[Message] = await store.history(
        given.conversation.id, given.conversation.version
    )
    return await agent(store, llm, left)(turn_id, given, history)


@pytest.mark.parametrize("left", range(1, len(KINDS) + 1))
async def test_no_finished_step_is_run_again_after_a_kill(store: DbStore, left: int) -> None:
    simulator = OpenAISimulator(
        replies, api_key=KEY, random=Random(1), now=lambda: 0, faults=ModelFaults(latency_ms=(0, 0))
    )
    await receive(store, hello(1, text="oi, sou a Ana"))
    claim, given = await take_turn(store)
    turn_id = await store.begin_turn(claim, given)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=simulator)) as http:
        client = build_client(KEY, "http://openai/v1", 5.0, http)
        llm = OpenAILLM(
            client, models=models_of("gpt-4.1-mini"), timeout=5.0, max_output_tokens=600
        )
        with pytest.raises(KilledError):
            await run(store, llm, turn_id, given, left)
        assert len(simulator.journal) == KINDS[:left].count("model")
        assert await store.begin_turn(claim, given) == turn_id
        result = await run(store, llm, turn_id, given)
    done = await store.finish_turn(claim, given, result)
    assert (done.verdict, [fact.value for fact in done.facts]) == (Verdict.ANSWERED, ["Ana"])
    assert [step.kind for step in await store.steps(turn_id)] == [*KINDS, "passed"]
    assert len(simulator.journal) == KINDS.count("model")
    assert (await claim_one(store, Queue.OUT)).queue is Queue.OUT
