"""The body of one event of a webhook: says which bodies it takes, and what became of it."""

from orbion.adapters.db import accounts, changes, history, inbox, people, statuses
from orbion.adapters.db.inbox import InboxPolicy, is_new
from orbion.adapters.db.tx import Tx
from orbion.domain.conversations import Account
from orbion.domain.events import (
    ConnectionChanged,
    ConnectionState,
    Event,
    EventIgnored,
    EventQuarantined,
    HistoryReceived,
    MessageDeleted,
    MessageEchoed,
    MessageEdited,
    MessageReceived,
    StatusChanged,
)


def receive(tx: Tx, account: Account, event: Event, trace: str, policy: InboxPolicy) -> str:
    """Store one event and return what became of it, in one word."""
    match event:
        case MessageReceived() | MessageEchoed():
            return _said(tx, account, event, trace, policy)
        case HistoryReceived(message=said):
            return history.remember(tx, account, said, history.FROM_HISTORY)
        case MessageEdited() | MessageDeleted():
            return changes.change(tx, account, event, trace, policy)
        case _:
            return _told(tx, account, event)


def shows_open(event: Event) -> bool:
    """Say whether this can only come from a number that is connected."""
    if isinstance(event, ConnectionChanged):
        return event.state is ConnectionState.OPEN
    return isinstance(event, MessageReceived | MessageEchoed | HistoryReceived)


def _told(
    tx: Tx,
    account: Account,
    event: StatusChanged | ConnectionChanged | EventIgnored | EventQuarantined,
) -> str:
    match event:
        case StatusChanged():
            statuses.change(tx, account.id, event)
            return "status"
        case ConnectionChanged():
            return accounts.connection(tx, account, event)
        case EventIgnored(reason=reason):
            return f"ignored:{reason}"
        case EventQuarantined(reason=reason, raw=raw):
            return inbox.set_aside(tx, account.id, reason, raw)


def _said(
    tx: Tx,
    account: Account,
    event: MessageReceived | MessageEchoed,
    trace: str,
    policy: InboxPolicy,
) -> str:
    if accounts.is_before_connection(tx, account, event.occurred_at):
        return history.remember(tx, account, event, history.BEFORE_CONNECTION)
    fresh = is_new(tx, account, event.provider_id, from_me=isinstance(event, MessageEchoed))
    if fresh and isinstance(event, MessageEchoed):
        return people.echo(tx, account, event, trace, policy)
    if isinstance(event, MessageReceived):
        if fresh:
            return inbox.message(tx, account, event, trace, policy)
        if outcome := changes.late(tx, account, event, trace, policy):
            return outcome
    return history.awake(tx, account, event, trace, policy)
