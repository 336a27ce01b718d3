"""Tell the owner on WhatsApp, and another system by its webhook, what was stored for them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from orbion.domain.errors import OrbionError
from orbion.domain.lanes import Claim, Queue, Task
from orbion.domain.notices import Notice, NoticeKind, Waiting, owner_text, posted
from orbion.domain.playbook import Playbook
from orbion.kit.clock import Clock
from orbion.ports import Events, Lanes, Notices
from orbion.telemetry.logs import NOTICE, log
from orbion.telemetry.metrics import Metrics
from orbion.usecases.reply import Wake

LONGEST_MS: Final = 3 * 24 * 60 * 60 * 1000
"""How long a notice is worth posting while nobody takes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """Works one lane of notices, in their order; `events` None = no webhook is configured.

    `owner_of` gives the phone of an account's owner, None = nobody is to be written to.
    """

    notices: Notices
    lanes: Lanes
    events: Events | None
    owner_of: Callable[[str], str | None]
    playbooks: Mapping[str, Playbook]
    clock: Clock
    metrics: Metrics
    wake: Wake

    async def __call__(self, claim: Claim) -> None:
        tasks = await self.lanes.tasks(claim)
        if claim.key == self.notices.webhook_lane:
            await self._post_all(claim, tasks)
        else:
            await self._write_first(claim, tasks[0])

    async def _post_all(self, claim: Claim, tasks: Sequence[Task]) -> None:
        """Post one after another; what was posted is not posted again when a later one fails."""
        done = claim.ack
        for task in tasks:
            try:
                await self._post(task)
            except OrbionError as error:
                self._told(Notice.from_payload(task.payload), "put_off", task, error.code)
                if done == claim.ack:
                    raise
                break
            done = task.seq
        await self.lanes.finish(claim, done)

    async def _post(self, task: Task) -> None:
        notice = Notice.from_payload(task.payload)
        if self.events is None:
            return
        if self.clock.now() - task.created_at > LONGEST_MS:
            self._told(notice, "expired", task)
            return
        await self.events.post(posted(notice, task.seq))
        self._told(notice, "posted", task)

    async def _write_first(self, claim: Claim, task: Task) -> None:
        """One message a claim: its outbox row and the acknowledgement are one write."""
        notice = Notice.from_payload(task.payload)
        account = notice.account or ""
        phone = self.owner_of(account) if account in self.playbooks else None
        if phone is None:
            await self.lanes.finish(claim, task.seq)
            self._told(notice, "nobody", task)
            return
        text = owner_text(notice, self.playbooks[account], await self._waiting(notice))
        await self.notices.tell_owner(claim, account, phone, text, task.trace)
        self._told(notice, "queued", task)
        self.wake(Queue.OUT)

    async def _waiting(self, notice: Notice) -> Waiting | None:
        if notice.kind is not NoticeKind.HANDOFF:
            return None
        return await self.notices.waiting(int(notice.details["conversation"] or 0))

    def _told(self, notice: Notice, outcome: str, task: Task, code: str | None = None) -> None:
        self.metrics.notices.inc(notice.kind, outcome)
        log(NOTICE, trace=task.trace, kind=notice.kind, outcome=outcome, error_code=code)
