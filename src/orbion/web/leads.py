"""Let operators see a lead with its history, move it, say its value, and forecast."""

from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from orbion.domain.errors import FaultCode, RefusedError, RejectedError
from orbion.domain.forecast import MOST_CENTAVOS
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


class Value(BaseModel):
    """In centavos of real; null = not known any more."""

    model_config = ConfigDict(extra="forbid")

    value_centavos: int | None = Field(ge=0, le=MOST_CENTAVOS)


@router.get("/forecast", response_model=None)
async def forecast(state: Admin) -> Any:
    """Sum what leads are worth, by stage and weighed by the playbook's probabilities."""
    return plain({"items": await state.forecast_leads()})


@router.get("/{lead_id}", response_model=None)
async def lead(lead_id: int, state: Admin) -> Any:
    """Show one lead: what is known, how often it was asked, and every change of its stage."""
    found = await state.move_lead.leads.lead_file(lead_id)
    if found is None:
        raise HTTPException(404, "no such lead")
    return plain(found)


@router.put("/{lead_id}/value", response_model=None)
async def value(lead_id: int, worth: Value, state: Admin) -> Any:
    """Say what a lead is worth; the forecast and the sheet show it."""
    leads = state.move_lead.leads
    if not await leads.value_lead(lead_id, worth.value_centavos, ACTOR):
        raise HTTPException(404, "no such lead")
    return plain(await leads.lead_file(lead_id))


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
