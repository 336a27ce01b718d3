"""Judges a run by what customers and the gateway saw: promises kept, never by our own database."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import inf

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orbion.simulators.evolution_store import Accepted, Json
from orbion.simulators.evolution_webhooks import Deliver, Delivery
from tests.support.pairs import pair
from tests.support.tokens import speaker, tokens

MOST_DEAD_AT_ONCE = 5
A_SECOND_MS = 1_000  # the promise to a person, and the resolution of WhatsApp's times


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A customer's message as the gateway got it; `index` counts the conversation's from 0."""

    phone: str
    index: int
    token: str
    key_id: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeover:
    """What a person wrote to a customer, once."""

    key_id: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One attempt to deliver a webhook with a message; status None = no answer."""

    key_id: str
    posted_at: int
    answered_at: int
    status: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One sendText request as it reached the gateway."""

    at: int
    phone: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """One findMessages request: whose messages were looked for."""

    at: int
    jid: str


@dataclass(slots=True, kw_only=True)
class Recorder:
    """Stands before the gateway and notes each sendText and look when its body is complete."""

    app: ASGIApp
    now: Callable[[], int]
    asked: list[Asked] = field(default_factory=list)
    looked: list[Looked] = field(default_factory=list)
    heard: Callable[[], None] = lambda: None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        note = next((NOTES[path] for path in NOTES if scope["path"].startswith(path)), None)
        if note is None:
            await self.app(scope, receive, send)
            return
        body = b""

        async def listening() -> Message:
            nonlocal body
            message = await receive()
            if message["type"] == "http.request":
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    note(self, msgspec.json.decode(body))
            return message

        await self.app(scope, listening, send)

    def sends(self, order: Json) -> None:
        phone = order["number"].partition("@")[0]
        self.asked.append(Asked(at=self.now(), phone=phone, text=order["text"]))
        self.heard()

    def looks(self, order: Json) -> None:
        jid = order["where"].get("key", {}).get("remoteJid", "")
        self.looked.append(Looked(at=self.now(), jid=jid))


