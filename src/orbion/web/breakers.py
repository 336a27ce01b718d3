"""Let operators see each circuit, hold it open or closed, and give it back to its own judgement."""

from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict

from orbion.kit.breaker import BreakerMode
from orbion.web.admin import ACTOR
from orbion.web.deps import Admin, State
from orbion.web.responses import plain

router = APIRouter(prefix="/admin/breakers")


class Named(BaseModel):
    """Names one circuit; a business's name may hold any character, so it travels in the body."""

    model_config = ConfigDict(extra="forbid")

    name: str


@router.get("", response_model=None)
async def breakers(state: Admin) -> Any:
    """List the circuits of this process with their calls since its start."""
    return {"items": [plain(guard.report()) for _, guard in sorted(state.guards.items())]}


@router.post("/open", response_model=None)
async def force_open(which: Named, state: Admin) -> Any:
    """Let no call through until it is closed or reset."""
    return await _order(state, which.name, "open", BreakerMode.forced_open)


@router.post("/close", response_model=None)
async def force_closed(which: Named, state: Admin) -> Any:
    """Let every call through, whatever its results are, until it is opened or reset."""
    return await _order(state, which.name, "close", BreakerMode.forced_closed)


@router.post("/reset", response_model=None)
async def reset(which: Named, state: Admin) -> Any:
    """Close it with nothing counted; from now on the results decide again."""
    return await _order(state, which.name, "reset", BreakerMode.automatic)


async def _order(state: State, name: str, verb: str, mode: BreakerMode) -> Any:
    """Write down who ordered it before anything changes."""
    guard = state.guards.get(name)
    if guard is None:
        known = ", ".join(sorted(state.guards)) or "none"
        raise HTTPException(404, f"no circuit {name}; there are: {known}")
    await state.desk.note(ACTOR, f"breaker.{verb}", name)
    guard.order(mode, f"{verb} by {ACTOR}")
    return plain(guard.report())
