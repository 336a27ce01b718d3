"""Read back what an Evolution instance has stored: our own sends, or all of a span of time."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from orbion.adapters.channels.evolution_content import read_content
from orbion.adapters.channels.evolution_http import EvolutionHttp
from orbion.adapters.channels.evolution_json import (
    Json,
    OddShapeError,
    as_integer,
    as_object,
    as_text,
)
from orbion.adapters.channels.evolution_parse import parse_record
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.domain.events import PastPage
from orbion.domain.outbox import SentRecord

PAGE: Final = 50
"""Records of one answer: with thumbnails still far below a megabyte."""

_MOST_PAGES: Final = 4
_BRAZILIAN_SHORT, _BRAZILIAN_LONG = 12, 13


class EvolutionArchive:
    """Satisfies `ports.Archive`; it knows no breaker. `now` is ms UTC."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        base_url: str,
        instance: str,
        api_key: str,
        now: Callable[[], int],
    ) -> None:
        self._http = EvolutionHttp(client, base_url=base_url, instance=instance, api_key=api_key)
        self._instance = instance
        self._now = now

    async def page(self, since: int, until: int, number: int) -> PastPage:
        records, pages = await _stored(self._http, _between(since, until), number)
        now = self._now()
        found = [parse_record(each, instance=self._instance, now=now) for each in records]
        return PastPage(records=tuple(found), pages=pages)


async def find_sent(
    http: EvolutionHttp, addresses: Sequence[str], *, since: int, until: int, message_id: str
) -> Sequence[SentRecord]:
    """Look for the id that we proposed, then under every form of the recipient, newest first.

    A send to a LID may be stored under the phone, and under either spelling of a Brazilian one.
    """
    records, _ = await _stored(http, {"key": {"id": message_id}}, 1)
    if proposed := _ours(records, since, until):
        return proposed
    found: dict[str, SentRecord] = {}
    for jid in dict.fromkeys(each for address in addresses for each in _spellings(address)):
        for record in await _sent_to(http, jid, since, until):
            found.setdefault(record.provider_id, record)
    return sorted(found.values(), key=lambda record: record.sent_at, reverse=True)


async def _sent_to(http: EvolutionHttp, jid: str, since: int, until: int) -> list[SentRecord]:
    where = {"key": {"remoteJid": jid}, **_between(since, until)}
    found: list[SentRecord] = []
    for number in range(1, _MOST_PAGES + 1):
        records, pages = await _stored(http, where, number)
        found += _ours(records, since, until)
        if number >= pages:
            break
    return found


async def _stored(http: EvolutionHttp, where: Json, number: int) -> tuple[list[Any], int]:
    """One page of records, newest first, and the number of pages."""
    body = {"where": where, "page": number, "offset": PAGE}
    document = await http.read("POST", "chat/findMessages", body)
    messages = document.get("messages") if isinstance(document, dict) else None
    if not isinstance(messages, dict) or not isinstance(messages.get("records"), list):
        raise UnavailableError(FaultCode.WHATSAPP_SERVER, "findMessages answers another shape")
    return messages["records"], as_integer(messages.get("pages")) or 0


def _between(since: int, until: int) -> Json:
    """Both bounds, or the gateway ignores them; it stores whole seconds, so they are widened."""
    return {"messageTimestamp": {"gte": _iso(since - 1000), "lte": _iso(until + 1000)}}


def _ours(records: Sequence[Any], since: int, until: int) -> list[SentRecord]:
    return [record for each in records if (record := _sent_record(each, since, until))]


def _sent_record(record: Any, since: int, until: int) -> SentRecord | None:
    """Keep ours within the window; the gateway ignores `fromMe` as a filter."""
    try:
        key = as_object(as_object(record, "record").get("key"), "key")
        content = read_content(record.get("message"), named=record.get("messageType"))
    except OddShapeError:
        return None
    provider_id, seconds = as_text(key.get("id")), as_integer(record.get("messageTimestamp"))
    if key.get("fromMe") is not True or not provider_id or seconds is None:
        return None
    sent_at = seconds * 1000
    if not since - 1000 < sent_at <= until:
        return None
    return SentRecord(
        provider_id=provider_id,
        kind=content.kind,
        text=content.text,
        payload=content.payload,
        sent_at=sent_at,
    )


def _spellings(address: str) -> list[str]:
    user, _, server = address.partition("@")
    if (
        server != "s.whatsapp.net"
        or not user.startswith("55")
        or len(user) not in (_BRAZILIAN_SHORT, _BRAZILIAN_LONG)
    ):
        return [address]
    other = f"{user[:4]}9{user[4:]}" if len(user) == _BRAZILIAN_SHORT else f"{user[:4]}{user[5:]}"
    return [address, f"{other}@{server}"]


def _iso(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
