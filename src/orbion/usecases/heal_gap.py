"""Read back from the gateway what its webhooks did not bring, and store it as if they had."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orbion.domain.accounts import Gap
from orbion.domain.conversations import Account
from orbion.domain.events import (
    Event,
    EventIgnored,
    MessageEchoed,
    MessageReceived,
)
from orbion.domain.lanes import Queue
from orbion.ports import Archive, Gaps, Inbox
from orbion.telemetry.logs import HEALED, log
from orbion.telemetry.metrics import Metrics
from orbion.usecases.tally import tally

_KNOWN = frozenset({"duplicate", "echo"})


@dataclass(frozen=True, slots=True, kw_only=True)
class HealPolicy:
    """Times in ms.

    `overlap` is read twice: it outlasts what two clocks differ by and a dropped connection that
    nobody saw. `first` is how far the first run looks back, `furthest` any: no further than
    messages are remembered as duplicates. A span of more than `pages` is halved down to
    `shortest`; a run ends after `spans`.
    """

    overlap: int = 5 * 60 * 1000
    first: int = 24 * 60 * 60 * 1000
    furthest: int = 7 * 24 * 60 * 60 * 1000
    pages: int = 10
    shortest: int = 60_000
    spans: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class HealGap:
    """Everything read is known to be stored before the healed time moves past it.

    It reads what was said first first, so that a run that is cut off leaves no hole; `now` is ms
    UTC.
    """

    accounts: Mapping[str, Account]
    archives: Mapping[str, Archive]
    gaps: Gaps
    inbox: Inbox
    policy: HealPolicy
    now: Callable[[], int]
    new_trace: Callable[[], str]
    wake: Callable[[Queue], None]
    metrics: Metrics

    async def __call__(self, account: str) -> bool:
        """Heal up to now, or a bounded part of it: True if there is more to do.

        Raises:
            UnavailableError: the gateway or the store cannot be asked now.
            RefusedError: this gateway cannot be read back.
        """
        gap = await self.gaps.gap(account)
        if gap is None:
            return False
        now = self.now()
        since = self._since(gap, now)
        for _ in range(self.policy.spans):
            until, records = await self._read(account, since, now)
            found = await self._store(account, records)
            await self.gaps.healed(account, until, found)
            if until >= now:
                return False
            since = until
        return True

    def _since(self, gap: Gap, now: int) -> int:
        if gap.healed_at is None:
            opened = now if gap.opened_at is None else gap.opened_at
            return max(opened - self.policy.overlap, now - self.policy.first)
        return max(gap.healed_at - self.policy.overlap, now - self.policy.furthest)

    async def _read(
        self, account: str, since: int, until: int
    ) -> tuple[int, Sequence[Sequence[Event]]]:
        """Read the earliest part of the span that is small enough; its end, and its records.

        The pages are read newest first: what is stored meanwhile shifts records to later pages,
        where they are read twice, and never past one that has been read.
        """
        archive, policy = self.archives[account], self.policy
        page = await archive.page(since, until, 1)
        while page.pages > policy.pages and until - since > policy.shortest:
            until = since + (until - since) // 2
            page = await archive.page(since, until, 1)
        records = list(page.records)
        number = 1
        while number < min(page.pages, policy.pages):
            number += 1
            page = await archive.page(since, until, number)
            records += page.records
        if page.pages > policy.pages:
            log(HEALED, logging.WARNING, account=account, cut_off=True, pages=page.pages)
        return until, records

    async def _store(self, account: str, records: Sequence[Sequence[Event]]) -> list[int]:
        """Store in the order in which it was said; returns when that was of what was missing."""
        told = [
            event
            for record in reversed(records)
            for event in record
            if not isinstance(event, EventIgnored)
        ]
        if not told:
            return []
        received = await self.inbox.receive(account, told, self.new_trace())
        for queue in received.wake:
            self.wake(queue)
        return self._count(account, told, received.outcomes)

    def _count(self, account: str, events: Sequence[Event], outcomes: Sequence[str]) -> list[int]:
        told = zip(events, outcomes, strict=True)
        missing = [(event, outcome) for event, outcome in told if outcome not in _KNOWN]
        if not missing:
            return []
        tally(self.metrics, self.accounts[account], *zip(*missing, strict=True))
        found = [
            event.occurred_at
            for event, _ in missing
            if isinstance(event, MessageReceived | MessageEchoed)
        ]
        if found:
            self.metrics.gap_healed.inc(self.accounts[account].channel, amount=len(found))
            log(HEALED, account=account, found=len(found), oldest=min(found), newest=max(found))
        return found
