"""A ledger in memory that notes what happened to each call."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from orbion.domain.spend import Alarm, Call, Reservation, Scope
from orbion.domain.turns import Completion


@dataclass(slots=True)
class RecordedLedger:
    """`full` = no budget is left."""

    full: bool = False
    alarms: tuple[Alarm, ...] = ()
    calls: list[Call] = field(default_factory=list)
    limits: list[Mapping[Scope, int]] = field(default_factory=list)
    ended: list[tuple[str, int]] = field(default_factory=list)

    async def reserve(self, call: Call, limits: Mapping[Scope, int]) -> Reservation:
        self.calls.append(call)
        self.limits.append(limits)
        left = dict.fromkeys(limits, 0.25)
        number = None if self.full else len(self.calls)
        return Reservation(call_id=number, alarms=self.alarms, left=left)

    async def settle(self, call_id: int, call: Call, said: Completion | None, cost: int) -> None:
        assert call is self.calls[call_id - 1]
        self.ended.append(("released" if said is None else said.model, cost))
