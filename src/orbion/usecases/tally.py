"""Count and log what became of the events of a webhook, or of what was read back."""

from collections.abc import Mapping, Sequence

from orbion.domain.conversations import Account
from orbion.domain.events import ConnectionChanged, Event, EventQuarantined, MessageReceived
from orbion.telemetry.logs import CONNECTION_TOLD, RELEASE, TAKEOVER, log
from orbion.telemetry.metrics import Metrics

_RELEASES: Mapping[str, str] = {"released": "idle", "learned:auto_greeting": "auto_greeting"}


def tally(
    metrics: Metrics, account: Account, events: Sequence[Event], outcomes: Sequence[str]
) -> None:
    """`outcomes` has the store's word for each event; what was known before is not counted."""
    for event, outcome in zip(events, outcomes, strict=True):
        if outcome != "duplicate":
            _count(metrics, account, event, outcome)
        if reason := _RELEASES.get(outcome):
            metrics.releases.inc(reason)
            log(RELEASE, account=account.id, reason=reason)


def _count(metrics: Metrics, account: Account, event: Event, outcome: str) -> None:
    if isinstance(event, MessageReceived):
        metrics.inbound_messages.inc(account.channel, event.kind)
    elif isinstance(event, EventQuarantined):
        metrics.quarantine.inc(account.channel, event.reason)
    elif outcome == "takeover":
        metrics.takeovers.inc()
        log(TAKEOVER, account=account.id)
    elif isinstance(event, ConnectionChanged) and outcome == "connection":
        metrics.connection_changes.inc(account.id, event.state)
        log(CONNECTION_TOLD, account=account.id, state=event.state, reason=event.reason)
