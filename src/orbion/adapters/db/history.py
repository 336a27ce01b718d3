"""Bodies that remember what was said before: never answered, and in front of all that is new."""

from typing import Final

from sqlalchemy import func, select, update

from orbion.adapters.db import echoes, leads, people
from orbion.adapters.db.contacts import locate
from orbion.adapters.db.conversations import NEW_VERSION
from orbion.adapters.db.inbox import InboxPolicy, insert_message, is_new, wait_for_more
from orbion.adapters.db.schema import MESSAGE
from orbion.adapters.db.sql import NULL, bind, first, number, to_json
from orbion.adapters.db.tx import Statement, Tx
from orbion.domain.conversations import Account
from orbion.domain.events import MessageEchoed, MessageReceived, Spoken
from orbion.domain.messages import Author, Outcome

FROM_HISTORY: Final = "history"
BEFORE_CONNECTION: Final = "before_connection"

FIRST_SEQ = Statement(
    select(func.min(MESSAGE.c.seq)).where(MESSAGE.c.conversation_id == number("conversation"))
)
RECALL = Statement(
    update(MESSAGE)
    .where(
        MESSAGE.c.provider_id == bind("provider"),
        MESSAGE.c.account == bind("number"),
        MESSAGE.c.direction == bind("side"),
        MESSAGE.c.reason == FROM_HISTORY,
        MESSAGE.c.deleted_at.is_(None),
    )
    .values(outcome=bind("becomes"), reason=NULL)
    .returning(MESSAGE.c.id, MESSAGE.c.conversation_id)
)


def remember(tx: Tx, account: Account, said: Spoken, reason: str) -> str:
    """Store a message of the past, once; what a person wrote then is no takeover now.

    It changes no address, no debounce and no mode, and makes no lead due for the sheet.
    """
    if not is_new(tx, account, said.provider_id, from_me=isinstance(said, MessageEchoed)):
        return "duplicate"
    place = locate(tx, account, said.recipient if isinstance(said, MessageEchoed) else said.sender)
    if isinstance(said, MessageEchoed) and echoes.belongs_to_us(tx, account, place, said):
        return "echo"
    if isinstance(said, MessageReceived) and said.referral is not None:
        leads.remember_source(tx, place.contact_id, said.referral)
    # The write locks the conversation: nobody else may take the same place before the first.
    tx.run(NEW_VERSION, conversation=place.conversation_id)
    lowest = first(tx.one(FIRST_SEQ, conversation=place.conversation_id))
    insert_message(
        tx,
        account,
        place,
        seq=min(1 if lowest is None else lowest, 1) - 1,
        kind=said.kind,
        text=said.text,
        provider_id=said.provider_id,
        occurred_at=said.occurred_at,
        reason=reason,
        **(_ours() if isinstance(said, MessageEchoed) else _theirs(said)),
    )
    return f"stored:{reason}"


def awake(
    tx: Tx,
    account: Account,
    event: MessageReceived | MessageEchoed,
    trace: str,
    policy: InboxPolicy,
) -> str:
    """Take for new what came as history before its own webhook did; else it is a duplicate."""
    mine = isinstance(event, MessageEchoed)
    row = tx.one(
        RECALL,
        provider=event.provider_id,
        number=account.id,
        side="out" if mine else "in",
        becomes=Outcome.SENT if mine else Outcome.OPEN,
    )
    if row is None:
        return "duplicate"
    message_id, conversation_id = row
    tx.run(NEW_VERSION, conversation=conversation_id)
    if isinstance(event, MessageEchoed):
        return people.judge(tx, account, conversation_id, event, trace=trace, policy=policy)
    wait_for_more(tx, conversation_id, message_id, policy.after(event.text, event.kind), trace)
    return "stored"


def _ours() -> dict[str, object]:
    return {"direction": "out", "author": Author.PERSON, "outcome": Outcome.SENT}


def _theirs(said: MessageReceived) -> dict[str, object]:
    return {
        "direction": "in",
        "author": Author.CUSTOMER,
        "outcome": Outcome.SUPPRESSED,
        "payload": None if said.payload is None else to_json(said.payload),
        "quoted_id": said.quoted_id,
    }
