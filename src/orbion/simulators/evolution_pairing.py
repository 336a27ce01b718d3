"""Plays the linking of a phone: QR codes that change, the scan, and the end of patience."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from orbion.simulators.asgi import Answer
from orbion.simulators.evolution_shapes import connection, connection_state
from orbion.simulators.evolution_store import Instance, Json, Socket, State
from orbion.simulators.evolution_webhooks import WebhookSender

SOCKET_SECONDS: Final = 2.0
LIMIT_REACHED: Final = "QR code limit reached, please login again"
PICTURE: Final = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAJwAAACcCAYAAACKuMJNAAAAAklEQVR4AewaftII="
)


@dataclass(slots=True, kw_only=True)
class Pairing:
    """A code lives `code_life_ms`; after `limit` codes the gateway gives up until it is asked."""

    now: Callable[[], int]
    webhooks: WebhookSender
    code_life_ms: int = 20_000
    limit: int = 30

    async def connect(self, instance: Instance, _: Json) -> Answer:
        """Open the socket if it is closed, then show the code of this moment, if there is one."""
        if instance.state == "open":
            return connection_state(instance)
        if instance.state != "connecting":
            self._tell(instance, "connecting")
            await asyncio.sleep(SOCKET_SECONDS)
            instance.linking_since = None if instance.offline else self.now()
        self._count(instance)
        if not instance.codes:
            return Answer(body={"count": 0})
        return Answer(body=_shown(instance) | {"count": instance.codes})

    def scan(self, instance: Instance) -> None:
        """Link the phone that scans the code shown last."""
        instance.linking_since, instance.codes = None, 0
        instance.socket = Socket.OPEN

    def _count(self, instance: Instance) -> None:
        """Catch up with the codes that have come since the last look."""
        if instance.linking_since is None:
            return
        codes = 1 + (self.now() - instance.linking_since) // self.code_life_ms
        if codes > self.limit:
            instance.linking_since, instance.codes = None, 0
            data: Json = {"message": LIMIT_REACHED, "statusCode": 500}
            self.webhooks.emit(instance, "qrcode.updated", data)
            self._tell(instance, "refused", reason=428)
        elif codes != instance.codes:
            instance.codes = codes
            qrcode = {"instance": instance.name} | _shown(instance)
            self.webhooks.emit(instance, "qrcode.updated", {"qrcode": qrcode})

    def _tell(self, instance: Instance, state: State, *, reason: int = 200) -> None:
        instance.state = state
        self.webhooks.emit(instance, "connection.update", connection(instance, reason=reason))


def _shown(instance: Instance) -> Json:
    return {
        "pairingCode": instance.pairing_code,
        "code": f"2@abcdefghijklmnop{instance.codes},qrs,tuv,wxyz=",
        "base64": PICTURE,
    }
