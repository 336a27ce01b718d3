"""Where a lead may go from where it is: the playbook's stages, and the two ends beside them.

The stages of a playbook are its own; won and lost are everybody's. Each stage asks for its slots.
"""

from enum import StrEnum
from typing import Final

from orbion.domain.errors import FaultCode, RefusedError, RejectedError
from orbion.domain.leads import Lead
from orbion.domain.playbook import Playbook
from orbion.domain.qualification import stage
from orbion.domain.turns import Facts

WON: Final = "ganhou"
LOST: Final = "perdeu"


class LossReason(StrEnum):
    """Why a lead is lost; the words of the sheet."""

    NO_PRIORITY = "sem_prioridade"
    OTHER_SUPPLIER = "outro_fornecedor"
    NO_FIT = "sem_fit"
    CURIOSITY = "curiosidade"
    PRICE = "preco"
    INTERNAL = "interno"
    NO_ANSWER = "sem_resposta"
    GAVE_UP = "desistiu"


def is_over(lead: Lead) -> bool:
    """Whether nothing is asked of this customer any more."""
    return lead.stage in {WON, LOST}


def next_stage(playbook: Playbook, lead: Lead, known: Facts, *, learnt: bool) -> str:
    """The stage after a turn of the bot: up the playbook's ladder, never down.

    A lead that is won stays so; a lost one comes back when it tells something new.
    """
    if lead.stage == WON or (lead.stage == LOST and not learnt):
        return lead.stage
    reached = stage(playbook, known).key
    ladder = [each.key for each in playbook.stages]
    if lead.stage not in ladder:
        return reached
    return max(lead.stage, reached, key=ladder.index)


def check_move(playbook: Playbook, lead: Lead, /, *, to: str, reason: LossReason | None) -> None:
    """Let a person move a lead.

    Raises:
        RejectedError: there is no such stage, or a reason is missing or out of place.
        RefusedError: conflict, with the slots that must be known first, or because a won lead goes
            nowhere but to lost.
    """
    required = {each.key: each.requires for each in playbook.stages}
    required |= {WON: playbook.stages[-1].requires, LOST: ()}
    if to not in required:
        raise RejectedError(
            FaultCode.INPUT_BAD, f"there is no stage {to!r}; write one of {', '.join(required)}"
        )
    if (to == LOST) != (reason is not None):
        need = f"needs a reason: {', '.join(LossReason)}" if to == LOST else "has no reason"
        raise RejectedError(FaultCode.INPUT_BAD, f"the stage {to!r} {need}")
    if lead.stage == WON and to != LOST:
        raise RefusedError(FaultCode.CONFLICT, f"lead {lead.id} is won: it can only be lost again")
    missing = [slot for slot in required[to] if not lead.facts.get(slot)]
    if missing:
        raise RefusedError(
            FaultCode.CONFLICT, f"the stage {to!r} needs first: {', '.join(missing)}"
        )
