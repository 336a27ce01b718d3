"""The model may call tools within limits and may correct itself once; then code answers."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import pytest

from orbion.agent.agent import Agent
from orbion.agent.loop import MOST_CALLS, MOST_IDENTICAL
from orbion.agent.prompt import SHORT_HISTORY
from orbion.agent.reading import Answers
from orbion.domain.errors import FaultCode, RefusedError
from orbion.domain.leads import Fact
from orbion.domain.messages import Message
from orbion.domain.passages import Passage
from orbion.domain.prompt import Prompt
from orbion.domain.reply import Reply, ReplyBubble, ReplyFact
from orbion.domain.turns import Bubble, Completion, ToolCall, TurnInput, TurnResult, Verdict
from orbion.ports import LLM
from orbion.telemetry.metrics import Metrics
from tests.support.playbooks import solar
from tests.support.turns import JournaledTurns, SaidLLM, calls, heard, in_turn, told, turn
from tests.unit.kit.manual_clock import ManualClock

SOLAR = solar()
FINE = Reply(bubbles=(ReplyBubble(text="Tudo bem por aqui."),))
NAMED = [{"slot": "nome", "value": "Ana", "quote": "sou a Ana"}]
WHERE = "qual o endereço?"


async def run(
    llm: LLM,
    given: TurnInput,
    history: Sequence[Message] = (),
    *,
    turns: JournaledTurns | None = None,
    metrics: Metrics | None = None,
) -> TurnResult:
    agent = Agent(
        llm=llm,
        turns=turns or JournaledTurns(),
        playbooks={"loja": SOLAR},
        deadline_seconds=5.0,
        clock=ManualClock(),
        metrics=metrics or Metrics(),
    )
    return await agent(1, given, history)


def told_by_tools(llm: SaidLLM) -> list[dict[str, object]]:
    """What the tools said to the model in its last call."""
    messages = llm.prompts[-1].messages
    return [msgspec.json.decode(each.text) for each in messages if each.role == "tool"]


async def test_the_model_reads_a_tools_answer_and_then_replies() -> None:
    llm = in_turn(calls("search_knowledge", query="qual o endereço da loja?"), FINE)
    result = await run(llm, turn("onde é?"))
    assert result.bubbles == (Bubble(text="Tudo bem por aqui."),)
    first, second = llm.prompts
    assert second.messages[: len(first.messages)] == first.messages
    assert second.messages[-2].tool_calls[0].id == second.messages[-1].tool_call_id
    assert SOLAR.address in second.messages[-1].text


async def test_facts_noted_by_a_tool_are_written_with_the_turn() -> None:
    llm = in_turn(calls("record_facts", facts=NAMED), FINE)
    result = await run(llm, turn("oi", "sou a Ana"))
    assert result.facts == (Fact(slot="nome", value="Ana", message_id=102, quote="sou a Ana"),)
    assert result.score == 10


async def test_a_later_value_of_the_same_slot_wins() -> None:
    corrected = Reply(bubbles=FINE.bubbles, facts={"nome": ReplyFact(value="Bia", quote="Bia")})
    result = await run(
        in_turn(calls("record_facts", facts=NAMED), corrected), turn("sou a Ana, digo, Bia")
    )
    assert [fact.value for fact in result.facts] == ["Bia"]


async def test_what_a_tool_noted_is_not_asked_for_by_the_playbook_either() -> None:
    llm = in_turn(calls("record_facts", facts=NAMED), "nonsense")
    result = await run(llm, turn("sou a Ana, como funciona?"))
    assert result.verdict is Verdict.FALLBACK
    assert [fact.value for fact in result.facts] == ["Ana"]
    assert result.open_slot == "valor_conta"


async def test_a_person_called_by_a_tool_comes_after_the_reply() -> None:
    llm = in_turn(calls("request_human", reason="desconto"), FINE)
    result = await run(llm, turn("consegue melhorar?"))
    assert (result.verdict, result.handoff) == (Verdict.HANDED_OVER, "desconto")
    assert [bubble.text for bubble in result.bubbles] == [
        "Tudo bem por aqui.",
        SOLAR.handoff.message,
    ]
    assert {bubble.exempt for bubble in result.bubbles} == {"handoff"}


async def test_a_person_called_by_a_tool_comes_although_the_model_then_fails() -> None:
    result = await run(in_turn(calls("request_human", reason=" "), "nonsense"), turn(WHERE))
    assert (result.verdict, result.handoff) == (Verdict.HANDED_OVER, "model")
    assert [bubble.text for bubble in result.bubbles] == [SOLAR.handoff.message]


async def test_an_opt_out_ends_the_turn_with_its_confirmation_alone() -> None:
    llm = in_turn(calls("record_opt_out", quote="chega disso"))
    result = await run(llm, turn("sou a Ana e chega disso"))
    assert len(llm.prompts) == 1
    assert result == TurnResult(
        verdict=Verdict.OPTED_OUT,
        bubbles=(Bubble(text=SOLAR.texts.opt_out_confirmation, exempt="opt_out"),),
        stage="novo",
        score=0,
    )


async def test_nobody_is_opted_out_by_words_that_they_did_not_write() -> None:
    llm = in_turn(calls("record_opt_out", quote="me tira da lista"), FINE)
    result = await run(llm, turn("oi"))
    assert result.verdict is Verdict.ANSWERED
    assert "error" in told_by_tools(llm)[0]


def different(number: int) -> tuple[ToolCall, ...]:
    (call,) = calls("search_knowledge", query=f"pergunta {number}")
    return (call,)


async def test_after_five_tool_calls_the_model_must_answer() -> None:
    llm = in_turn(*(different(number) for number in range(MOST_CALLS)), FINE)
    result = await run(llm, turn(WHERE))
    assert result.verdict is Verdict.ANSWERED
    assert [prompt.must_answer for prompt in llm.prompts] == [False] * MOST_CALLS + [True]


async def test_after_three_identical_tool_calls_the_model_must_answer() -> None:
    llm = in_turn(*[calls("search_knowledge", query="preço")] * MOST_IDENTICAL, FINE)
    await run(llm, turn(WHERE))
    assert [prompt.must_answer for prompt in llm.prompts] == [False] * MOST_IDENTICAL + [True]


async def test_a_model_that_goes_on_calling_is_replaced_by_the_playbook() -> None:
    turns, llm = JournaledTurns(), in_turn(calls("search_knowledge", query="preço"))
    result = await run(llm, turn(WHERE), turns=turns)
    assert result.verdict is Verdict.FALLBACK
    assert SOLAR.address in result.bubbles[0].text
    assert turns.written[-1].output == "tool_loop"
    assert len(llm.prompts) == MOST_IDENTICAL + 1


async def test_of_many_calls_at_once_only_five_are_run_and_each_is_answered() -> None:
    turns = JournaledTurns()
    crowd = [
        ToolCall(id=f"call_{number}", name="search_knowledge", arguments=f'{{"query":"{number}"}}')
        for number in range(100)
    ]
    llm = in_turn(crowd, FINE)
    await run(llm, turn("oi"), turns=turns)
    assert sum(step.kind == "tool" for step in turns.written) == MOST_CALLS
    assert len(told_by_tools(llm)) == 100
    assert llm.prompts[-1].must_answer


async def test_a_vetoed_reply_goes_back_once_with_the_reason() -> None:
    dear = Reply(bubbles=(ReplyBubble(text="Fica R$ 9.000,00."),))
    turns, llm = JournaledTurns(), in_turn(dear, FINE)
    result = await run(llm, turn("quanto?"), turns=turns)
    assert result.verdict is Verdict.ANSWERED
    assert [step.kind for step in turns.written] == ["model", "veto", "model"]
    assert [step.kind for step in result.steps] == ["passed"]
    refused, order = llm.prompts[1].messages[-2:]
    assert (refused.role, refused.text) == ("assistant", dear.to_json())
    assert order.role == "system"
    assert "valor em dinheiro" in order.text
    assert "9.000" not in order.text
    assert llm.prompts[1].must_answer


async def test_a_vetoed_amount_is_not_proven_by_the_refused_reply_itself() -> None:
    dear = Reply(bubbles=(ReplyBubble(text="Fica R$ 9.000,00."),))
    llm = in_turn(dear)
    result = await run(llm, turn(WHERE))
    assert (result.verdict, len(llm.prompts)) == (Verdict.FALLBACK, 2)


async def test_a_tool_call_in_place_of_the_rewrite_ends_the_turn() -> None:
    llm = in_turn("nonsense", calls("search_knowledge", query="preço"))
    result = await run(llm, turn(WHERE))
    assert (result.verdict, len(llm.prompts)) == (Verdict.FALLBACK, 2)


CHAT = tuple((heard if number % 2 else told)(number, f"fala {number}") for number in range(1, 13))


def too_long(most: int, reply: Reply = FINE) -> SaidLLM:
    """A model with room for so many messages."""

    def say(prompt: Prompt) -> str:
        if len(prompt.messages) > most:
            raise RefusedError(FaultCode.OPENAI_CONTEXT_TOO_LONG, "too long")
        return reply.to_json()

    return SaidLLM(say)


async def test_a_chat_too_long_for_the_model_is_shown_once_more_with_less_history() -> None:
    turns, llm = JournaledTurns(), too_long(SHORT_HISTORY + 2)
    result = await run(llm, turn(WHERE), CHAT, turns=turns)
    assert result.verdict is Verdict.ANSWERED
    assert [step.kind for step in turns.written] == ["fault", "model"]
    assert [message.text for message in llm.prompts[1].messages[1:-1]] == [
        f"fala {number}" for number in range(9, 13)
    ]


@pytest.mark.parametrize(("history", "asked"), [(CHAT, 2), (CHAT[-SHORT_HISTORY:], 1), ((), 1)])
async def test_a_chat_that_stays_too_long_is_answered_by_the_playbook(
    history: Sequence[Message], asked: int
) -> None:
    llm = too_long(1)
    result = await run(llm, turn(WHERE), history)
    assert (result.verdict, len(llm.prompts)) == (Verdict.FALLBACK, asked)


async def test_tools_keep_their_answers_when_the_history_is_shortened() -> None:
    def say(prompt: Prompt) -> str | tuple[ToolCall, ...]:
        if not any(message.role == "tool" for message in prompt.messages):
            return calls("search_knowledge", query="endereço")
        if len(prompt.messages) > SHORT_HISTORY + 4:
            raise RefusedError(FaultCode.OPENAI_CONTEXT_TOO_LONG, "too long")
        return FINE.to_json()

    llm = SaidLLM(say)
    assert (await run(llm, turn(WHERE), CHAT)).verdict is Verdict.ANSWERED
    assert [message.role for message in llm.prompts[-1].messages[-3:]] == [
        "user",
        "assistant",
        "tool",
    ]


class KilledError(BaseException):
    """The process died here."""


class MortalTurns(JournaledTurns):
    """A journal whose process dies right after its n-th step of this life was saved."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left

    async def save_step(self, turn_id: int, step: object) -> None:
        await super().save_step(turn_id, step)  # type: ignore[arg-type]
        self.left -= 1
        if self.left == 0:
            raise KilledError


