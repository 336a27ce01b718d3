"""Every seam of the product on one page: what use cases ask of the outside and of the store."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from orbion.domain.accounts import Gap, QrCode, Receipts
from orbion.domain.conversations import Conversation, Mode, ModeReason
from orbion.domain.events import ConnectionState, Event, PastPage, WebhookRequest
from orbion.domain.forecast import StageRecord, StageSum
from orbion.domain.gateway_webhook import Webhook
from orbion.domain.lanes import Claim, Claimed, DeadLetter, Queue, Requeued, Task
from orbion.domain.leads import Lead, LeadFile, LeadRow, StageMove
from orbion.domain.listing import AccountLine, ConversationLine, QuarantineLine, StoreFacts
from orbion.domain.messages import Message
from orbion.domain.mirror import SheetTable
from orbion.domain.notices import Notice, Posted, Waiting
from orbion.domain.outbox import Draft, Order, SendOrder, SendReceipt, SentRecord, Skipped
from orbion.domain.outgoing import Outgoing
from orbion.domain.passages import Passage
from orbion.domain.prompt import Prompt
from orbion.domain.spend import Call, Reservation, Scope
from orbion.domain.summary import Summary
from orbion.domain.turns import Completion, Step, TurnInput, TurnResult


class Channel(Protocol):
    """One WhatsApp number behind one gateway."""

    def verify(self, request: WebhookRequest) -> None:
        """Raise `RejectedError` (auth.bad) unless a credential matches, in constant time."""

    def parse(self, body: bytes) -> Sequence[Event]:
        """Read each item on its own; what cannot be read comes back as `EventQuarantined`."""

    async def send(self, address: str, outgoing: Outgoing) -> SendReceipt:
        """Send one bubble of any kind, without its quote if that is not possible.

        Raises:
            UnavailableError: provably not accepted; try later.
            RefusedError: the gateway said no for good.
            UnknownOutcomeError: it may have been accepted.
        """

    async def typing(self, address: str, seconds: float) -> None:
        """Show «typing…» for `seconds`; returns when the gateway answered."""

    async def mark_read(self, address: str, provider_ids: Sequence[str]) -> None:
        """Show the customer's messages as read, where the gateway can."""

    async def find_sent(
        self, addresses: Sequence[str], *, since: int, until: int, message_id: str
    ) -> Sequence[SentRecord]:
        """List our own messages to one recipient between two instants (ms UTC), newest first.

        `addresses` are all forms of the recipient; the message with the id that we proposed is
        found wherever it lies, and then it is the only one.
        """


class Archive(Protocol):
    """What a gateway keeps of a number's chats."""

    async def page(self, since: int, until: int, number: int) -> PastPage:
        """Read one page, from 1, of what was said between two instants (ms UTC).

        A gateway that keeps nothing answers with no pages.

        Raises:
            UnavailableError: ask again later.
            RefusedError: this gateway cannot be asked.
        """


class Gateway(Protocol):
    """What stands behind a number and needs care: its link to WhatsApp, and its webhook.

    Every call raises `UnavailableError` (unreachable, key refused, instance missing, unlicensed)
    or `RefusedError`.
    """

    async def connection(self) -> ConnectionState: ...

    async def version(self) -> str:
        """Ask what runs there; not oftener than hourly, it makes the gateway ask WhatsApp."""

    async def webhook(self) -> Webhook | None: ...

    async def set_webhook(self, wanted: Webhook) -> None:
        """Replace the whole webhook, its headers included."""

    async def qr_code(self) -> QrCode | None:
        """Start linking a phone, or go on with it; None when the number is connected."""


class LLM(Protocol):
    async def complete(self, prompt: Prompt) -> Completion:
        """Answer with the reply contract as JSON, or call tools.

        Raises:
            UnavailableError: time-out, rate limit, 5xx or no connection.
            RefusedError: bad key, no quota, a request the provider rejects, or an unusable answer.
        """


class Provider(Protocol):
    """Who the model is asked of."""

    async def reach(self) -> bool:
        """Say whether it tells that it has the model; a look that costs no money.

        False = it answers, but tells nothing of single models. Raises as `LLM.complete` does.
        """


class Ledger(Protocol):
    """Settled + reserved never exceeds a budget (promise P11); `limits` in micro-dollars."""

    async def reserve(self, call: Call, limits: Mapping[Scope, int]) -> Reservation: ...

    async def settle(self, row: int, call: Call, said: Completion | None, cost: int) -> None: ...


class Events(Protocol):
    """Another system that wants to know."""

    async def post(self, event: Posted) -> None:
        """Post it once.

        Raises:
            UnavailableError: nobody took it; try later.
            RefusedError: the receiver will never take it.
        """


