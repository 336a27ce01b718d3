"""Count the webhooks of each account that brought no valid credential, and cry once a burst."""

import logging
from collections.abc import Iterable

from orbion.kit.clock import Clock
from orbion.kit.window import SlidingCounts
from orbion.telemetry.logs import WEBHOOKS_REFUSED, log
from orbion.telemetry.metrics import Metrics

BURST = 5
_SECONDS = 300.0


class Refusals:
    """Only known accounts are counted: of the others nobody expects a webhook."""

    def __init__(self, accounts: Iterable[str], *, clock: Clock, metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics
        self._counts = {each: SlidingCounts(1, seconds=_SECONDS) for each in accounts}
        self._crying: set[str] = set()
        self._missed: set[str] = set()
        for account in self._counts:
            metrics.webhooks_refused.inc(account, amount=0)

    @property
    def minutes(self) -> int:
        return round(_SECONDS / 60)

    def add(self, account: str) -> None:
        """Note one refusal; the first that makes a burst is an error in the log."""
        (count,) = self._counts[account].add(self._clock.monotonic(), 1)
        self._metrics.webhooks_refused.inc(account)
        if not self.is_burst(count):
            self._crying.discard(account)
        elif account not in self._crying:
            self._crying.add(account)
            self._missed.add(account)
            log(WEBHOOKS_REFUSED, logging.ERROR, account=account, count=count, minutes=self.minutes)

    def ended(self, account: str) -> bool:
        """Say of a good credential whether it is the first after a burst of bad ones."""
        if account not in self._missed:
            return False
        self._missed.discard(account)
        return True

    def count(self, account: str) -> int:
        """How many in the last minutes."""
        return self._counts[account].totals(self._clock.monotonic())[0]

    @staticmethod
    def is_burst(count: int) -> bool:
        return count >= BURST