STORY: tuple[Reply | str | tuple[ToolCall, ...], ...] = (
    calls("record_facts", facts=NAMED),
    calls("request_human", reason="desconto"),
    Reply(bubbles=(ReplyBubble(text="Fica R$ 9.000,00."),)),
    FINE,
)
LOST: tuple[Reply | str | tuple[ToolCall, ...], ...] = (
    calls("search_knowledge", query="preço"),
    "nonsense",
)


@pytest.mark.parametrize("story", [STORY, LOST], ids=["a full story", "a lost one"])
async def test_after_a_kill_at_any_step_finished_steps_are_read_and_not_run_again(
    story: Sequence[Reply | str | Sequence[ToolCall]],
) -> None:
    whole, given = JournaledTurns(), turn("sou a Ana, tem desconto?")
    expected = await run(in_turn(*story), given, turns=whole)
    kinds = [step.kind for step in whole.written]
    assert len(kinds) >= 5
    for left in range(1, len(kinds) + 1):
        turns = MortalTurns(left)
        before, after = in_turn(*story), in_turn(*story[kinds[:left].count("model") :] or ["?"])
        with pytest.raises(KilledError):
            await run(before, given, turns=turns)
        assert await run(after, given, turns=turns) == expected, f"killed after step {left}"
        assert [step.kind for step in turns.written] == kinds
        assert len(before.prompts) + len(after.prompts) == kinds.count("model")


