"""The model reads what the documents say, may rest on it, and may look for more itself."""

import json
from collections.abc import Sequence
from random import Random

from orbion.agent.agent import Agent
from orbion.agent.reading import MOST_SENTENCES, Answer, AnswerKey, Answers, NoDocuments
from orbion.domain.passages import Passage, read_markdown
from orbion.domain.reply import Reply, ReplyBubble
from orbion.domain.turns import Facts, TurnResult, Verdict
from orbion.kit.cache import Cache, CachePolicy
from orbion.telemetry.metrics import Metrics
from tests.support.playbooks import solar
from tests.support.turns import JournaledTurns, SaidLLM, calls, in_turn, turn
from tests.unit.kit.manual_clock import ManualClock

SOURCE = "# Loja\n\n## Manobrista\nO manobrista da loja cobra R$ 73,00 por dia."
COVER = read_markdown("loja", SOURCE, origin="folder")
RESTS = Reply(bubbles=(ReplyBubble(text="O manobrista da loja cobra R$ 73,00 por dia."),))


class Library:
    async def passages(self, business: str, terms: Sequence[str]) -> Sequence[Passage]:
        assert business == "sol"
        return [each for each in COVER.passages if set(terms) & set(each.terms)]


async def run(
    llm: SaidLLM,
    text: str,
    *,
    answers: Answers | None = None,
    facts: Facts | None = None,
) -> TurnResult:
    agent = Agent(
        llm=llm,
        turns=JournaledTurns(),
        playbooks={"loja": solar()},
        deadline_seconds=5.0,
        clock=ManualClock(),
        metrics=Metrics(),
        answers=answers or Answers(knowledge=Library()),
    )
    return await agent(1, turn(text, facts=facts), ())


async def test_the_passage_stands_in_the_prompt_and_backs_the_answer() -> None:
    llm = in_turn(RESTS)
    result = await run(llm, "tem manobrista?")
    assert result.verdict is Verdict.ANSWERED
    shown = json.loads(llm.prompts[0].messages[-1].text)
    assert shown["documents"] == {"doc:loja:1": COVER.passages[0].text}


async def test_without_it_the_same_words_may_not_leave() -> None:
    llm = in_turn(RESTS)
    result = await run(llm, "bom dia")
    assert result.verdict is Verdict.FALLBACK
    assert "documents" not in json.loads(llm.prompts[0].messages[-1].text)


async def test_what_the_tool_finds_backs_the_answer_too() -> None:
    llm = in_turn(calls("search_knowledge", query="tem manobrista?"), RESTS)
    assert (await run(llm, "tenho uma dúvida aqui")).verdict is Verdict.ANSWERED


async def test_the_playbooks_answerer_says_the_passage_itself() -> None:
    result = await run(in_turn("nonsense"), "e tem manobrista?")
    assert result.verdict is Verdict.FALLBACK
    assert COVER.passages[0].text in [bubble.text for bubble in result.bubbles]


async def test_of_a_flood_only_the_newest_sentences_are_searched_for() -> None:
    answers, flood = Answers(knowledge=Library()), [f"frase {number}" for number in range(100)]
    for texts, found in ((["tem manobrista?", *flood], 0), ([*flood, "tem manobrista?"], 1)):
        read = await answers.read("sol", 0, solar(), texts)
        assert len(read.passages) == found
        assert len(read.answers) == MOST_SENTENCES


async def test_a_business_without_documents_has_none() -> None:
    assert await NoDocuments().passages("sol", ["loja"]) == ()


async def test_two_customers_share_what_the_data_say_and_nothing_of_their_own() -> None:
    cache: Cache[AnswerKey, Answer] = Cache(
        "answer", CachePolicy(maxsize=9, ttl=60.0), clock=ManualClock(), random=Random(1)
    )
    answers = Answers(knowledge=Library(), cache=cache)
    first = await run(in_turn("nonsense"), "e tem manobrista?", answers=answers)
    second = await run(
        in_turn("nonsense"), "E tem MANOBRISTA?", answers=answers, facts={"nome": "Ana"}
    )
    assert COVER.passages[0].text in [bubble.text for bubble in first.bubbles]
    assert COVER.passages[0].text in [bubble.text for bubble in second.bubbles]
    assert [bubble.text for bubble in first.bubbles] != [bubble.text for bubble in second.bubbles]
    assert (cache.statistics.hits, cache.statistics.misses) == (1, 1)
