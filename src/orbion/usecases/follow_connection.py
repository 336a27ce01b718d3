"""Follow what a gateway says of its link to WhatsApp: pause the outbox, let it go on."""

from collections.abc import Callable
from dataclasses import dataclass

from orbion.domain.events import ConnectionState
from orbion.domain.lanes import Queue
from orbion.ports import Connections


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowConnection:
    """The stored state is what pauses; a gateway's own word overrules any webhook's.

    `opened` is told of a number that has become connected.
    """

    connections: Connections
    wake: Callable[[Queue], None]
    opened: Callable[[str], None]

    async def __call__(self, account: str, state: ConnectionState) -> bool:
        """Write the state, unless the gateway did not say one; True if another stood there."""
        if state is ConnectionState.UNKNOWN:
            return False
        return await self.connections.note_connection(account, state)

    async def resume(self, account: str) -> None:
        """Let everything that waited for the connection leave now, in its order."""
        self.opened(account)
        more = True
        while more:
            more = await self.connections.resume(account)
            self.wake(Queue.OUT)
