"""Let operators see a lead with its history, and move it along the pipeline."""

from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict

from orbion.domain.errors import FaultCode, RefusedError, RejectedError
from orbion.domain.pipeline import LossReason
from orbion.web.admin import ACTOR
from orbion.web.deps import Admin
from orbion.web.responses import plain

router = APIRouter(prefix="/admin/leads")


class Move(BaseModel):
    """Where to, and for `perdeu` why."""

    model_config = ConfigDict(extra="forbid")

    stage: str
    reason: LossReason | None = None


@router.get("/{lead_id}", response_model=None)
async def lead(lead_id: int, state: Admin) -> Any:
    """Show one lead: what is known, how often it was asked, and every change of its stage."""
    found = await state.move_lead.leads.lead_file(lead_id)
    if found is None:
        raise HTTPException(404, "no such lead")
    return plain(found)


@router.post("/{lead_id}/stage", response_model=None)
async def move(lead_id: int, where: Move, state: Admin) -> Any:
    """Move a lead along its playbook, to `ganhou` or `perdeu`; 409 names what must be known."""
    try:
        return plain(await state.move_lead(lead_id, where.stage, where.reason, ACTOR))
    except RejectedError as error:
        raise HTTPException(422, str(error)) from error
    except RefusedError as error:
        status = 404 if error.code is FaultCode.NOT_FOUND else 409
        raise HTTPException(status, str(error)) from error
