"""Answer what a customer wrote: gates in fixed order, then one turn, then one write."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from orbion.domain.automata import is_machine_talk
from orbion.domain.consent import (
    STOP_QUESTION,
    StopWish,
    confirms_stop,
    opts_in,
    stop_wish,
)
from orbion.domain.conversations import Mode
from orbion.domain.extraction import read_slot
from orbion.domain.identity import canonical_phone
from orbion.domain.intents import wants_human
from orbion.domain.lanes import Claim, Queue
from orbion.domain.losses import loss_reason
from orbion.domain.messages import Message
from orbion.domain.opening_hours import handoff_text
from orbion.domain.pipeline import LOST, is_over
from orbion.domain.playbook import Playbook, SlotKind
from orbion.domain.turns import Bubble, Stage, TurnInput, TurnResult, Verdict
from orbion.kit.clock import Clock
from orbion.kit.stopwatch import Stopwatch
from orbion.ports import Lanes, Turns
from orbion.telemetry.logs import OPT_OUT, TURN, log
from orbion.telemetry.metrics import Metrics

Answer = Callable[[int, TurnInput, Sequence[Message]], Awaitable[TurnResult]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyPolicy:
    """When a turn is refused or put off; ages in seconds."""

    stale_after: float = 2 * 60 * 60
    turns_per_minute: int = 20
    repeats: int = 4


class Wake(Protocol):
    def __call__(self, queue: Queue, /) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One turn of one conversation, the only one while the lease lasts; `playbooks` by account.

    `owner_of` gives the phone of an account's owner, who is nobody's customer.
    """

    turns: Turns
    lanes: Lanes
    answer: Answer
    playbooks: Mapping[str, Playbook]
    owner_of: Callable[[str], str | None]
    policy: ReplyPolicy
    clock: Clock
    metrics: Metrics
    wake: Wake

    async def __call__(self, claim: Claim) -> None:
        watch = Stopwatch(self.clock)
        started = watch.start()
        given = await self.turns.load_turn(claim)
        watch.stop(Stage.LOAD, started)
        if given is None:
            await self.lanes.finish(claim, claim.upto)
            return
        playbook = self.playbooks[given.conversation.account]
        given = replace(given, playbook=playbook.version)
        result = self._gate(given, playbook)
        if result is None and given.turns_last_minute >= self.policy.turns_per_minute:
            await self.lanes.snooze(claim, 60 / self.policy.turns_per_minute)
            return
        result = result or await self._answer(claim, given, playbook, watch)
        decided = watch.start()
        done = await self.turns.finish_turn(claim, given, result)
        watch.stop(Stage.SETTLE, decided)
        watch.stop(Stage.WHOLE, started)
        self._report(given, done, watch.parts)

    def _gate(self, given: TurnInput, playbook: Playbook) -> TurnResult | None:
        """The first gate that speaks decides; None lets the agent answer (DESIGN section 3)."""
        wishes = [stop_wish(message.text) for message in given.batch]
        return (
            self._owner(given)
            or _consent(given, playbook, wishes)
            or _human_mode(given)
            or _answered_by_person(given)
            or _human_wanted(given, playbook)
            or self._loop(given, playbook)
            or self._stale(given)
            or _doubt(given, playbook, wishes[-1])
            or _loss(given, playbook)
        )

    def _owner(self, given: TurnInput) -> TurnResult | None:
        """What the owner answers to a notice is for nobody here."""
        phone = self.owner_of(given.conversation.account)
        if phone is None or given.conversation.phone != canonical_phone(phone):
            return None
        return TurnResult(verdict=Verdict.OWNER)

    async def _answer(
        self, claim: Claim, given: TurnInput, playbook: Playbook, watch: Stopwatch
    ) -> TurnResult:
        """Two machines must not talk to each other for ever: a person looks (row D-03)."""
        conversation, started = given.conversation, watch.start()
        history = await self.turns.history(conversation.id, conversation.version)
        if is_machine_talk(given.batch, history):
            return _hand_over(given, playbook, Verdict.LOOP, "loop")
        turn_id = await self.turns.begin_turn(claim, given)
        watch.stop(Stage.LOAD, started)
        return await self.answer(turn_id, given, history)

    def _loop(self, given: TurnInput, playbook: Playbook) -> TurnResult | None:
        """The same words over and over are a machine or a stuck customer: let a person look."""
        texts = [message.text.strip().casefold() for message in given.batch if message.text]
        if len(texts) < self.policy.repeats or len(set(texts)) > 1:
            return None
        return _hand_over(given, playbook, Verdict.LOOP, "loop")

    def _stale(self, given: TurnInput) -> TurnResult | None:
        newest = max(message.occurred_at for message in given.batch)
        if self.clock.now() - newest <= self.policy.stale_after * 1000:
            return None
        return TurnResult(verdict=Verdict.STALE)

    def _report(self, given: TurnInput, done: TurnResult, parts: Mapping[str, float]) -> None:
        self.metrics.turns.inc(done.verdict)
        for stage, seconds in parts.items():
            self.metrics.turn_seconds.observe(seconds, stage)
        if done.verdict is Verdict.OPTED_OUT:
            self.metrics.opt_outs.inc()
            log(OPT_OUT, trace=given.trace, conversation=given.conversation.id)
        log(
            TURN,
            trace=given.trace,
            conversation=given.conversation.id,
            verdict=done.verdict,
            messages=len(given.batch),
            bubbles=len(done.bubbles),
            ms=round(parts[Stage.WHOLE] * 1000),
        )
        if done.bubbles:
            self.wake(Queue.OUT)
        if done.handoff is not None:
            self.wake(Queue.NOTICE)
        self.wake(Queue.SHEET)


