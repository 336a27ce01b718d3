"""The tool that notes that the customer wants no more messages."""

from typing import Final

from orbion.agent.proof import source_of
from orbion.agent.tools.tool import (
    Arguments,
    Effects,
    Outcome,
    Quote,
    Scene,
    Tool,
    answered,
    refusal,
)


class RecordOptOut(Arguments):
    quote: Quote


async def record_opt_out(asked: RecordOptOut, scene: Scene) -> Outcome:
    """Only the customer's own words of this turn can end the messages to them."""
    if source_of(scene.given, asked.quote) is None:
        return refusal("quote não está nas mensagens de agora; copie as palavras do cliente")
    return answered({"recorded": "o cliente não receberá mais mensagens"}, Effects(opted_out=True))


RECORD_OPT_OUT: Final = Tool(
    name="record_opt_out",
    description=(
        "Registra que o cliente pediu para não receber mais mensagens. "
        "A conversa termina; a confirmação é enviada pelo sistema."
    ),
    arguments=RecordOptOut,
    run=record_opt_out,
)
