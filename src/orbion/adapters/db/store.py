"""The store: every verb of the ports as one transaction body on an injected database."""

import random as randoms
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

from orbion.adapters.db import (
    accounts,
    connections,
    contacts,
    conversations,
    desk,
    gaps,
    greetings,
    inbox,
    knowledge,
    lanes,
    leads,
    ledger,
    notices,
    outbox,
    owners,
    received,
    statuses,
    turns,
    upkeep,
)
from orbion.adapters.db.histories import Histories
from orbion.adapters.db.inbox import InboxPolicy
from orbion.adapters.db.known_leads import KnownLeads
from orbion.adapters.db.lanes import LanePolicy
from orbion.adapters.db.tx import Body, Database, Move, Moved, MovedLead, Reads, T, Tx
from orbion.domain.accounts import Gap, Receipts
from orbion.domain.conversations import Account, Conversation, Mode, ModeReason
from orbion.domain.events import ConnectionState, Event
from orbion.domain.identity import Identity
from orbion.domain.lanes import Claim, Claimed, DeadLetter, Queue, Requeued, Task
from orbion.domain.leads import Lead, LeadRow
from orbion.domain.listing import (
    AccountLine,
    ConversationLine,
    DocumentLine,
    QuarantineLine,
    StoreFacts,
)
from orbion.domain.messages import Message
from orbion.domain.notices import Notice, Waiting
from orbion.domain.outbox import Draft, Order, SendOrder, SendReceipt, Skipped
from orbion.domain.passages import Document, Passage
from orbion.domain.spend import Call, Reservation, Scope, Spent
from orbion.domain.turns import Completion, Step, TurnInput, TurnResult
from orbion.kit.cache import CacheStatistics
from orbion.kit.clock import Clock
from orbion.kit.limiter import Limiter
from orbion.ports import Received

