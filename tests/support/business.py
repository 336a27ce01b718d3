"""Random customers, people, operators and sends, judged at each turn by what a read would find."""

import random
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from orbion.adapters.db import leads, turns
from orbion.adapters.db.histories import Histories, seen
from orbion.adapters.db.known_leads import KnownLeads
from orbion.adapters.db.pipeline import DbPipeline
from orbion.adapters.db.store import DbStore
from orbion.agent.reading import Answer, AnswerKey, Answers
from orbion.domain.conversations import Mode, ModeReason
from orbion.domain.events import HistoryReceived, MessageDeleted, MessageEdited
from orbion.domain.identity import Identity
from orbion.domain.lanes import Queue
from orbion.domain.leads import Fact, Lead, StageMove
from orbion.domain.messages import Message, Outcome
from orbion.domain.outbox import SendOrder, SendReceipt
from orbion.domain.passages import Document, read_markdown
from orbion.domain.playbook import Playbook
from orbion.domain.turns import Bubble, TurnResult, Verdict
from orbion.kit.cache import Cache, CachePolicy
from orbion.kit.clock import Clock
from tests.support.playbooks import solar
from tests.support.stores import HandClock, echo, hello

PHONES = tuple(f"551190000000{number}" for number in range(4))
MEANWHILE = 0.1
"""Share of the turns during which an operator moves the lead."""
SLOTS = ("cidade", "conta_luz", "nome", "telhado")
STAGES = ("novo", "qualificando", "agendado")
USUAL = {"says": 6, "turn": 8, "send": 12}
RARE = {
    "edits": 1,
    "deletes": 1,
    "person": 1,
    "own_echo": 2,
    "refused": 1,
    "past": 1,
    "mode": 1,
    "silence": 1,
    "hides": 2,
    "meets": 2,
    "operator_moves": 1,
    "shelves": 2,
    "forgets": 1,
    "mirrors_folder": 1,
}
DOCUMENTS = {"manobrista": "O manobrista custa", "granizo": "O seguro de granizo custa"}
QUESTIONS = ("tem manobrista?", "Tem MANOBRISTA", "e o seguro de granizo?", "quanto custa o kit 5?")


def shown(messages: Sequence[Message]) -> list[Message]:
    """All that a prompt can show: how a customer's message ended is not part of it."""
    return [
        replace(each, outcome=Outcome.OPEN, reason=None) if each.direction == "in" else each
        for each in messages
    ]


def two_versions() -> Sequence[Playbook]:
    playbook = solar()
    return playbook, replace(playbook, version="other", catalogue=())


def kept_answers(store: DbStore, clock: Clock, *, maxsize: int = 100) -> Answers:
    """What one process remembers of answers; without room it remembers nothing."""
    policy = CachePolicy(maxsize=maxsize, ttl=3600)
    cache: Cache[AnswerKey, Answer] = Cache("answer", policy, clock=clock, random=random.Random(3))
    return Answers(knowledge=store, cache=cache)


