"""Bodies of the ledger: money is held in every budget before a model is asked, then settled."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Column, case, func, select, update

from orbion.adapters.db import notices
from orbion.adapters.db.conversations import conversation
from orbion.adapters.db.schema import BUDGET, LLM_CALL
from orbion.adapters.db.sql import bind, first, insert_into, number
from orbion.adapters.db.tx import Statement, Tx
from orbion.domain.notices import budget_reached
from orbion.domain.spend import Alarm, Call, Reservation, Scope, Spent, reached
from orbion.domain.turns import Completion

_KEY: Final = ("business", "scope", "key")
OPEN = Statement(insert_into(BUDGET, *_KEY).on_conflict_do_nothing())
_of_budget = (
    BUDGET.c.business == bind("tenant"),
    BUDGET.c.scope == bind("kind"),
    BUDGET.c.key == bind("name"),
)
HELD = Statement(select(BUDGET.c.held, BUDGET.c.told).where(*_of_budget).with_for_update())
HOLD = Statement(
    update(BUDGET)
    .where(*_of_budget)
    .values(held=BUDGET.c.held + number("more"), told=number("percent"))
)
MOVE = Statement(update(BUDGET).where(*_of_budget).values(held=BUDGET.c.held + number("more")))
ADD_CALL = Statement(
    insert_into(
        LLM_CALL,
        "business",
        "conversation_id",
        "trace",
        "task",
        "model",
        "day",
        "state",
        "reserved",
        "at",
    ).returning(LLM_CALL.c.id)
)
END_CALL = Statement(
    update(LLM_CALL)
    .where(LLM_CALL.c.id == number("row"), LLM_CALL.c.state == "reserved")
    .values(
        state=bind("to"),
        model=bind("answered_by"),
        cost=number("spent"),
        tokens_in=number("read"),
        tokens_cached=number("known"),
        tokens_out=number("written"),
        settled_at=number("now"),
    )
)
_open = LLM_CALL.c.state == "reserved"
_GROUPS: Mapping[str, Column[Any]] = {
    "model": LLM_CALL.c.model,
    "task": LLM_CALL.c.task,
    "conversation": LLM_CALL.c.conversation_id,
}
SPENT: Mapping[str, Statement] = {
    name: Statement(
        select(
            column,
            func.count(),
            func.sum(case((_open, LLM_CALL.c.reserved), else_=LLM_CALL.c.cost)),
            func.sum(LLM_CALL.c.tokens_in),
            func.sum(LLM_CALL.c.tokens_cached),
            func.sum(LLM_CALL.c.tokens_out),
            func.sum(case((_open, 1), else_=0)),
        )
        .where(LLM_CALL.c.day == bind("date"))
        .group_by(column)
        .order_by(column)
    )
    for name, column in _GROUPS.items()
}


def reserve(tx: Tx, call: Call, limits: Mapping[Scope, int]) -> Reservation:
    """Hold the most that the call may cost in each of its budgets, or in none.

    The budgets are locked in one order, so that parallel turns cannot both take the last of one.
    `limits` in micro-dollars; a scope without one is only counted. Each step towards the end of a
    budget is stored to be told.
    """
    business = call.payer.business
    locked = {scope: _locked(tx, business, scope, key) for scope, key in call.keys.items()}
    limited = {scope: limits[scope] for scope in locked if scope in limits}
    full = [s for s, limit in limited.items() if locked[s][0] + call.reserved > limit]
    more = 0 if full else call.reserved
    alarms: list[Alarm] = []
    for scope, key in call.keys.items():
        held, told = locked[scope]
        limit = limited.get(scope)
        after = limit if limit is not None and scope in full else held + more
        percent = None if limit is None else reached(after, limit, told)
        if percent is not None:
            alarms.append(Alarm(business=business, scope=scope, key=key, percent=percent))
            _announce(tx, alarms[-1], call)
        tx.run(HOLD, tenant=business, kind=scope, name=key, more=more, percent=percent or told)
    return Reservation(
        call_id=None if full else _add(tx, call),
        alarms=tuple(alarms),
        left={
            scope: max(0.0, 1 - (locked[scope][0] + more) / limit) if limit else 0.0
            for scope, limit in limited.items()
        },
    )


def _announce(tx: Tx, alarm: Alarm, call: Call) -> None:
    """Tell whoever owns the number that the conversation is on."""
    who = conversation(tx, call.payer.conversation_id)
    notice = budget_reached(alarm, account=None if who is None else who.account, at=tx.now)
    notices.announce(tx, notice, call.payer.trace)


def _locked(tx: Tx, business: str, scope: Scope, key: str) -> tuple[int, int]:
    """What is held of a budget and the percent told, with its row made and locked."""
    tx.run(OPEN, business=business, scope=scope, key=key)
    held, told = tx.one(HELD, tenant=business, kind=scope, name=key) or (0, 0)
    return int(held), int(told)


def _add(tx: Tx, call: Call) -> int:
    row = tx.one(
        ADD_CALL,
        business=call.payer.business,
        conversation_id=call.payer.conversation_id,
        trace=call.payer.trace,
        task=call.task,
        model=call.model,
        day=call.day.isoformat(),
        state="reserved",
        reserved=call.reserved,
        at=tx.now,
    )
    return int(first(row))


def settle(tx: Tx, call_id: int, call: Call, said: Completion | None, cost: int) -> None:
    """Replace what was held by what the answer cost; without an answer nothing is charged."""
    used = said or Completion(text="", model=call.model)
    ended = tx.run(
        END_CALL,
        row=call_id,
        to="released" if said is None else "settled",
        answered_by=used.model,
        spent=cost,
        read=used.tokens_in,
        known=used.tokens_cached,
        written=used.tokens_out,
        now=tx.now,
    )
    if not ended:
        return
    for scope, key in call.keys.items():
        more = cost - call.reserved
        tx.run(MOVE, tenant=call.payer.business, kind=scope, name=key, more=more)


def spent(tx: Tx, day: date) -> Mapping[str, Sequence[Spent]]:
    """The day's calls by model, by task and by conversation; what is not settled counts whole."""
    return {
        name: [
            Spent(
                name=str(row[0]),
                calls=row[1],
                cost=int(row[2]),
                tokens_in=int(row[3]),
                tokens_cached=int(row[4]),
                tokens_out=int(row[5]),
                unsettled=int(row[6]),
            )
            for row in tx.all(statement, date=day.isoformat())
        ]
        for name, statement in SPENT.items()
    }
