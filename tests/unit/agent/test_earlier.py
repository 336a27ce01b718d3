"""A long conversation is told in short, by a model or by code, once for many turns."""

import asyncio
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import msgspec

from orbion.agent.agent import Agent
from orbion.agent.asking import Asking
from orbion.agent.earlier import Earlier
from orbion.agent.journal import Journal
from orbion.agent.judge import Judge
from orbion.agent.prompt import shortened, with_summary
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.domain.messages import Message
from orbion.domain.prompt import Prompt
from orbion.domain.reply import Reply, ReplyBubble
from orbion.domain.summary import BY_CODE, Summary
from orbion.domain.turns import ChatMessage, Facts, TurnResult, Verdict
from orbion.kit.stopwatch import Stopwatch
from orbion.ports import LLM
from orbion.telemetry.metrics import Metrics
from tests.support.playbooks import solar
from tests.support.stores import HandClock
from tests.support.turns import JournaledTurns, SaidLLM, heard, in_turn, prompt, told, turn

ANSWER = Reply(bubbles=(ReplyBubble(text="Entendi."),))
QUESTION = "e se faltar luz na rua, o sistema continua ligado?"


@dataclass(slots=True)
class Kept:
    """A conversation's messages and its summaries, the last of which is in force."""

    said: Sequence[Message] = ()
    summaries: list[Summary] = field(default_factory=list)

    async def summary(self, conversation_id: int) -> Summary | None:
        assert conversation_id == 1
        return self.summaries[-1] if self.summaries else None

    async def earlier(self, conversation_id: int, before: int) -> Sequence[Message]:
        assert conversation_id == 1
        return [message for message in self.said if message.seq < before]

    async def save_summary(self, conversation_id: int, summary: Summary) -> None:
        assert conversation_id == 1
        self.summaries.append(summary)


def talk(turns: int) -> list[Message]:
    lines = ((heard(2 * n + 1, f"{QUESTION} {n}"), told(2 * n + 2, "Sim.")) for n in range(turns))
    return [message for pair in lines for message in pair]


async def answered(
    llm: SaidLLM,
    kept: Kept,
    *,
    summing: LLM | None = None,
    facts: Facts | None = None,
    journal: JournaledTurns | None = None,
    judge: Judge | None = None,
) -> TurnResult:
    agent = Agent(
        llm=llm,
        turns=journal or JournaledTurns(),
        playbooks={"loja": solar()},
        deadline_seconds=5.0,
        clock=HandClock(),
        metrics=Metrics(),
        judge=judge or Judge(),
        earlier=Earlier(kept=kept, llm=summing),
    )
    said = turn("como funciona a garantia de vocês?", facts=facts)
    return await agent(1, said, list(kept.said)[-20:])


def earlier_in(asked: Prompt) -> str:
    second = asked.messages[1]
    return str(msgspec.json.decode(second.text)["earlier"]) if asked.summary is second else ""


async def test_a_chat_that_fits_has_no_summary() -> None:
    llm, kept = in_turn(ANSWER), Kept(talk(4))
    await answered(llm, kept)
    assert (kept.summaries, llm.prompts[0].summary) == ([], None)


async def test_without_a_model_for_it_code_tells_what_the_customer_asked() -> None:
    llm, kept = in_turn(ANSWER), Kept(talk(20))
    await answered(llm, kept)
    await answered(llm, kept)
    (made,) = kept.summaries
    assert (made.upto, made.maker, made.version) == (24, BY_CODE, 1)
    assert f"«{QUESTION} 11»" in earlier_in(llm.prompts[0])
    assert "«{QUESTION} 12»" not in made.text
    assert llm.prompts[0].messages[2].text == "Sim."


async def test_a_model_sums_up_once_for_many_turns_and_reads_only_what_is_new() -> None:
    llm, kept = in_turn(ANSWER), Kept(talk(20))
    writer = SaidLLM(lambda _: "Quer saber da garantia.")
    await answered(llm, kept, summing=writer)
    await answered(llm, kept, summing=writer)
    assert [earlier_in(each) for each in llm.prompts] == ["Quer saber da garantia."] * 2
    kept.said = talk(24)
    await answered(llm, kept, summing=writer)
    first, second = (msgspec.json.decode(each.messages[-1].text) for each in writer.prompts)
    assert {each.task for each in writer.prompts} == {"summary"}
    assert (first["before"], len(first["messages"])) == ("", 23)
    assert (second["before"], len(second["messages"])) == ("Quer saber da garantia.", 8)
    assert [each.maker for each in kept.summaries] == ["said", "said"]


