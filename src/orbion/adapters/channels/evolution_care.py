"""Look after one Evolution instance: its version, its link to WhatsApp, its webhook."""

import base64
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import httpx

from orbion.adapters.channels.evolution_http import EvolutionHttp
from orbion.adapters.channels.evolution_json import Json, as_integer, as_text
from orbion.domain.accounts import QrCode
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.domain.events import ConnectionState
from orbion.domain.gateway_webhook import Webhook

_LINK_SECONDS: Final = 30.0  # it opens a socket to WhatsApp first


class EvolutionGateway:
    """Satisfies `ports.Gateway`; it knows no breaker."""

    def __init__(
        self, client: httpx.AsyncClient, *, base_url: str, instance: str, api_key: str
    ) -> None:
        self._http = EvolutionHttp(client, base_url=base_url, instance=instance, api_key=api_key)

    async def connection(self) -> ConnectionState:
        state = as_text(
            _part(await self._http.read("GET", "instance/connectionState")).get("state")
        )
        known = state in set(ConnectionState)
        return ConnectionState(state) if known else ConnectionState.UNKNOWN

    async def version(self) -> str:
        """Read it from the root, which answers without a licence and without a key."""
        found = as_text(_object(await self._http.read("GET", "")).get("version"))
        if not found:
            raise UnavailableError(FaultCode.WHATSAPP_SERVER, "the gateway tells no version")
        return found

    async def webhook(self) -> Webhook | None:
        row = _object(await self._http.read("GET", "webhook/find"))
        if not row:
            return None
        url, events = as_text(row.get("url")), row.get("events")
        return Webhook(
            url=url,
            enabled=row.get("enabled") is True,
            by_events=row.get("webhookByEvents") is True,
            base64=row.get("webhookBase64") is True,
            events=frozenset(map(as_text, events if isinstance(events, list) else ())),
            headers=_carried(row.get("headers"), url),
        )

    async def set_webhook(self, wanted: Webhook) -> None:
        """Give every field: without `events` it fails, without `headers` it keeps the old ones."""
        settings = {
            "enabled": wanted.enabled,
            "url": wanted.url,
            "byEvents": wanted.by_events,
            "base64": wanted.base64,
            "headers": dict(wanted.headers),
            "events": sorted(wanted.events),
        }
        await self._http.read("POST", "webhook/set", {"webhook": settings})

    async def qr_code(self) -> QrCode | None:
        answer = _object(await self._http.read("GET", "instance/connect", seconds=_LINK_SECONDS))
        if _part(answer).get("state") == ConnectionState.OPEN:
            return None
        return QrCode(
            count=as_integer(answer.get("count")) or 0,
            code=as_text(answer.get("code")),
            pairing_code=as_text(answer.get("pairingCode")) or None,
        )


def _object(document: Any) -> Json:
    return document if isinstance(document, dict) else {}


def _part(document: Any) -> Json:
    return _object(_object(document).get("instance"))


def _carried(headers: Any, url: str) -> dict[str, str]:
    """Tell what the next POST will prove itself with.

    Evolution replaces a `jwt_key` by a token signed with it; whoever accepts the one accepts the
    other, so the key stands for its token here. A user in the address wins over the header.
    """
    carried = {str(name).lower(): as_text(value) for name, value in _object(headers).items()}
    if key := carried.pop("jwt_key", ""):
        carried["authorization"] = f"Bearer {key}"
    parts = urlsplit(url)
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        carried["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return carried