NOTES: Mapping[str, Callable[[Recorder, Json], None]] = {
    "/message/sendText": Recorder.sends,
    "/chat/findMessages": Recorder.looks,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Stands between the gateway and the service and notes each try to post a message."""

    deliver: Deliver
    now: Callable[[], int]
    posts: list[Post] = field(default_factory=list)

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        posted_at, status = self.now(), None
        try:
            status = await self.deliver(url, headers, body)
        finally:
            self._note(body, posted_at, status)
        return status

    def _note(self, body: bytes, posted_at: int, status: int | None) -> None:
        envelope = msgspec.json.decode(body)
        if envelope["event"] == "messages.upsert":
            key_id = envelope["data"]["key"]["id"]
            self.posts.append(
                Post(key_id=key_id, posted_at=posted_at, answered_at=self.now(), status=status)
            )


@dataclass(slots=True, kw_only=True)
class Evidence:
    """All that was seen from outside; times in ms.

    `patience` is how long after its request an accept must still be found, `direct` how long the
    gateway takes at most for an accept that it does not delay on purpose, `settle` how long the
    service may need to commit an answer that it got, `takeovers` has what a person wrote to a
    phone, `idle` is how long that holds (0 = for ever), `births` is when the life after each death
    could send at the earliest. Once `healed`, what never was acknowledged is owed an answer too.
    Where a model may fail, a service `falls_back` on words that repeat no token.
    """

    patience: int
    direct: int
    settle: int
    said: list[Said] = field(default_factory=list)
    posts: Sequence[Post] = ()
    takeovers: dict[str, Takeover] = field(default_factory=dict)
    idle: int = 0
    healed: bool = False
    deaths: list[int] = field(default_factory=list)
    births: list[int] = field(default_factory=list)
    asked: Sequence[Asked] = ()
    looked: Sequence[Looked] = ()
    journal: Sequence[Accepted] = ()
    deliveries: Sequence[Delivery] = ()
    prompts: Sequence[frozenset[str]] = ()
    falls_back: bool = False

    def story(self) -> list[str]:
        """Everything in the order of its time: equal for equal seeds."""
        lines = [(each.at, f"says     {each.phone} {each.token}") for each in self.said]
        lines += [
            (each.answered_at, f"webhook  {each.key_id} {each.posted_at} → {each.status}")
            for each in self.posts
        ]
        lines += [(each.at, f"asked    {each.phone} {each.text}") for each in self.asked]
        lines += [
            (each.at, f"accepted {_phone(each)} {each.text} {_ways(each)} {each.id}")
            for each in self.journal
        ]
        lines += [
            (each.due_at, f"echoed   {each.key_id} {each.answers}")
            for each in self.deliveries
            if each.event == "send.message"
        ]
        lines += [(at, "KILLED") for at in self.deaths]
        lines += [(at, "BORN") for at in self.births]
        return [f"{at} {what}" for at, what in sorted(lines)]


def _phone(accepted: Accepted) -> str:
    return accepted.jid.partition("@")[0]


def _ways(accepted: Accepted) -> str:
    ways = ("answered", "recorded", "echoed")
    return ",".join(way for way in ways if getattr(accepted, way)) or "hidden"


@dataclass(kw_only=True)
class Judge:
    """Reads the evidence; `violations` are sentences that begin with the invariant's name."""

    evidence: Evidence

    def violations(self) -> list[str]:
        return [*self.lost(), *self.forbidden()]

    def forbidden(self) -> list[str]:
        """What may never have happened, however much is still on its way."""
        return [
            *self.answered_twice(),
            *self.sent_twice(),
            *self.out_of_order(),
            *self.leaked(),
            *self.talked_over_a_person(),
        ]

    @cached_property
    def acknowledged(self) -> Mapping[str, int]:
        """When each message was first answered with a 2xx, by key id."""
        found: dict[str, int] = {}
        for post in self.evidence.posts:
            if post.status is not None and 200 <= post.status < 300:
                found.setdefault(post.key_id, post.answered_at)
        return found

    @cached_property
    def first_posted(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for post in self.evidence.posts:
            found[post.key_id] = min(post.posted_at, found.get(post.key_id, post.posted_at))
        return found

    @cached_property
    def copies(self) -> Mapping[tuple[str, str], Sequence[Accepted]]:
        """Every accept, by phone and body."""
        found: dict[tuple[str, str], list[Accepted]] = defaultdict(list)
        for accepted in self.evidence.journal:
            found[_phone(accepted), accepted.text].append(accepted)
        return found

    @cached_property
    def requested_at(self) -> Mapping[str, int]:
        """When the request of each accept reached the gateway, by gateway id.

        A direct accept follows its request at once; one that was delayed on purpose belongs to the
        oldest request that no direct accept followed.
        """
        asked: dict[tuple[str, str], list[int]] = defaultdict(list)
        for request in self.evidence.asked:
            asked[request.phone, request.text].append(request.at)
        found: dict[str, int] = {}
        for key, accepts in self.copies.items():
            found |= pair(accepts, asked[key], self.evidence.direct)
        return found

    @cached_property
    def told_at(self) -> Mapping[str, int]:
        """When the first echo of each accept was taken by the service, by gateway id."""
        found: dict[str, int] = {}
        for each in self.evidence.deliveries:
            if each.event == "send.message" and each.outcome == "delivered" and each.key_id:
                found[each.key_id] = min(each.due_at, found.get(each.key_id, each.due_at))
        return found

    @cached_property
    def delivered(self) -> Mapping[str, Sequence[str]]:
        """The tokens that each phone got, in the order of their first arrival."""
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for accepted in self.evidence.journal:
            found[_phone(accepted)] |= dict.fromkeys(tokens(accepted.text))
        return {phone: list(words) for phone, words in found.items()}

    def is_unprovable(self, accepted: Accepted) -> bool:
        """Say whether nobody outside could know of this accept in time (U of I2b)."""
        evidence = self.evidence
        asked_at = self.requested_at[accepted.id]
        deadline = asked_at + evidence.patience
        if accepted.at > deadline:
            return True
        told_at = self.told_at.get(accepted.id)
        if accepted.recorded or (told_at is not None and told_at <= deadline):
            return False
        if not accepted.answered:
            return True
        death = self.death_of_sender(asked_at)
        return death is not None and death <= accepted.at + evidence.settle

    def death_of_sender(self, asked_at: int) -> int | None:
        """When the life ended that sent the request; a gateway may read it after that."""
        deaths, births = self.evidence.deaths, self.evidence.births
        later = bisect_left(deaths, asked_at)
        for number in range(max(0, later - MOST_DEAD_AT_ONCE), later):
            if asked_at < births[number]:
                return deaths[number]
        return deaths[later] if later < len(deaths) else None

    def duplicates(self) -> tuple[int, int]:
        """Count the accepts beyond the first of each body, and those that nobody could know of."""
        surplus = sum(self.surplus(*key) for key in self.copies)
        return surplus, sum(self.is_unprovable(each) for each in self.evidence.journal)

    def surplus(self, phone: str, text: str) -> int:
        """Count the accepts of a body beyond those that its turns may have meant.

        Words without a token may be said once for each message that no other words answer.
        """
        meant = 1 if tokens(text) else max(1, self._unworded_of(phone))
        return max(0, len(self.copies[phone, text]) - meant)

    def _unworded_of(self, phone: str) -> int:
        got = self.delivered.get(phone, ())
        return sum(each.phone == phone and each.token not in got for each in self.evidence.said)

    def lost(self) -> Iterator[str]:
        for said in self.evidence.said:
            got = self.delivered.get(said.phone, ())
            owed = self.evidence.healed or said.key_id in self.acknowledged
            is_answered = said.token in got or self.fell_back(said)
            if owed and not is_answered and not self._is_for_a_person(said):
                how = "acknowledged" if said.key_id in self.acknowledged else "not delivered"
                yield f"I1 {said.token} of {said.phone} was {how} and never answered"

    def fell_back(self, said: Said) -> bool:
        """Say whether words without a token stand where those with this one would."""
        got = self.delivered.get(said.phone, ())
        if said.token in got or not self.evidence.falls_back:
            return False
        others = (each for each in self.evidence.said if each.phone == said.phone)
        later = {each.token for each in others if self._belongs_before(said, each)}
        mine = [each for each in self.evidence.journal if _phone(each) == said.phone]
        until = min((each.at for each in mine if later & set(tokens(each.text))), default=inf)
        return any(said.at <= each.at <= until and not tokens(each.text) for each in mine)

    def _is_for_a_person(self, said: Said) -> bool:
        """Say whether it was said before a person's word, or not long enough after it."""
        word, idle = self.evidence.takeovers.get(said.phone), self.evidence.idle
        return word is not None and (idle == 0 or said.at < word.at + idle + A_SECOND_MS)

    def answered_twice(self) -> Iterator[str]:
        bodies: Counter[str] = Counter()
        for (_, text), copies in self.copies.items():
            if not all(map(self.is_unprovable, copies)):
                bodies.update(set(tokens(text)))
        for word, count in bodies.items():
            if count > 1:
                yield f"I2a {word} was answered by {count} different messages"

    def sent_twice(self) -> Iterator[str]:
        for (phone, text), copies in self.copies.items():
            unprovable = sum(map(self.is_unprovable, copies))
            if self.surplus(phone, text) > unprovable:
                yield f"I2b {text!r} reached {phone} {len(copies)} times, {unprovable} unprovable"

    def out_of_order(self) -> Iterator[str]:
        """Only what was posted after an earlier message's 2xx has an order to keep."""
        by_token = {said.token: said for said in self.evidence.said}
        for phone, words in self.delivered.items():
            for place, later in enumerate(words):
                if any(
                    self._belongs_before(by_token[earlier], by_token[later])
                    for earlier in words[place + 1 :]
                    if speaker(earlier) == speaker(later)
                ):
                    yield f"I3 {later} was answered too early: {phone} got {words}"
                    break

    def leaked(self) -> Iterator[str]:
        owners = {speaker(said.token): said.phone for said in self.evidence.said}
        for accepted in self.evidence.journal:
            for word in tokens(accepted.text):
                if owners[speaker(word)] != _phone(accepted):
                    yield f"I5 {word} was sent to {_phone(accepted)}"
        for prompt in self.evidence.prompts:
            if len(prompt) > 1:
                yield f"I5 one prompt holds words of {len(prompt)} conversations"

    def talked_over_a_person(self) -> Iterator[str]:
        """Within a second of the acknowledged takeover one more may leave, then none."""
        idle = self.evidence.idle
        for phone, word in self.evidence.takeovers.items():
            since = self.acknowledged.get(word.key_id)
            if since is None:
                continue
            until = word.at + idle - A_SECOND_MS if idle else inf
            late = [
                each.at - since
                for each in self.evidence.asked
                if each.phone == phone and since < each.at < until
            ]
            if len(late) > 1 or any(wait > A_SECOND_MS for wait in late):
                yield f"P9 {phone} was written to {late} ms after a person took over"

    def _belongs_before(self, earlier: Said, later: Said) -> bool:
        answered = self.acknowledged.get(earlier.key_id)
        posted = self.first_posted.get(later.key_id)
        if answered is None or posted is None:
            return False
        return earlier.index < later.index and answered < posted
