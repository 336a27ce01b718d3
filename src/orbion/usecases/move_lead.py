"""Move a lead to another stage by hand, as far as its playbook lets it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from orbion.domain.errors import FaultCode, RefusedError
from orbion.domain.leads import LeadFile, StageMove
from orbion.domain.pipeline import LossReason, check_move
from orbion.domain.playbook import Playbook
from orbion.ports import Pipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveLead:
    """`accounts` names one account of each business, whose playbook holds for its leads."""

    leads: Pipeline
    accounts: Mapping[str, str]
    playbooks: Mapping[str, Playbook]

    async def __call__(
        self, lead_id: int, to: str, reason: LossReason | None, actor: str
    ) -> LeadFile:
        """The lead with its history after the move.

        Raises:
            RefusedError: there is no such lead or no account of its business, or it may not go
                there: conflict, with the slots that must be known first.
            RejectedError: no such stage, or a reason is missing or out of place.
        """
        found = await self.leads.lead_file(lead_id)
        if found is None:
            raise RefusedError(FaultCode.NOT_FOUND, f"there is no lead {lead_id}")
        account = self.accounts.get(found.business)
        if account is None:
            raise RefusedError(
                FaultCode.NOT_FOUND, f"no account is of business {found.business!r} any more"
            )
        check = partial(check_move, self.playbooks[account], to=to, reason=reason)
        move = StageMove(to=to, reason=reason, actor=actor)
        await self.leads.move_lead(lead_id, move, check=check)
        return await self.leads.lead_file(lead_id) or found
