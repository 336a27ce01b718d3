"""Bodies of what was written from our own number: our echo, a greeting of the app, or a person."""

from orbion.adapters.db import echoes, greetings, statuses
from orbion.adapters.db.contacts import locate
from orbion.adapters.db.inbox import InboxPolicy, add_message
from orbion.adapters.db.tx import Tx
from orbion.domain.conversations import Account
from orbion.domain.events import MessageEchoed
from orbion.domain.messages import Author, Outcome

AUTO_GREETING = "auto_greeting"


def echo(tx: Tx, account: Account, event: MessageEchoed, trace: str, policy: InboxPolicy) -> str:
    """Store what is not our own echo as a person's words, and hold the bot for these."""
    place = locate(tx, account, event.recipient)
    if echoes.belongs_to_us(tx, account, place, event):
        statuses.catch_up(tx, account.id, event.provider_id)
        return "echo"
    outcome = judge(tx, account, place.conversation_id, event, trace=trace, policy=policy)
    add_message(
        tx,
        account,
        place,
        direction="out",
        author=Author.PERSON,
        kind=event.kind,
        text=event.text,
        provider_id=event.provider_id,
        outcome=Outcome.SENT,
        reason=AUTO_GREETING if outcome.endswith(AUTO_GREETING) else None,
        occurred_at=event.occurred_at,
    )
    return outcome


def judge(
    tx: Tx,
    account: Account,
    conversation_id: int,
    event: MessageEchoed,
    *,
    trace: str,
    policy: InboxPolicy,
) -> str:
    """Hold the conversation for the person, unless the app wrote this by itself.

    Words that come late hold as long as if they had come in time: what the idle rule would have
    released by now is not held any more.
    """
    if greetings.is_automatic(tx, account, event):
        return f"stored:{AUTO_GREETING}"
    if greetings.learn(tx, account, conversation_id, event):
        greetings.release_held(tx, account, trace)
        return f"learned:{AUTO_GREETING}"
    echoes.spoke(tx, conversation_id, event.occurred_at)
    if policy.is_idle(event.occurred_at, tx.now):
        return "stored:person"
    echoes.hold_for_person(tx, conversation_id, event.occurred_at)
    return "takeover"
