"""Let operators read conversations, take them over, and settle what died or was set aside."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from orbion.domain.conversations import Mode, ModeReason
from orbion.domain.errors import RejectedError, UnavailableError
from orbion.domain.lanes import Queue, Requeued
from orbion.domain.listing import QuarantineLine
from orbion.web.deps import Admin, State, trace_of
from orbion.web.responses import plain

ACTOR = "admin"

_MESSAGES = 100
_MOST = 200


Before = Annotated[int | None, Query(ge=1)]
Size = Annotated[int, Query(ge=1, le=_MOST)]

router = APIRouter(prefix="/admin")


class DeadTask(BaseModel):
    """Names one dead letter; a lane key may hold any character, so it travels in the body."""

    model_config = ConfigDict(extra="forbid")

    queue: Queue
    key: str
    seq: int


class Requeue(DeadTask):
    """`force` does what was answered or sent meanwhile a second time."""

    force: bool = False


@router.get("/accounts", response_model=None)
async def accounts(state: Admin) -> Any:
    """List the numbers: how each is connected, why, and since when."""
    return {"items": plain(list(await state.desk.account_lines()))}


@router.get("/conversations", response_model=None)
async def conversations(state: Admin, before: Before = None, limit: Size = 50) -> Any:
    """Page by id, newest first; `next` is the `before` of the following page."""
    lines = await state.desk.conversations(before=before, limit=limit)
    return _page(lines, limit, lines[-1].id if lines else None)


@router.get("/conversations/{conversation_id}", response_model=None)
async def conversation(conversation_id: int, state: Admin) -> Any:
    """Show one conversation with its last messages, oldest first."""
    found = await state.desk.conversation(conversation_id)
    if found is None:
        raise _missing("conversation")
    messages = await state.desk.messages(conversation_id, _MESSAGES)
    return {"conversation": plain(found), "messages": plain(list(messages))}


@router.post("/conversations/{conversation_id}/takeover", response_model=None)
async def takeover(conversation_id: int, state: Admin) -> Any:
    """Silence the bot in this conversation: nothing of it leaves any more."""
    return await _set_mode(state, conversation_id, Mode.HUMAN, ModeReason.OPERATOR)


@router.post("/conversations/{conversation_id}/release", response_model=None)
async def release(conversation_id: int, state: Admin) -> Any:
    """Give the conversation back to the bot."""
    return await _set_mode(state, conversation_id, Mode.BOT, None)


@router.get("/dead", response_model=None)
async def dead(state: Admin, before: Before = None, limit: Size = 50) -> Any:
    """Page by time of death (ms UTC), newest first."""
    letters = await state.desk.dead_letters(before=before, limit=limit)
    return _page(letters, limit, letters[-1].died_at if letters else None)


@router.post("/dead/requeue", response_model=None)
async def requeue(task: Requeue, state: Admin) -> Any:
    """Put a dead task at the end of its lane; 409 once it is queued, answered or sent."""
    done = await state.desk.requeue(task.queue, task.key, task.seq, ACTOR, force=task.force)
    match done:
        case Requeued.QUEUED:
            return {"requeued": True}
        case Requeued.MISSING:
            raise _missing("dead letter")
        case Requeued.WAITING:
            raise HTTPException(409, "it is queued already")
        case Requeued.DONE:
            raise HTTPException(409, 'it was done meanwhile: "force": true does it again')


@router.post("/dead/discard", response_model=None)
async def discard(task: DeadTask, state: Admin) -> Any:
    """Close a dead task without doing it; its row stays for the record."""
    if not await state.desk.discard_dead(task.queue, task.key, task.seq, ACTOR):
        raise _missing("dead letter")
    return {"discarded": True}


@router.get("/quarantine", response_model=None)
async def quarantine(state: Admin, before: Before = None, limit: Size = 50) -> Any:
    """Page by id, newest first."""
    lines = await state.desk.quarantined(before=before, limit=limit)
    shown = [{**plain(line), "raw": line.raw.decode("utf-8", "replace")} for line in lines]
    return _page(shown, limit, lines[-1].id if lines else None)


@router.post("/quarantine/{row_id}/replay", response_model=None)
async def replay(row_id: int, request: Request, state: Admin, *, force: bool = False) -> Any:
    """Read the kept body again, as after a fix; 409 says why it still cannot be taken.

    `force` reads what was replayed or discarded before; a message that is stored stays a duplicate.
    """
    line = await _quarantined(state, row_id)
    if line.ended is not None and not force:
        raise HTTPException(409, f"already {line.ended}: ?force=true reads it again")
    try:
        answer = await state.receive.replay(line.account, line.raw, trace=trace_of(request))
    except RejectedError as error:
        raise HTTPException(409, str(error)) from error
    await state.desk.end_quarantine(row_id, "replayed", ACTOR)
    return {"replayed": True, "outcomes": list(answer.outcomes)}


@router.post("/quarantine/{row_id}/discard", response_model=None)
async def discard_quarantined(row_id: int, state: Admin) -> Any:
    """Close a quarantined webhook without taking it."""
    if not await state.desk.end_quarantine(row_id, "discarded", ACTOR):
        raise _missing("open quarantine row")
    return {"discarded": True}


async def unavailable(_request: Request, error: Exception) -> Response:
    """Answer for a store that is down, on every route but the webhooks'."""
    wait = error.retry_after if isinstance(error, UnavailableError) else 1.0
    return Response(
        b'{"detail":"try again later"}',
        status_code=503,
        headers={"retry-after": str(max(1, round(wait)))},
        media_type="application/json",
    )


async def _set_mode(
    state: State, conversation_id: int, mode: Mode, reason: ModeReason | None
) -> Any:
    if not await state.desk.set_mode(conversation_id, mode, reason, ACTOR):
        raise _missing("conversation")
    return {"id": conversation_id, "mode": mode.value}


async def _quarantined(state: State, row_id: int) -> QuarantineLine:
    lines = await state.desk.quarantined(before=row_id + 1, limit=1)
    if not lines or lines[0].id != row_id:
        raise _missing("quarantine row")
    return lines[0]


def _page(items: Sequence[Any], limit: int, last: int | None) -> Any:
    return {"items": plain(list(items)), "next": last if len(items) == limit else None}


def _missing(what: str) -> HTTPException:
    return HTTPException(404, f"no such {what}")