async def test_after_a_correction_it_is_made_anew_from_the_messages() -> None:
    llm, kept = in_turn(ANSWER), Kept(talk(20))
    writer = SaidLLM(lambda _: "Mora em Santos.")
    await answered(llm, kept, summing=writer, facts={"cidade": "Santos"})
    await answered(llm, kept, summing=writer, facts={"cidade": "Santos", "nome": "Ana"})
    await answered(llm, kept, summing=writer, facts={"cidade": "Campinas", "nome": "Ana"})
    last = msgspec.json.decode(writer.prompts[-1].messages[-1].text)
    assert [each.version for each in kept.summaries] == [1, 2]
    assert (last["before"], len(last["messages"])) == ("", 23)
    assert last["facts"] == {"cidade": "Campinas", "nome": "Ana"}


async def test_a_crash_after_the_models_answer_asks_no_second_time() -> None:
    llm, journal = in_turn(ANSWER), JournaledTurns()
    writer = SaidLLM(lambda _: "Quer saber da garantia.")
    await answered(llm, Kept(talk(20)), summing=writer, journal=journal)
    lost = Kept(talk(20))
    await answered(llm, lost, summing=writer, journal=journal)
    assert (len(writer.prompts), lost.summaries[0].maker) == (1, "said")
    assert [step.kind for step in journal.written] == ["model", "model"]


async def test_when_the_model_cannot_code_does_and_the_customer_is_answered() -> None:
    def fails(_: Prompt) -> str:
        raise UnavailableError(FaultCode.OPENAI_SERVER, "down")

    llm, kept = in_turn(ANSWER), Kept(talk(20))
    result = await answered(llm, kept, summing=SaidLLM(fails))
    assert (result.verdict, kept.summaries[0].maker) == (Verdict.ANSWERED, BY_CODE)
    await answered(llm, empty := Kept(talk(20)), summing=SaidLLM(lambda _: "  "))
    assert empty.summaries[0].maker == BY_CODE


async def test_the_beginning_stays_the_same_through_a_long_conversation() -> None:
    llm, kept, judge = in_turn(ANSWER), Kept(), Judge()
    for turns in range(2, 45):
        kept.said = talk(turns)
        await answered(llm, kept, judge=judge)
    texts = ["\n".join(each.text for each in asked.messages) for asked in llm.prompts]
    shares = [same(one, other) / len(other) for one, other in pairwise(texts)]
    assert (min(shares) >= 0.7, statistics.mean(shares) >= 0.9) == (True, True)
    assert max(map(len, texts)) < 1.4 * len(texts[0]), "a long talk costs no more than a short one"


def same(one: str, other: str) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))


def test_what_a_summary_says_backs_nothing() -> None:
    reply = Reply(bubbles=(ReplyBubble(text="Você paga R$ 123,45 de luz."),)).to_json()
    spoken = prompt("pago R$ 123,45 de luz", said=True)
    system = ChatMessage(role="system", text="regras")
    assert isinstance(Judge()(reply, spoken), Reply)
    told_of = with_summary(replace(spoken, messages=(system,)), "pago R$ 123,45 de luz")
    assert Judge()(reply, told_of) == "amount"


def test_a_call_that_is_too_long_keeps_its_summary() -> None:
    chat = tuple(ChatMessage(role="user", text=str(number)) for number in range(9))
    shorter = shortened(with_summary(replace(prompt("8"), messages=chat), "Quer uma visita."))
    assert shorter is not None
    assert [each.text for each in shorter.messages] == [
        "0", '{"earlier":"Quer uma visita."}', "4", "5", "6", "7", "8",
    ]  # fmt: skip
    assert with_summary(prompt("8"), "") == prompt("8")


async def test_where_nothing_is_kept_a_long_chat_is_answered_without_its_beginning() -> None:
    llm, said = in_turn(ANSWER), talk(20)
    asked = replace(prompt("oi"), messages=(ChatMessage(role="system", text="regras"),))
    asking = Asking(
        llm=llm,
        journal=Journal(JournaledTurns(), 1, steps=()),
        watch=Stopwatch(HandClock()),
        until=asyncio.get_running_loop().time() + 5,
    )
    assert await Earlier()(asked, turn("oi"), said, asking) == asked
