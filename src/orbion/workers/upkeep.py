"""Small periodic duties beside the queues: pruning, and what gauges must know."""

import asyncio
from dataclasses import dataclass

from orbion.domain.lanes import Queue
from orbion.ports import Probe
from orbion.telemetry.metrics import Metrics

_PRUNE_EVERY = 60.0
_PRUNED_BATCH_PAUSE = 0.05
_FACTS_EVERY = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """Bounded work only: each step is one short transaction."""

    probe: Probe
    metrics: Metrics

    async def prune(self) -> None:
        while True:
            gone = await self.probe.prune()
            await asyncio.sleep(_PRUNED_BATCH_PAUSE if gone else _PRUNE_EVERY)

    async def measure(self) -> None:
        """Set the gauges that come from the database, so that they survive a restart."""
        while True:
            facts = await self.probe.facts()
            for queue in Queue:
                self.metrics.lane_depth.set(facts.depth.get(queue, 0), queue)
                self.metrics.lane_oldest_seconds.set(facts.oldest_seconds.get(queue, 0.0), queue)
            for state in ("pending", "sending", "unknown"):
                self.metrics.outbox_rows.set(facts.outbox.get(state, 0), state)
            self.metrics.dead_letters_waiting.set(facts.dead)
            self.metrics.quarantine_waiting.set(facts.quarantined)
            await asyncio.sleep(_FACTS_EVERY)
