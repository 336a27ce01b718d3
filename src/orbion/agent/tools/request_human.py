"""The tool that calls a person of the team into the conversation."""

from typing import Annotated, Final

import msgspec

from orbion.agent.tools.tool import Arguments, Effects, Outcome, Scene, Tool, answered

MOST_CHARACTERS: Final = 200


class RequestHuman(Arguments):
    reason: Annotated[str, msgspec.Meta(description="Motivo curto, para a equipe")]


async def request_human(asked: RequestHuman, scene: Scene) -> Outcome:
    reason = asked.reason.strip()[:MOST_CHARACTERS] or "model"
    told = {
        "called": "uma pessoa vai assumir depois desta resposta",
        "sent_after_yours": scene.playbook.handoff.message,
    }
    return answered(told, Effects(handoff=reason))


REQUEST_HUMAN: Final = Tool(
    name="request_human",
    description=(
        "Chama uma pessoa da equipe: o cliente pediu, ou o assunto é de pessoa. "
        "Depois da resposta, o assistente se cala."
    ),
    arguments=RequestHuman,
    run=request_human,
)
