"""Count, time and log an answered webhook: the one canonical line that each of them gets."""

import logging
from collections.abc import Sequence

from orbion.telemetry import logs
from orbion.telemetry.metrics import Metrics

_EVENTS_SHOWN = 10


def note(
    metrics: Metrics,
    *,
    channel: str,
    account: str | None,
    outcome: str,
    events: Sequence[str],
    seconds: float,
    trace: str,
) -> None:
    """Without an `account` nobody known sent it, and its line is a warning."""
    metrics.webhook_requests.inc(channel, outcome)
    metrics.webhook_ack_seconds.observe(seconds, channel, outcome, trace=trace)
    logs.log(
        logs.WEBHOOK,
        logging.WARNING if account is None else logging.INFO,
        channel=channel,
        account=account,
        outcome=outcome,
        events=events[:_EVENTS_SHOWN],
        ms=round(seconds * 1000, 2),
        trace=trace,
    )