class Notices(Protocol):
    """What people and systems are told; stored first."""

    @property
    def webhook_lane(self) -> str:
        """The key of the lane whose notices are posted; every other lane is an owner's."""

    async def announce(self, notice: Notice) -> None: ...

    async def waiting(self, conversation_id: int) -> Waiting | None:
        """Who was handed over; None if there is no such conversation any more."""

    async def tell_owner(
        self, claim: Claim, account: str, phone: str, text: str, trace: str
    ) -> None:
        """Queue a message to the owner and acknowledge the head of the lane, in one write."""


class Knowledge(Protocol):
    """The documents of businesses, cut into passages."""

    async def passages(self, business: str, terms: Sequence[str]) -> Sequence[Passage]:
        """Those that share one of these stems, the likest first."""


class Sheet(Protocol):
    """Where people see the leads of a business; every call raises `UnavailableError`."""

    async def upsert(self, rows: Sequence[LeadRow]) -> frozenset[int]:
        """Write each lead to its one row; return those to write again: a person moved cells."""

    async def read(self, business: str) -> SheetTable | None:
        """Read what the sheet shows, without changing it; None when there is none yet."""

    async def cells(self, business: str, tab: str, area: str) -> Sequence[Sequence[str]]:
        """Read cells of any tab as people see them; `area` as «A1:F»."""

    async def reach(self) -> None:
        """Find out whether it can be reached at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What became of one webhook: `outcomes` has one word per event, in order."""

    duplicate: bool
    outcomes: tuple[str, ...]
    wake: frozenset[Queue] = frozenset()


class Inbox(Protocol):
    """What webhooks write."""

    async def receive(self, account: str, events: Sequence[Event], trace: str) -> Received:
        """Store all events in order and return after the commit of the last.

        A flood is cut into several transactions; what was stored before a failure is a duplicate
        when the gateway sends the whole again.
        """

    async def quarantine(self, account: str, reason: str, raw: bytes) -> None: ...


