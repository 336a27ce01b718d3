"""The tool that looks things up in the data of the business."""

from typing import Annotated, Final

import msgspec

from orbion.agent.tools.tool import Arguments, Outcome, Scene, Tool, answered, refusal
from orbion.domain.answering import look_up, write_item
from orbion.domain.reply import ReplyBubble
from orbion.domain.retrieval import find_items
from orbion.domain.vocabulary import spelled_out


class SearchKnowledge(Arguments):
    query: Annotated[str, msgspec.Meta(description="O que se quer saber, como pergunta curta")]


async def search_knowledge(asked: SearchKnowledge, scene: Scene) -> Outcome:
    found = look_up(scene.playbook, asked.query) or [
        ReplyBubble(text=write_item(item), fact_ids=(item.fact_id,))
        for item in find_items(scene.playbook, spelled_out(asked.query))
    ]
    if not found:
        return refusal("nada nos dados sobre isso; diga que não sabe ou chame uma pessoa")
    return answered(
        {"found": [{"text": bubble.text, "fact_ids": bubble.fact_ids} for bubble in found]}
    )


SEARCH_KNOWLEDGE: Final = Tool(
    name="search_knowledge",
    description=(
        "Procura preços, horário, endereço e respostas prontas nos dados do negócio. "
        "Use antes de dizer que não sabe."
    ),
    arguments=SearchKnowledge,
    run=search_knowledge,
)
