"""Speak with one WhatsApp number behind an Evolution API instance."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from orbion.adapters.channels.credentials import WebhookCredentials
from orbion.adapters.channels.evolution_archive import find_sent
from orbion.adapters.channels.evolution_faults import failed_file, is_unquotable
from orbion.adapters.channels.evolution_http import EvolutionHttp, fault_of
from orbion.adapters.channels.evolution_identity import without_device
from orbion.adapters.channels.evolution_json import (
    OddShapeError,
    as_object,
    as_text,
    decode,
)
from orbion.adapters.channels.evolution_outgoing import request_for
from orbion.adapters.channels.evolution_parse import parse_webhook
from orbion.domain.errors import (
    FaultCode,
    RefusedError,
    RejectedError,
    UnknownOutcomeError,
)
from orbion.domain.events import Event, WebhookRequest
from orbion.domain.outbox import SendReceipt, SentRecord
from orbion.domain.outgoing import Content, Outgoing, is_file

_COURTESY_SECONDS = 5.0  # beyond what the gateway is told to hold its answer for


@dataclass(frozen=True, slots=True, kw_only=True)
class SendTimeouts:
    """Seconds of a whole send, from connect to last byte.

    A file has its own: the gateway downloads, converts and uploads it before it answers.
    """

    text: float
    file: float


class EvolutionChannel:
    """`now` is ms UTC."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        base_url: str,
        instance: str,
        api_key: str,
        secrets: Sequence[str],
        now: Callable[[], int],
        timeouts: SendTimeouts,
    ) -> None:
        self._http = EvolutionHttp(client, base_url=base_url, instance=instance, api_key=api_key)
        self._instance = instance
        self._credentials = WebhookCredentials(secrets, now=now)
        self._now = now
        self._timeouts = timeouts

    def verify(self, request: WebhookRequest) -> None:
        self._credentials.verify(request)

    def parse(self, body: bytes) -> Sequence[Event]:
        return parse_webhook(body, instance=self._instance, now=self._now())

    async def send(self, address: str, outgoing: Outgoing) -> SendReceipt:
        """Try once more without the quote if its target was edited or revoked (section 6.1)."""
        seconds = self._timeouts.file if is_file(outgoing.content) else self._timeouts.text
        request = request_for(address, outgoing)
        response = await self._http.call("POST", request.path, request.body, seconds=seconds)
        if request.quotes and is_unquotable(response.status_code, response.content):
            body = request.without_quote().body
            response = await self._http.call("POST", request.path, body, seconds=seconds)
        if not response.is_success:
            raise _send_fault(response, outgoing.content)
        return _receipt(response)

    async def typing(self, address: str, seconds: float) -> None:
        delay = int(seconds * 1000)
        await self._courtesy(
            "chat/sendPresence",
            {"number": address, "presence": "composing", "delay": delay},
            seconds=seconds + _COURTESY_SECONDS,
        )

    async def mark_read(self, address: str, provider_ids: Sequence[str]) -> None:
        keys = [{"id": each, "remoteJid": address, "fromMe": False} for each in provider_ids]
        await self._courtesy(
            "chat/markMessageAsRead", {"readMessages": keys}, seconds=_COURTESY_SECONDS
        )

    async def find_sent(
        self, addresses: Sequence[str], *, since: int, until: int, message_id: str
    ) -> Sequence[SentRecord]:
        return await find_sent(
            self._http, addresses, since=since, until=until, message_id=message_id
        )

    async def _courtesy(self, path: str, body: Mapping[str, Any], *, seconds: float) -> None:
        """Not every integration has presence and receipts; the gateway then refuses them."""
        try:
            await self._http.read("POST", path, body, seconds=seconds)
        except RefusedError:
            return


def _send_fault(response: httpx.Response, content: Content) -> Exception:
    about_file = failed_file(response.status_code, response.content) if is_file(content) else None
    return about_file or fault_of(response)


def _receipt(response: httpx.Response) -> SendReceipt:
    """Only a message id is an accept; anything else in a 2xx is judged by its words."""
    try:
        key = as_object(as_object(decode(response.content), "answer").get("key"), "key")
    except RejectedError as error:
        raise UnknownOutcomeError(
            FaultCode.WHATSAPP_SERVER, "the gateway's answer is cut off"
        ) from error
    except OddShapeError:
        raise fault_of(response) from None
    provider_id = as_text(key.get("id"))
    if not provider_id:
        raise fault_of(response)
    jid = as_text(key.get("remoteJid"))
    return SendReceipt(provider_id=provider_id, address=without_device(jid) if jid else None)
