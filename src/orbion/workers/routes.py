"""The one routing table: which use case works which queue, and how many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from orbion.domain.lanes import Claim, Queue
from orbion.usecases.deliver import Deliver
from orbion.usecases.reply import Reply
from orbion.usecases.sync_lead import SyncLeads
from orbion.usecases.tell import Tell
from orbion.workers.loop import Handler, LoopPolicy

NOTICE_SLOTS: Final = 2  # a receiver that is slow holds up no owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    handler: Handler
    policy: LoopPolicy


def routes(
    reply: Reply, deliver: Deliver, sync: SyncLeads, tell: Tell, *, lease: float, slots: int
) -> Mapping[Queue, Route]:
    """Every queue has a route; the sheet's takes many leads in one write."""

    async def one_reply(claims: Sequence[Claim]) -> None:
        for claim in claims:
            await reply(claim)

    async def one_delivery(claims: Sequence[Claim]) -> None:
        for claim in claims:
            await deliver(claim)

    async def one_notice(claims: Sequence[Claim]) -> None:
        for claim in claims:
            await tell(claim)

    return {
        Queue.IN: Route(handler=one_reply, policy=LoopPolicy(slots=slots, lease=lease)),
        Queue.OUT: Route(handler=one_delivery, policy=LoopPolicy(slots=slots, lease=lease)),
        Queue.SHEET: Route(handler=sync, policy=LoopPolicy(slots=1, portion=50, lease=lease)),
        Queue.NOTICE: Route(handler=one_notice, policy=LoopPolicy(slots=NOTICE_SLOTS, lease=lease)),
    }