@dataclass(slots=True)
class Business:
    """Random customers, people and sends; each step is done by one of the processes.

    `answers` are what each process keeps of what the data of the business say.
    """

    stores: Sequence[DbStore]
    clock: HandClock
    dice: random.Random
    said: list[str] = field(default_factory=list)
    sent: deque[tuple[str, int]] = field(default_factory=lambda: deque(maxlen=5))
    hidden: list[str] = field(default_factory=list)
    leads: set[int] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)
    number: int = 0
    turns: int = 0
    playbooks: Sequence[Playbook] = field(default_factory=two_versions)
    answers: Sequence[Answers] = ()

    def __post_init__(self) -> None:
        self.answers = self.answers or [kept_answers(each, self.clock) for each in self.stores]

    @property
    def store(self) -> DbStore:
        return self.dice.choice(self.stores)

    async def step(self, events: dict[str, int]) -> None:
        (name,) = self.dice.choices(list(events), list(events.values()))
        self.number += 1
        self.clock.pass_(self.dice.choice((0.1, 1.0, 8.0)))
        await getattr(self, name)()
        self.done[name] += 1

    async def says(self) -> None:
        phone = self.dice.choice(PHONES)
        await self._say(Identity(address=f"{phone}@s.whatsapp.net", phone=phone, name="Maria"))

    async def hides(self) -> None:
        """Write as somebody of whom the gateway tells the hidden number alone."""
        lid = f"77{self.number:012d}@lid"
        self.hidden.append(lid)
        await self._say(Identity(address=lid, lid=lid))

    async def meets(self) -> None:
        """Let a hidden person prove to be one of the phones."""
        if self.hidden:
            lid, phone = self.hidden.pop(), self.dice.choice(PHONES)
            await self._say(Identity(address=f"{phone}@s.whatsapp.net", phone=phone, lid=lid))

    async def _say(self, sender: Identity) -> None:
        message = hello(self.number)
        self.said.append(message.provider_id)
        now = self.clock.now()
        await self.store.receive("loja", [replace(message, sender=sender, occurred_at=now)], "t")

    async def operator_moves(self) -> None:
        if self.leads:
            await self._move(self.dice.choice(sorted(self.leads)))

    async def _move(self, lead: int) -> None:
        with suppress(LookupError):  # it became another's
            move = StageMove(to=self.dice.choice(STAGES), reason=None, actor="ana")
            await DbPipeline(db=self.store.db).move_lead(lead, move, check=lambda _: None)

    async def turn(self) -> None:
        """Say something, and at times learn, ask or judge something."""
        texts = [f"resposta {self.number} {part}" for part in range(self.dice.randint(1, 2))]
        learned = self.dice.sample(SLOTS, self.dice.randint(0, 2))
        result = TurnResult(
            verdict=Verdict.ANSWERED,
            bubbles=tuple(Bubble(text=each) for each in texts),
            facts=tuple(Fact(slot=slot, value=self.dice.choice("abc")) for slot in learned),
            asked=self.dice.choice((None, None, *SLOTS)),
            stage=self.dice.choice((None, None, None, *STAGES)),
            score=self.dice.choice((None, None, 10, 20)),
        )
        await self._decide(result)

    async def silence(self) -> None:
        await self._decide(TurnResult(verdict=Verdict.SILENT))

    async def _decide(self, result: TurnResult) -> None:
        at = self.dice.randrange(len(self.stores))
        store = self.stores[at]
        for claim in (await store.claim(Queue.IN, "w", 2)).claims:
            given = await store.load_turn(claim)
            if given is None:
                await store.finish(claim, claim.upto)
                continue
            conversation = given.conversation
            kept = await store.history(conversation.id, conversation.version)
            assert shown(kept) == shown(await current(store, conversation.id))
            lead = await current_lead(store, given.lead.contact_id)
            assert (given.lead, list(given.lead.facts)) == (lead, list(lead.facts))
            await self._asks(self.answers[at], given.knowledge)
            self.turns += 1
            self.leads.add(given.lead.id)
            if self.dice.random() < MEANWHILE:
                await self._move(given.lead.id)
            await store.finish_turn(claim, given, result)

    async def _asks(self, answers: Answers, version: int) -> None:
        """What the data say to a customer is what one who remembers nothing finds in them."""
        playbook, asked = self.dice.choice(self.playbooks), [self.dice.choice(QUESTIONS)]
        kept = await answers.read("sol", version, playbook, asked)
        fresh = await Answers(knowledge=answers.knowledge).read("sol", version, playbook, asked)
        assert kept.passages == fresh.passages
        assert kept.look(playbook, asked[0]) == fresh.look(playbook, asked[0])

    async def shelves(self) -> None:
        await self.store.put_document("sol", self._document())

    async def forgets(self) -> None:
        await self.store.remove_document("sol", self.dice.choice(list(DOCUMENTS)))

    async def mirrors_folder(self) -> None:
        await self.store.replace_documents("sol", "operator", [self._document()])

    def _document(self) -> Document:
        name, text = self.dice.choice(list(DOCUMENTS.items()))
        source = f"# Loja\n\n## {name}\n{text} R$ {self.number},00."
        return read_markdown(name, source, origin="operator")

    async def send(self) -> None:
        store = self.store
        for claim in (await store.claim(Queue.OUT, "w", 1)).claims:
            order = await store.begin_send(claim)
            if isinstance(order, SendOrder):
                receipt = SendReceipt(provider_id=f"WA{self.number}")
                await store.sent(claim, order.row_id, receipt)

    async def refused(self) -> None:
        store = self.store
        for claim in (await store.claim(Queue.OUT, "w", 1)).claims:
            order = await store.begin_send(claim)
            if isinstance(order, SendOrder):
                await store.refused(claim, order.row_id, "whatsapp.refused")

    async def edits(self) -> None:
        if self.said:
            target = self.dice.choice(self.said)
            changed = MessageEdited(provider_id=target, text=f"corrigida {self.number}")
            await self.store.receive("loja", [changed], "t")

    async def deletes(self) -> None:
        if self.said:
            gone = MessageDeleted(provider_id=self.dice.choice(self.said))
            await self.store.receive("loja", [gone], "t")

    async def person(self) -> None:
        spoken = echo(f"sou a Ana {self.number}", number=self.number, by_api=False)
        await self.store.receive("loja", [replace(spoken, occurred_at=self.clock.now())], "t")

    async def own_echo(self) -> None:
        """Claim a send that is under way by its echo, as a gateway that lost its answer does."""
        store = self.store
        for claim in (await store.claim(Queue.OUT, "w", 1)).claims:
            order = await store.begin_send(claim)
            if isinstance(order, SendOrder):
                seen_again = echo(order.content.text, number=self.number)
                again = replace(seen_again, occurred_at=self.clock.now())
                await self.store.receive("loja", [again], "t")
                await store.unknown(claim, order.row_id, "whatsapp.unreachable", 0.0)

    async def past(self) -> None:
        old = hello(self.number, phone=self.dice.choice(PHONES), text=f"antiga {self.number}")
        await self.store.receive("loja", [HistoryReceived(message=old)], "t")

    async def mode(self) -> None:
        mode = self.dice.choice((Mode.BOT, Mode.BOT, Mode.HUMAN))
        reason = ModeReason.OPERATOR if mode is Mode.HUMAN else None
        for number in range(1, len(PHONES) + 1):
            await self.store.set_mode(number, mode, reason, "operator")


async def current(store: DbStore, conversation_id: int) -> Sequence[Message]:
    return seen(await store.db.read(lambda tx: turns.history(tx, conversation_id)))


async def current_lead(store: DbStore, contact_id: int) -> Lead:
    return await store.db.read(lambda tx: leads.lead_of(tx, contact_id))


def other_process(store: DbStore, clock: HandClock, *, maxsize: int = 100) -> DbStore:
    """The same database with a memory of its own; without room it remembers nothing."""
    policy, dice = CachePolicy(maxsize=maxsize, ttl=3600), random.Random(2)
    kept: Cache[tuple[int, int], Sequence[Message]] = Cache(
        "history", policy, clock=clock, random=dice
    )
    known: Cache[tuple[int, int], Lead] = Cache("lead", policy, clock=clock, random=dice)
    return replace(store, histories=Histories(cache=kept), known_leads=KnownLeads(cache=known))