_LOWEST_FIRST_SHARE = 8
_MOST_EVENTS = 100
"""Written in one transaction: a flood of thousands must not hold up everybody else."""
_NO_TRACE = "0" * 32
_WAKING = frozenset({"stored", "released", "learned:auto_greeting", "edited", "deleted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DbStore:
    """Satisfies `ports.Store`; it holds no state but the database and its caches.

    Webhooks of an account that are above its `crowd` rate are stored and worked after others.
    `opened` are the accounts known to have been seen open, a fact that never changes again.
    """

    db: Database
    operators: Reads
    accounts: Mapping[str, Account]
    lane_policy: LanePolicy
    inbox_policy: InboxPolicy
    histories: Histories
    known_leads: KnownLeads
    crowd: Limiter
    clock: Clock
    random: randoms.Random
    opened: set[str] = field(default_factory=set)

    @property
    def caches(self) -> Mapping[str, CacheStatistics]:
        return {"history": self.histories.statistics, "lead": self.known_leads.statistics}

    async def start(self) -> None:
        """Make the accounts' rows, and let go of what only a greeting now known held."""
        await self.db.write(self._start)

    async def free_leases(self) -> int:
        """Free what a dead process held; only for the only process of this database."""
        return await self.db.write(lanes.free_all)

    async def receive(self, account: str, events: Sequence[Event], trace: str) -> Received:
        outcomes: list[str] = []
        policy = self.inbox_policy
        if not self.crowd.take(account).allowed:
            policy = replace(policy, priority=lanes.LOW)
        for start in range(0, len(events), _MOST_EVENTS):
            part = events[start : start + _MOST_EVENTS]
            outcomes += await self._moving(partial(self._receive, account, part, trace, policy))
            if any(map(received.shows_open, part)):
                self.opened.add(account)
        return Received(
            duplicate=bool(outcomes) and all(each == "duplicate" for each in outcomes),
            outcomes=tuple(outcomes),
            wake=frozenset() if _WAKING.isdisjoint(outcomes) else frozenset({Queue.IN}),
        )

    async def quarantine(self, account: str, reason: str, raw: bytes) -> None:
        await self.db.write(lambda tx: inbox.quarantine(tx, account, reason, raw))

    async def claim(self, queue: Queue, owner: str, limit: int) -> Claimed:
        lowest_first = self.random.randrange(_LOWEST_FIRST_SHARE) == 0
        return await self.db.write(
            lambda tx: lanes.claim(
                tx, queue, owner, limit, policy=self.lane_policy, lowest_first=lowest_first
            )
        )

    async def tasks(self, claim: Claim) -> Sequence[Task]:
        return await self.db.read(lambda tx: lanes.tasks(tx, claim))

    async def heartbeat(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        return await self.db.write(lambda tx: lanes.heartbeat(tx, claims, self.lane_policy))

    async def finish(self, claim: Claim, ack: int) -> None:
        await self.db.write(lambda tx: lanes.finish(tx, claim, ack))

    async def snooze(self, claim: Claim, seconds: float) -> None:
        await self.db.write(lambda tx: lanes.snooze(tx, claim, _ms(seconds)))

    async def fail(self, claim: Claim, error: str, seconds: float) -> bool:
        return await self.db.write(lambda tx: self._fail(tx, claim, error, seconds))

    async def load_turn(self, claim: Claim) -> TurnInput | None:
        found = await self.db.read(lambda tx: turns.load_turn(tx, claim))
        if found is None:
            return None

        async def load() -> Lead:
            return await self.db.read(lambda tx: leads.lead_of(tx, found.lead.contact_id))

        try:
            return replace(found, lead=await self.known_leads.get(found.lead, load))
        except LookupError:  # who wrote has just proved to be another contact
            return await self.load_turn(claim)

    async def history(self, conversation_id: int, version: int) -> Sequence[Message]:
        async def load() -> Sequence[Message]:
            return await self.db.read(lambda tx: turns.history(tx, conversation_id))

        return await self.histories.get(conversation_id, version, load)

    async def begin_turn(self, claim: Claim, given: TurnInput) -> int:
        return await self.db.write(lambda tx: turns.begin_turn(tx, claim, given))

    async def steps(self, turn_id: int) -> Sequence[Step]:
        return await self.db.read(lambda tx: turns.steps(tx, turn_id))

    async def save_step(self, turn_id: int, step: Step) -> None:
        await self.db.write(lambda tx: turns.save_step(tx, turn_id, step))

    async def reserve(self, call: Call, limits: Mapping[Scope, int]) -> Reservation:
        return await self.db.write(lambda tx: ledger.reserve(tx, call, limits))

    async def settle(self, call_id: int, call: Call, said: Completion | None, cost: int) -> None:
        await self.db.write(lambda tx: ledger.settle(tx, call_id, call, said, cost))

    async def spent(self, day: date) -> Mapping[str, Sequence[Spent]]:
        return await self.db.read(lambda tx: ledger.spent(tx, day))

    async def finish_turn(self, claim: Claim, given: TurnInput, result: TurnResult) -> TurnResult:
        return await self._moving(
            lambda tx: turns.finish_turn(tx, claim, given, result, self.inbox_policy)
        )

    async def draft(self, claim: Claim) -> Draft | None:
        return await self.db.read(lambda tx: outbox.draft(tx, claim))

    async def begin_send(self, claim: Claim) -> Order:
        return await self.db.write(lambda tx: outbox.begin_send(tx, claim))

    async def sent(self, claim: Claim, row_id: int, receipt: SendReceipt) -> bool:
        return await self._moving(lambda tx: _sent(tx, claim, row_id, receipt))

    async def keep_receipt(self, order: SendOrder, receipt: SendReceipt) -> None:
        row, tries, told = order.row_id, order.attempts, receipt.provider_id
        await self.db.write(lambda tx: outbox.keep_receipt(tx, row, tries, told))

    async def not_sent(self, claim: Claim, row_id: int, error: str, seconds: float) -> None:
        await self.db.write(lambda tx: outbox.not_sent(tx, claim, row_id, error, _ms(seconds)))

    async def unknown(self, claim: Claim, row_id: int, error: str, seconds: float) -> None:
        await self.db.write(lambda tx: outbox.unknown(tx, claim, row_id, error, _ms(seconds)))

    async def not_found(
        self, claim: Claim, row_id: int, error: str, again: float | None
    ) -> Skipped | None:
        wait = None if again is None else _ms(again)
        return await self.db.write(lambda tx: outbox.not_found(tx, claim, row_id, error, wait))

    async def refused(self, claim: Claim, row_id: int, error: str) -> None:
        await self.db.write(lambda tx: outbox.refused(tx, claim, row_id, error))

    async def claimed_ids(self, account: str, provider_ids: Sequence[str]) -> frozenset[str]:
        return await self.db.read(lambda tx: outbox.claimed_ids(tx, account, provider_ids))

    async def note_connection(self, account: str, state: ConnectionState) -> bool:
        return await self.db.write(lambda tx: connections.note(tx, self.accounts[account], state))

    async def resume(self, account: str) -> bool:
        return await self.db.write(lambda tx: connections.resume(tx, account))

    async def receipts(self, account: str) -> Receipts:
        return await self.db.read(lambda tx: connections.receipts(tx, account))

    async def last_heard(self, account: str) -> int | None:
        return await self.db.read(lambda tx: connections.last_heard(tx, account))

    async def gap(self, account: str) -> Gap | None:
        return await self.db.read(lambda tx: gaps.gap(tx, account))

    async def healed(self, account: str, until: int, found: Sequence[int]) -> None:
        await self.db.write(lambda tx: gaps.healed(tx, account, until, found))

    async def lead_rows(self, claims: Sequence[Claim]) -> Sequence[LeadRow]:
        return await self.db.read(
            lambda tx: [row for each in claims if (row := leads.claimed_row(tx, each)) is not None]
        )

    async def synced(self, claims: Sequence[Claim], again: Collection[int] = ()) -> None:
        await self.db.write(lambda tx: leads.synced(tx, claims, again))

    async def leads_of(self, business: str, *, after: int, limit: int) -> Sequence[LeadRow]:
        return await self.db.read(lambda tx: leads.page_of(tx, business, after, limit))

    async def mirror_again(self, lead_ids: Collection[int]) -> None:
        await self.db.write(lambda tx: leads.mirror_all(tx, lead_ids))

    @property
    def webhook_lane(self) -> str:
        return notices.WEBHOOK

    async def announce(self, notice: Notice) -> None:
        await self.db.write(lambda tx: notices.announce(tx, notice, _NO_TRACE))

    async def waiting(self, conversation_id: int) -> Waiting | None:
        return await self.db.read(lambda tx: owners.waiting(tx, conversation_id))

    async def tell_owner(
        self, claim: Claim, account: str, phone: str, text: str, trace: str
    ) -> None:
        found = self.accounts[account]
        await self.db.write(lambda tx: owners.tell(tx, claim, found, phone, text, trace=trace))

    async def passages(self, business: str, terms: Sequence[str]) -> Sequence[Passage]:
        return await self.db.read(lambda tx: knowledge.search(tx, business, terms))

    async def replace_documents(
        self, business: str, origin: str, documents: Sequence[Document]
    ) -> None:
        await self.db.write(lambda tx: knowledge.replace_all(tx, business, origin, documents))

    async def put_document(self, business: str, document: Document) -> None:
        await self.db.write(lambda tx: knowledge.put(tx, business, document))

    async def remove_document(self, business: str, name: str) -> bool:
        return await self.db.write(lambda tx: knowledge.remove(tx, business, name))

    async def documents(self, business: str) -> Sequence[DocumentLine]:
        return await self.operators.read(lambda tx: knowledge.lines(tx, business))

    async def conversations(self, *, before: int | None, limit: int) -> Sequence[ConversationLine]:
        return await self.operators.read(lambda tx: desk.conversation_lines(tx, before, limit))

    async def conversation(self, conversation_id: int) -> Conversation | None:
        return await self.operators.read(lambda tx: conversations.conversation(tx, conversation_id))

    async def messages(self, conversation_id: int, limit: int) -> Sequence[Message]:
        return await self.operators.read(lambda tx: turns.last_messages(tx, conversation_id, limit))

    async def set_mode(
        self, conversation_id: int, mode: Mode, reason: ModeReason | None, actor: str
    ) -> bool:
        return await self.db.write(
            lambda tx: desk.set_mode(tx, conversation_id, mode, reason, actor)
        )

    async def dead_letters(self, *, before: int | None, limit: int) -> Sequence[DeadLetter]:
        return await self.operators.read(lambda tx: desk.dead_letters(tx, before, limit))

    async def requeue(
        self, queue: Queue, key: str, seq: int, actor: str, *, force: bool = False
    ) -> Requeued:
        letter = desk.Letter(queue=queue, key=key, seq=seq)
        return await self.db.write(lambda tx: desk.requeue(tx, letter, actor, force=force))

    async def discard_dead(self, queue: Queue, key: str, seq: int, actor: str) -> bool:
        return await self.db.write(lambda tx: desk.discard(tx, queue, key, seq, actor))

    async def quarantined(self, *, before: int | None, limit: int) -> Sequence[QuarantineLine]:
        return await self.operators.read(lambda tx: desk.quarantine_lines(tx, before, limit))

    async def end_quarantine(self, row_id: int, how: str, actor: str) -> bool:
        return await self.db.write(lambda tx: desk.end_quarantine(tx, row_id, how, actor))

    async def account_lines(self) -> Sequence[AccountLine]:
        return await self.operators.read(accounts.lines)

    async def leads(self, limit: int) -> Sequence[LeadRow]:
        return await self.operators.read(lambda tx: leads.latest(tx, limit))

    async def note(self, actor: str, action: str, subject: str) -> None:
        await self.db.write(lambda tx: desk.audit(tx, actor, action, subject))

    async def facts(self) -> StoreFacts:
        return await self.db.read(upkeep.facts)

    async def write_probe(self) -> float:
        started = self.clock.monotonic()
        await self.db.write(upkeep.touch)
        return self.clock.monotonic() - started

    async def prune(self) -> int:
        return await self.db.write(upkeep.prune)

    async def _moving(self, body: Body[T]) -> T:
        """Write, and let what is kept in memory follow what was committed."""
        moves: list[Move] = []

        def noting(tx: Tx) -> T:
            result = body(tx)
            moves[:] = tx.moves
            return result

        result = await self.db.write(noting)
        self.histories.carry(each for each in moves if isinstance(each, Moved))
        self.known_leads.carry(each for each in moves if isinstance(each, MovedLead))
        return result

    def _start(self, tx: Tx) -> None:
        upkeep.sync_accounts(tx, self.accounts.values())
        for account in self.accounts.values():
            if account.auto_greetings:
                greetings.release_held(tx, account, "start")

    def _receive(
        self, account: str, events: Sequence[Event], trace: str, policy: InboxPolicy, tx: Tx
    ) -> tuple[str, ...]:
        found = self.accounts[account]
        if account not in self.opened and any(map(received.shows_open, events)):
            accounts.opened(tx, found)
        return tuple(received.receive(tx, found, each, trace, policy) for each in events)

    def _fail(self, tx: Tx, claim: Claim, error: str, seconds: float) -> bool:
        if not lanes.is_last_attempt(claim, self.lane_policy):
            lanes.fail(tx, claim, error, _ms(seconds))
            return False
        match claim.queue:
            case Queue.IN:
                turns.bury_turn(tx, claim, error)
            case Queue.OUT:
                outbox.bury_head(tx, claim, error)
            case Queue.SHEET | Queue.NOTICE:
                lanes.bury(tx, claim, error)
        return True


def _sent(tx: Tx, claim: Claim, row_id: int, receipt: SendReceipt) -> bool:
    """Settle as sent, and take what the gateway tells or told beside its accept."""
    done = outbox.sent(tx, claim, row_id, receipt)
    if done:
        statuses.catch_up(tx, statuses.account_of(tx, row_id), receipt.provider_id)
    if done and receipt.address is not None:
        contacts.learn_receipt(tx, row_id, Identity.of(receipt.address))
    return done


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))
