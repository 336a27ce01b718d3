"""The tool that notes what the customer has just said about the slots of the playbook."""

from typing import Annotated, Final

import msgspec

from orbion.agent.proof import prove
from orbion.agent.tools.tool import Arguments, Effects, Outcome, Quote, Scene, Tool, answered
from orbion.domain.reply import ReplyFact

NOT_PROVEN: Final = "o resto não: só vale o novo que está, com essas palavras, na mensagem de agora"


class SaidFact(Arguments):
    slot: Annotated[str, msgspec.Meta(description="Chave da informação, da lista a descobrir")]
    value: Annotated[str, msgspec.Meta(description="O valor que o cliente informou")]
    quote: Quote


class RecordFacts(Arguments):
    facts: list[SaidFact]


async def record_facts(said: RecordFacts, scene: Scene) -> Outcome:
    """Note what the batch proves; the answer names the slots that were noted, in our own keys."""
    facts = [
        prove(scene.playbook, scene.given, each.slot, ReplyFact(value=each.value, quote=each.quote))
        for each in said.facts
    ]
    proven = tuple(fact for fact in facts if fact is not None)
    told: dict[str, object] = {"recorded": [fact.slot for fact in proven]}
    if len(proven) < len(facts):
        told["error"] = NOT_PROVEN
        told["slots"] = [slot.key for slot in scene.playbook.slots]
    return answered(told, Effects(facts=proven))


RECORD_FACTS: Final = Tool(
    name="record_facts",
    description="Anota informações que o cliente acabou de dizer sobre si.",
    arguments=RecordFacts,
    run=record_facts,
)
