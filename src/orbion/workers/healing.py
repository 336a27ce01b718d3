"""Heals the gaps of one account: when its number is seen open, on a hint, and every few minutes."""

import asyncio
import logging
from random import Random
from typing import Final

from orbion.domain.errors import OrbionError
from orbion.telemetry.logs import HEALED, log
from orbion.usecases.heal_gap import HealGap

EVERY: Final = 300.0
"""Seconds between two runs, ten per cent more or less."""

_AFTER_FAILURE: Final = 60.0
_BREATH: Final = 2.0  # between the parts of a long gap: the live traffic goes first


class Healing:
    """`wake` asks for a run at once: the number was seen open, or a message was seen to be lost."""

    def __init__(self, heal: HealGap, account: str, *, random: Random) -> None:
        self.account = account
        self._heal = heal
        self._random = random
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        """Heal until cancelled; the first run waits for the number to be seen open."""
        wait = EVERY
        while True:
            await self._wait(self._random.uniform(wait * 0.9, wait * 1.1))
            self._woken.clear()
            wait = await self._once()

    async def _once(self) -> float:
        """Run once; returns the seconds until the next run."""
        try:
            more = await self._heal(self.account)
        except OrbionError as error:
            log(HEALED, logging.WARNING, account=self.account, error_code=error.code)
            return _AFTER_FAILURE
        return _BREATH if more else EVERY

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
