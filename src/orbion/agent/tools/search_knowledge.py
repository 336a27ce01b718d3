"""The tool that looks things up in the data of the business."""

from dataclasses import replace
from typing import Annotated, Final

import msgspec

from orbion.agent.tools.tool import Arguments, Outcome, Scene, Tool, answered, refusal
from orbion.domain.answering import quoted, write_item
from orbion.domain.reply import ReplyBubble
from orbion.domain.retrieval import find_items
from orbion.domain.vocabulary import spelled_out


class SearchKnowledge(Arguments):
    query: Annotated[str, msgspec.Meta(description="O que se quer saber, como pergunta curta")]


async def search_knowledge(asked: SearchKnowledge, scene: Scene) -> Outcome:
    read = await scene.read([asked.query])
    found = read.look(scene.playbook, asked.query) or [
        ReplyBubble(text=write_item(item), fact_ids=(item.fact_id,))
        for item in find_items(scene.playbook, spelled_out(asked.query))
    ]
    passages = () if found else read.passages
    found = found or [quoted(each.passage) for each in passages]
    if not found:
        return refusal("nada nos dados sobre isso; diga que não sabe ou chame uma pessoa")
    told = {"found": [{"text": bubble.text, "fact_ids": bubble.fact_ids} for bubble in found]}
    return replace(answered(told), passages=passages)


SEARCH_KNOWLEDGE: Final = Tool(
    name="search_knowledge",
    description=(
        "Procura preços, horário, endereço, respostas e documentos nos dados do negócio. "
        "Use antes de dizer que não sabe."
    ),
    arguments=SearchKnowledge,
    run=search_knowledge,
)