class Lanes(Protocol):
    """Durable work, one holder at a time per lane."""

    async def claim(self, queue: Queue, owner: str, limit: int) -> Claimed: ...

    async def tasks(self, claim: Claim) -> Sequence[Task]: ...

    async def heartbeat(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        """Renew the leases in one write and return the claims that were lost."""

    async def finish(self, claim: Claim, ack: int) -> None:
        """Acknowledge tasks up to `ack`; raises `LeaseLostError`."""

    async def snooze(self, claim: Claim, seconds: float) -> None:
        """Give the lane back with its attempt refunded, due after `seconds`."""

    async def fail(self, claim: Claim, error: str, seconds: float) -> bool:
        """Count a failed attempt; True if it was the last one and the head went to the dead."""


class Steps(Protocol):
    """The journal of a turn: its finished steps."""

    async def steps(self, turn_id: int) -> Sequence[Step]: ...

    async def save_step(self, turn_id: int, step: Step) -> None: ...


class Summaries(Protocol):
    """What stands for the part of a conversation that a prompt no longer holds."""

    async def summary(self, conversation_id: int) -> Summary | None: ...

    async def earlier(self, conversation_id: int, before: int) -> Sequence[Message]:
        """Read what was said before that place, oldest first, within a bound."""

    async def save_summary(self, conversation_id: int, summary: Summary) -> None: ...


class Turns(Steps, Protocol):
    """What a turn reads and writes."""

    async def load_turn(self, claim: Claim) -> TurnInput | None:
        """Read the open messages of the claim; None when there is nothing left to answer."""

    async def history(self, conversation_id: int, version: int) -> Sequence[Message]:
        """The last messages before `version`, oldest first; cached by both arguments."""

    async def begin_turn(self, claim: Claim, given: TurnInput) -> int:
        """Open the turn of this batch, or find the one that a crash interrupted; its id."""

    async def finish_turn(self, claim: Claim, given: TurnInput, result: TurnResult) -> TurnResult:
        """Write everything the turn decided and acknowledge its lane, or raise `LeaseLostError`.

        Returns what was really done: a takeover, an opt-out or a newer message may have overruled
        the result inside the transaction.
        """


class Outbox(Protocol):
    """What a delivery reads and writes; every verb with a claim is fenced by it."""

    async def draft(self, claim: Claim) -> Draft | None:
        """Look at the head without changing it; None when it ended or its number is offline."""

    async def begin_send(self, claim: Claim) -> Order:
        """Commit the head as `sending` after reading mode and suppression in the same write."""

    async def sent(self, claim: Claim, row_id: int, receipt: SendReceipt) -> bool:
        """Settle as sent; False if another row had already claimed this gateway id."""

    async def keep_receipt(self, order: SendOrder, receipt: SendReceipt) -> None:
        """Note the accept of this very attempt for whoever has the lane now."""

    async def not_sent(self, claim: Claim, row_id: int, error: str, seconds: float) -> None:
        """Back to pending: provably not accepted, due again after `seconds`."""

    async def unknown(self, claim: Claim, row_id: int, error: str, seconds: float) -> None:
        """The accept is unknown; look again after `seconds`."""

    async def not_found(
        self, claim: Claim, row_id: int, error: str, again: float | None
    ) -> Skipped | None:
        """Nothing proves the accept: unknown, to be looked for `again` after so many seconds.

        With None the gateway has had its time: pending, to be sent again. What must not leave any
        more (a person took over, an opt-out) or became too old ends instead, and is returned.
        """

    async def refused(self, claim: Claim, row_id: int, error: str) -> None:
        """The gateway said no for good: dead letter, and the lane goes on."""

    async def claimed_ids(self, account: str, provider_ids: Sequence[str]) -> frozenset[str]:
        """Those gateway ids that already belong to a row or to a person."""


class Connections(Protocol):
    """What is known of an account, and what its outbox does while it is not connected."""

    async def note_connection(self, account: str, state: ConnectionState) -> bool:
        """Write what the gateway says of the connection; True if something else stood there."""

    async def resume(self, account: str) -> bool:
        """Make a bounded number of the account's waiting sends due now; True if more may wait."""

    async def receipts(self, account: str) -> Receipts:
        """Of the last hour's latest sends, leaving out those too young to be confirmed."""

    async def last_heard(self, account: str) -> int | None:
        """When a webhook last changed something here, ms UTC; it looks at recent rows only."""


class Gaps(Protocol):
    """Up to when everything that was said to a number is known to be here."""

    async def gap(self, account: str) -> Gap | None:
        """Say since when messages may be missing; None while the number is disconnected."""

    async def healed(self, account: str, until: int, found: Sequence[int]) -> None:
        """Note that nothing said before `until` is missing; `found` = when the missing was said.

        Each of these closes one quarantined body that was too large to be read.
        """


class Leads(Protocol):
    async def lead_rows(self, claims: Sequence[Claim]) -> Sequence[LeadRow]: ...

    async def synced(self, claims: Sequence[Claim], again: Collection[int] = ()) -> None:
        """Acknowledge the lanes of mirrored leads, and have those in `again` written once more."""

    async def leads_of(self, business: str, *, after: int, limit: int) -> Sequence[LeadRow]:
        """Read a page of a business's leads in the order of their ids."""

    async def mirror_again(self, lead_ids: Collection[int]) -> None:
        """Have these leads written to the sheet soon."""


class Desk(Protocol):
    """What operators read and change; lists are keyset pages, newest first."""

    async def conversations(
        self, *, before: int | None, limit: int
    ) -> Sequence[ConversationLine]: ...

    async def conversation(self, conversation_id: int) -> Conversation | None: ...

    async def messages(self, conversation_id: int, limit: int) -> Sequence[Message]: ...

    async def set_mode(
        self, conversation_id: int, mode: Mode, reason: ModeReason | None, actor: str
    ) -> bool:
        """Change who answers; False if there is no such conversation."""

    async def dead_letters(self, *, before: int | None, limit: int) -> Sequence[DeadLetter]: ...

    async def requeue(
        self, queue: Queue, key: str, seq: int, actor: str, *, force: bool = False
    ) -> Requeued:
        """Try a dead letter again; what was answered or sent meanwhile only with `force`."""

    async def discard_dead(self, queue: Queue, key: str, seq: int, actor: str) -> bool: ...

    async def quarantined(self, *, before: int | None, limit: int) -> Sequence[QuarantineLine]: ...

    async def end_quarantine(self, row_id: int, how: str, actor: str) -> bool: ...

    async def account_lines(self) -> Sequence[AccountLine]: ...

    async def leads(self, limit: int) -> Sequence[LeadRow]: ...

    async def note(self, actor: str, action: str, subject: str) -> None: ...


class Pipeline(Protocol):
    """Leads as operators see, move and value them."""

    async def lead_file(self, lead_id: int) -> LeadFile | None: ...

    async def move_lead(
        self, lead_id: int, move: StageMove, *, check: Callable[[Lead], None]
    ) -> None:
        """Move it in one write, unless `check` raises for the lead as it is then."""

    async def value_lead(self, lead_id: int, centavos: int | None, actor: str) -> bool:
        """Say what it is worth, None = not known; False if there is no such lead."""

    async def stage_sums(self) -> tuple[Sequence[StageSum], Sequence[StageRecord]]: ...


class Probe(Protocol):
    async def facts(self) -> StoreFacts: ...

    async def write_probe(self) -> float:
        """Commit something small and return its seconds; raises `UnavailableError`."""

    async def prune(self) -> int:
        """Delete a bounded number of rows that nothing can ask for again; returns how many."""


class Store(Inbox, Lanes, Turns, Outbox, Connections, Gaps, Leads, Notices, Desk, Probe, Protocol):
    """All verbs together, for the composition root."""
