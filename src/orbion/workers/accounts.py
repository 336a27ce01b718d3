"""Watches one account: looks at it at the start, every minute, and when its connection changes."""

import asyncio
import logging
from random import Random
from typing import Final

from orbion.domain.accounts import AccountCheck, AccountReport, Finding, Verdict
from orbion.domain.events import ConnectionState
from orbion.telemetry.logs import CONNECTION, FINDING, log
from orbion.telemetry.metrics import Metrics
from orbion.usecases.check_account import CheckAccount
from orbion.usecases.follow_connection import FollowConnection

EVERY: Final = 50.0
"""Seconds between two looks, ten per cent more or less: with the look itself within a minute."""

_BREATH: Final = 0.25  # a dropped connection tells itself in dozens of webhooks within a second
_LEVELS: Final = (
    (ConnectionState.OPEN, logging.INFO),
    (ConnectionState.CONNECTING, logging.WARNING),
)


class AccountWatch:
    """Holds the last report, None before the first; `wake` asks for a new one at once."""

    def __init__(
        self, check: CheckAccount, follow: FollowConnection, *, random: Random, metrics: Metrics
    ) -> None:
        self.account = check.account
        self._report: AccountReport | None = None
        self._check = check
        self._follow = follow
        self._random = random
        self._metrics = metrics
        self._woken = asyncio.Event()
        self._verdicts: dict[str, Verdict] = {}

    def latest(self) -> AccountReport | None:
        return self._report

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_BREATH)
            await self._wait(self._random.uniform(EVERY * 0.9, EVERY * 1.1))

    async def look(self) -> None:
        """Check, tell what changed, and bring the outbox in step with the connection."""
        woken = self._woken.is_set()
        self._woken.clear()
        report = await self._check()
        before = self._report.connection if self._report else ConnectionState.UNKNOWN
        self._report = report
        self._measure(report)
        for finding in report.findings:
            self._tell(finding)
        if report.connection is not before:
            self._tell_connection(before, report.connection)
        corrected = await self._follow(self.account, report.connection)
        is_news = woken or corrected or before is not ConnectionState.OPEN
        if is_news and report.connection is ConnectionState.OPEN:
            await self._follow.resume(self.account)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return

    def _measure(self, report: AccountReport) -> None:
        is_open = report.connection is ConnectionState.OPEN
        self._metrics.whatsapp_connected.set(float(is_open), self.account)
        self._metrics.account_faults.set(len(report.faults), self.account)

    def _tell(self, finding: Finding) -> None:
        """One line when a verdict changes; the connection has a line of its own."""
        before = self._verdicts.get(finding.check, Verdict.OK)
        self._verdicts[finding.check] = finding.verdict
        if finding.verdict is before or finding.check == AccountCheck.CONNECTION:
            return
        log(
            FINDING,
            logging.ERROR if finding.verdict is Verdict.FAULT else logging.INFO,
            account=self.account,
            check=finding.check,
            verdict=finding.verdict,
            found=finding.found,
            fix=finding.fix,
        )

    def _tell_connection(self, before: ConnectionState, after: ConnectionState) -> None:
        level = dict(_LEVELS).get(after, logging.ERROR)
        log(CONNECTION, level, account=self.account, before=before, after=after)
