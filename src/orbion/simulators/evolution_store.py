"""Keeps what a simulated Evolution instance knows: its socket, its people, its stored messages."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Literal, TypeAlias
from uuid import NAMESPACE_DNS, uuid5

Json: TypeAlias = dict[str, Any]

VERSION: Final = "2.3.7"
FIRST_WITH_IDS: Final = "2.4"
PERSON: Final = "@s.whatsapp.net"
GROUP: Final = "@g.us"
GROUP_DIGITS: Final = 18
FIRST_DDD_WITHOUT_NINE: Final = 31
FIRST_MOBILE_DIGIT: Final = 7
BRAZIL_MOBILE: Final = re.compile(r"(55)(\d\d)9?(\d{8})")
EXTRA_DIGIT: Final = re.compile(r"(52|54)\d(\d{10})")


class Socket(StrEnum):
    """What the WhatsApp socket does with a send; the reported `state` may say otherwise."""

    OPEN = "open"
    CLOSED = "closed"
    TIMEOUT = "timeout"
    UNPAIRED = "unpaired"


State = Literal["open", "connecting", "close", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """The webhook settings of an instance; `headers["jwt_key"]` asks for signed tokens."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)
    enabled: bool = True
    by_events: bool = False
    base64: bool = False
    events: tuple[str, ...] = ()
    """Subscribed names like MESSAGES_UPSERT; empty means all."""

    def wants(self, event: str) -> bool:
        name = event.replace(".", "_").replace("-", "_").upper()
        return self.enabled and bool(self.url) and (not self.events or name in self.events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One message that WhatsApp took from the API: the ground truth of what a customer got.

    `answered`, `recorded` and `echoed` say through which ways the gateway told of its accept;
    `type` is WhatsApp's name of the kind, `quoted` the key id of the message it stands under.
    """

    id: str
    instance: str
    number: str
    jid: str
    text: str
    at: int
    answered: bool
    recorded: bool
    echoed: bool
    type: str = "conversation"
    quoted: str | None = None

    @property
    def hidden(self) -> bool:
        """Nobody outside could know of this accept."""
        return not (self.answered or self.recorded or self.echoed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One call that showed messages as read; a key with a hidden id is skipped in silence."""

    instance: str
    jid: str
    ids: tuple[str, ...]
    at: int


@dataclass(slots=True, kw_only=True)
class Record:
    """A stored message: its findMessages row and the (ms, status) receipts it gets in time."""

    row: Json
    receipts: list[tuple[int, str]] = field(default_factory=list)
    revoked: bool = False

    def shown(self, now: int) -> Json:
        statuses = [{"status": status} for at, status in self.receipts if at <= now]
        return {**self.row, "MessageUpdate": statuses}


@dataclass(slots=True, kw_only=True)
class Instance:
    """One WhatsApp number at the gateway; a test may change any field while it runs.

    `known` are the JIDs the gateway has cached, `absent` the digits that have no WhatsApp, `lids`
    maps a hidden id to its JID, `held` are inbound messages waiting for the socket, and
    `missing_files` addresses that answer a download with 404. From `version` 2.4 on the caller may
    choose a message's id, and the same id is not sent again. `offline` = it cannot reach WhatsApp,
    so no QR code ever comes; `linking_since` (ms) is when the first came.
    """

    name: str
    token: str
    number: str = "5511900000001"
    profile: str = "Loja Orbion"
    webhook: Webhook | None = None
    socket: Socket = Socket.OPEN
    state: State = "open"
    addressing: Literal["pn", "lid"] = "pn"
    exposes_token: bool = False
    offline: bool = False
    pairing_code: str | None = None
    linking_since: int | None = None
    codes: int = 0
    known: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)
    lids: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    held: list[Json] = field(default_factory=list)
    missing_files: set[str] = field(default_factory=set)
    version: str = VERSION
    records: dict[str, Record] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(uuid5(NAMESPACE_DNS, self.name))

    @property
    def jid(self) -> str:
        return self.number + PERSON

    @property
    def takes_ids(self) -> bool:
        return self.version >= FIRST_WITH_IDS

    def resolve(self, number: str) -> str:
        """The JID a send goes to: the cached spelling of the person, else the number's own."""
        jid = create_jid(number)
        jid = self.lids.get(jid, jid)
        return next((other for other in _spellings(jid) if other in self.known), jid)

    def exists(self, jid: str) -> bool:
        return jid in self.known or jid.partition("@")[0] not in self.absent

    def store(self, row: Json) -> Record:
        record = Record(row=row)
        self.records[row["key"]["id"]] = record
        return record

    def find(self, where: Json) -> list[Record]:
        """Newest first; `fromMe: false` and a lone time bound are ignored, as Evolution does."""
        key = where.get("key") or {}
        wanted = {name: key[name] for name in ("id", "remoteJid", "fromMe") if key.get(name)}
        since, until = _bounds(where.get("messageTimestamp") or {})
        found = [
            record
            for record in reversed(self.records.values())
            if since <= record.row["messageTimestamp"] <= until
            and wanted.items() <= record.row["key"].items()
        ]
        return sorted(found, key=lambda record: -record.row["messageTimestamp"])


def create_jid(number: str) -> str:
    """Evolution's own rule: an address is kept, digits are made into one."""
    if "@" in number:
        return number
    digits = re.sub(r"\D", "", number)
    if len(digits) >= GROUP_DIGITS:
        return digits + GROUP
    if extra := EXTRA_DIGIT.fullmatch(digits):
        return extra[1] + extra[2] + PERSON
    brazil = BRAZIL_MOBILE.fullmatch(digits)
    if brazil and _drops_nine(brazil[2], brazil[3]):
        digits = "".join(brazil.groups())
    return digits + PERSON


def _drops_nine(ddd: str, line: str) -> bool:
    return int(ddd) >= FIRST_DDD_WITHOUT_NINE and int(line[0]) >= FIRST_MOBILE_DIGIT


def _spellings(jid: str) -> tuple[str, ...]:
    brazil = BRAZIL_MOBILE.fullmatch(jid.removesuffix(PERSON))
    if brazil is None:
        return (jid,)
    country, ddd, line = brazil.groups()
    return jid, f"{country}{ddd}{line}{PERSON}", f"{country}{ddd}9{line}{PERSON}"


def _bounds(span: Json) -> tuple[float, float]:
    if not (span.get("gte") and span.get("lte")):
        return float("-inf"), float("inf")
    return _unix(span["gte"]), _unix(span["lte"])


def _unix(moment: str) -> int:
    parsed = datetime.fromisoformat(moment)
    return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())
