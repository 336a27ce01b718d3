"""Link a phone to a gateway: show each QR code as it comes, until the number is connected."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from orbion.domain.accounts import QrCode
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.domain.events import ConnectionState
from orbion.kit.clock import Clock
from orbion.ports import Gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectAccount:
    """`show` is called with each new code.

    Seconds: `patience` altogether, `first_code` until there must be one, `settling` for the
    reconnect that follows a scan, `pause` between two looks.
    """

    account: str
    gateway: Gateway
    show: Callable[[QrCode], None]
    clock: Clock
    patience: float = 180.0
    first_code: float = 20.0
    settling: float = 10.0
    pause: float = 2.0

    async def __call__(self) -> bool:
        """Return once the number is connected: True if this was needed.

        Raises:
            UnavailableError: no code comes, the gateway gave up, or nobody scanned in time.
        """
        if await self.gateway.connection() is ConnectionState.OPEN:
            return False
        began = settled = self.clock.monotonic()
        shown = ""
        state = ConnectionState.CONNECTING
        while self.clock.monotonic() - began < self.patience:
            if state is ConnectionState.CONNECTING or self._is_over(settled):
                settled = self.clock.monotonic()
                code = await self.gateway.qr_code()
                if code is None:
                    return True
                shown = self._shown(code, shown, began)
            await asyncio.sleep(self.pause)
            state = await self.gateway.connection()
            if state is ConnectionState.OPEN:
                return True
            if state is ConnectionState.REFUSED:
                raise self._failed("the gateway gave up: restart the instance in its manager")
        raise self._failed(f"nobody scanned a code within {self.patience:.0f} s")

    def _shown(self, code: QrCode, before: str, began: float) -> str:
        """Show what is new; a code never comes to a gateway that cannot reach WhatsApp."""
        if code.code and code.code != before:
            self.show(code)
        elif not (code.code or before) and self.clock.monotonic() - began >= self.first_code:
            raise self._failed("the gateway has no QR code: look whether it can reach WhatsApp")
        return code.code or before

    def _is_over(self, settled: float) -> bool:
        """After a scan the socket closes and opens again by itself: to ask then would disturb."""
        return self.clock.monotonic() - settled >= self.settling

    def _failed(self, what: str) -> UnavailableError:
        return UnavailableError(
            FaultCode.WHATSAPP_DISCONNECTED,
            f"{what}; then run `orbion connect {self.account}` again",
        )