def _consent(given: TurnInput, playbook: Playbook, wishes: Sequence[StopWish]) -> TurnResult | None:
    """Follow the last wish of the batch: it may stop, start and stop again."""
    said = [
        (wish is StopWish.OPT_OUT, opts_in(message.text))
        for message, wish in zip(given.batch, wishes, strict=True)
    ]
    stops, starts = next(filter(any, reversed(said)), (False, False))
    if given.conversation.opted_out:
        if starts:
            bubble = Bubble(text=playbook.texts.opt_in_confirmation)
            return TurnResult(verdict=Verdict.OPTED_IN, bubbles=(bubble,))
        return TurnResult(verdict=Verdict.SUPPRESSED_OPT_OUT)
    if stops or _confirms(given):
        confirmation = Bubble(text=playbook.texts.opt_out_confirmation, exempt="opt_out")
        quiet = given.conversation.mode is Mode.HUMAN
        return TurnResult(verdict=Verdict.OPTED_OUT, bubbles=() if quiet else (confirmation,))
    return None


def _confirms(given: TurnInput) -> bool:
    """Whether the batch says yes to our question, and not to what a person asked after it."""
    who = given.conversation
    ours = who.person_at is None or (who.last_out_at or 0) > who.person_at
    if who.open_slot != STOP_QUESTION or who.mode is not Mode.BOT or not ours:
        return False
    return confirms_stop("\n".join(message.text for message in given.batch))


def _doubt(given: TurnInput, playbook: Playbook, wish: StopWish) -> TurnResult | None:
    """Ask once who may want no more messages; «depois eu vejo» may also answer a question."""
    asked = given.conversation.open_slot
    newest = given.batch[-1].text
    slot = playbook.slot(asked)
    answers = slot and slot.kind is SlotKind.OPTION and read_slot(slot, newest, asked=True)
    if asked == STOP_QUESTION or answers or wish is not StopWish.AMBIGUOUS:
        return None
    bubble = Bubble(text=playbook.texts.opt_out_question)
    asking = TurnResult(verdict=Verdict.CONSENT_ASKED, bubbles=(bubble,), open_slot=STOP_QUESTION)
    return _lost(given, asking)


def _loss(given: TurnInput, playbook: Playbook) -> TurnResult | None:
    """Let go who says that nothing will come of it, without a word of persuasion."""
    bubble = Bubble(text=playbook.texts.farewell)
    farewell = _lost(given, TurnResult(verdict=Verdict.ANSWERED, bubbles=(bubble,)))
    return None if farewell.loss is None else farewell


def _lost(given: TurnInput, result: TurnResult) -> TurnResult:
    """The same, with the lead lost if its last words give up."""
    why = None if is_over(given.lead) else loss_reason(given.batch[-1].text)
    return result if why is None else replace(result, stage=LOST, loss=why)


def _human_mode(given: TurnInput) -> TurnResult | None:
    if given.conversation.mode is Mode.BOT:
        return None
    return TurnResult(verdict=Verdict.HUMAN_MODE)


def _answered_by_person(given: TurnInput) -> TurnResult | None:
    """What a person wrote after is not the bot's to answer, however late it came to be known."""
    last_word = given.conversation.person_at
    newest = max(message.occurred_at for message in given.batch)
    if last_word is None or newest >= last_word:
        return None
    return TurnResult(verdict=Verdict.PERSON_ANSWERED)


def _human_wanted(given: TurnInput, playbook: Playbook) -> TurnResult | None:
    if any(wants_human(message.text) for message in given.batch):
        return _hand_over(given, playbook, Verdict.HANDED_OVER, "requested")
    return None


def _hand_over(given: TurnInput, playbook: Playbook, verdict: Verdict, reason: str) -> TurnResult:
    newest = max(message.occurred_at for message in given.batch)
    bubble = Bubble(text=handoff_text(playbook, newest), exempt="handoff")
    return TurnResult(verdict=verdict, bubbles=(bubble,), handoff=reason)