async def test_a_fallback_that_was_written_before_a_kill_does_not_ask_the_model_again() -> None:
    turns = JournaledTurns()

    def down(_: Prompt) -> str:
        raise RefusedError(FaultCode.OPENAI_QUOTA, "no money")

    first = await run(SaidLLM(down), turn(WHERE), turns=turns)
    healed = in_turn(FINE)
    assert await run(healed, turn(WHERE), turns=turns) == first
    assert healed.prompts == []
    assert [step.kind for step in turns.written] == ["fallback"]


@dataclass(slots=True)
class Slow:
    """A model that thinks for three seconds, and documents that take two to be read."""

    clock: ManualClock
    inner: SaidLLM

    async def complete(self, prompt: Prompt) -> Completion:
        self.clock.advance(3)
        return await self.inner.complete(prompt)

    async def passages(self, business: str, terms: Sequence[str]) -> Sequence[Passage]:
        del business, terms
        self.clock.advance(2)
        return ()


async def test_a_turn_tells_what_the_model_the_tools_and_the_checks_took() -> None:
    metrics, clock = Metrics(), ManualClock()
    slow = Slow(clock, in_turn(calls("search_knowledge", query="tem manobrista?"), FINE))
    agent = Agent(
        llm=slow,
        turns=JournaledTurns(),
        playbooks={"loja": SOLAR},
        deadline_seconds=5.0,
        clock=clock,
        metrics=metrics,
        answers=Answers(knowledge=slow),
    )
    await agent(1, turn("oi"), ())
    seconds = {
        each.labels["stage"]: each.value
        for metric in metrics.collect()
        for each in metric.samples
        if each.name == "orbion_turn_seconds_sum"
    }
    assert seconds == {"model": 6, "tools": 2, "checks": 0}


async def test_calls_tools_and_reasons_are_counted_with_labels_from_closed_sets() -> None:
    metrics = Metrics()
    await run(in_turn(calls("search_knowledge", query="preço"), FINE), turn("oi"), metrics=metrics)
    dear = Reply(bubbles=(ReplyBubble(text="Claro! R$ 9.000,00."),))
    await run(in_turn(calls("R$ 1,00"), dear), turn("oi"), metrics=metrics)
    samples = {
        (each.name, *each.labels.values()): each.value
        for metric in metrics.collect()
        for each in metric.samples
    }
    assert samples["orbion_turn_model_calls_count",] == 2
    assert samples["orbion_turn_model_calls_sum",] == 2 + 3
    assert samples["orbion_tool_calls_total", "search_knowledge"] == 1
    assert samples["orbion_tool_calls_total", "unknown"] == 1
    assert samples["orbion_fallbacks_total", "opener"] == 1
    assert samples["orbion_fallbacks_total", "amount"] == 1
