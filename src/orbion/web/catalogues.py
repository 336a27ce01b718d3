"""Let operators have a catalogue read from its sheet at once."""

from typing import Any

from fastapi import APIRouter, HTTPException

from orbion.domain.errors import UnavailableError
from orbion.web.admin import ACTOR
from orbion.web.deps import Admin
from orbion.web.responses import plain

router = APIRouter(prefix="/admin/catalogues")


@router.post("/{account}/read", response_model=None)
async def read(account: str, state: Admin) -> Any:
    """Read the catalogue of an account's sheet now; while that fails the old one stays."""
    await state.desk.note(ACTOR, "catalogue.read", account)
    try:
        found = await state.read_catalogue(account)
    except UnavailableError as error:
        wait = {"retry-after": str(max(1, round(error.retry_after)))}
        raise HTTPException(503, f"{error.code}: {error}", wait) from error
    if found is None:
        raise HTTPException(404, f"no account {account} whose playbook has a [catalogue_sheet]")
    return {"items": len(found.items), "skipped": plain(found.skipped)}
