"""Bodies of what the owner is told on WhatsApp: a bubble in the owner's own conversation."""

from orbion.adapters.db import contacts, lanes, turns
from orbion.adapters.db.conversations import conversation
from orbion.adapters.db.effects import add_bubble
from orbion.adapters.db.sql import first
from orbion.adapters.db.tx import Tx
from orbion.domain.conversations import Account
from orbion.domain.identity import Identity
from orbion.domain.lanes import Claim
from orbion.domain.notices import Waiting
from orbion.domain.turns import Bubble, Verdict

_LOOKED_AT = 20


def waiting(tx: Tx, conversation_id: int) -> Waiting | None:
    """Who was handed over; None if there is no such conversation any more."""
    who = conversation(tx, conversation_id)
    if who is None:
        return None
    said = (
        message.text
        for message in reversed(turns.last_messages(tx, conversation_id, _LOOKED_AT))
        if message.direction == "in" and message.text
    )
    return Waiting(address=who.address, name=who.name, last_words=next(said, ""))


def tell(tx: Tx, held: Claim, account: Account, phone: str, text: str, *, trace: str) -> None:
    """Put the text in the outbox and acknowledge the head of the lane, in one write.

    It has a turn of its own in a conversation of its own, so no customer's lane is touched.
    """
    lanes.finish(tx, held, held.ack + 1)
    place = contacts.locate(tx, account, Identity.of(f"{phone}@s.whatsapp.net"))
    who = conversation(tx, place.conversation_id)
    if who is None:
        raise LookupError(f"conversation {place.conversation_id} is gone")
    turn_id = int(
        first(
            tx.one(
                turns.ADD_TURN,
                business=who.business,
                conversation_id=who.id,
                upto=0,
                trace=trace,
                started_at=tx.now,
                playbook=None,
            )
        )
    )
    tx.run(turns.END_TURN, turn=turn_id, why=Verdict.OWNER_TOLD, now=tx.now, last=0)
    add_bubble(
        tx,
        who,
        Bubble(text=text, exempt="owner"),
        turn_id=turn_id,
        position=0,
        trace=trace,
        received_at=tx.now,
    )
