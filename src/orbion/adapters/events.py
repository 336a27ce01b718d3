"""Post notices to another system's URL, signed as the Standard Webhooks specification says."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Final

import httpx
import msgspec

from orbion.adapters.http import AnswerLostError, NotSentError, exchange, retry_after
from orbion.domain.errors import FaultCode, RefusedError, UnavailableError
from orbion.domain.notices import Posted

TIMEOUT_SECONDS: Final = 10.0
_PREFIX: Final = "whsec_"
_LATER: Final = frozenset({httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_EARLY})
_SERVER_SECONDS: Final = 5.0


class HttpEvents:
    """A receiver checks `webhook-signature` and may forget a `webhook-id` that it knows already."""

    def __init__(
        self, client: httpx.AsyncClient, *, url: str, secret: str, now: Callable[[], int]
    ) -> None:
        self._client = client
        self._url = url
        self._key = signing_key(secret)
        self._now = now

    async def post(self, event: Posted) -> None:
        body = msgspec.json.encode(event.body)
        at = self._now() // 1000
        request = self._client.build_request(
            "POST",
            self._url,
            content=body,
            headers={
                "content-type": "application/json",
                "webhook-id": event.id,
                "webhook-timestamp": str(at),
                "webhook-signature": f"v1,{sign(self._key, event.id, at, body)}",
            },
        )
        try:
            answer = await exchange(self._client, request, timeout=TIMEOUT_SECONDS)
        except (NotSentError, AnswerLostError) as error:
            raise _later("the receiver did not answer", _SERVER_SECONDS) from error
        if answer.is_success:
            return
        raise _fault(answer)


def signing_key(secret: str) -> bytes:
    """The bytes of a secret; one that begins with «whsec_» is written in base64."""
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        return secret.encode()


def sign(key: bytes, event_id: str, at: int, body: bytes) -> str:
    """HMAC-SHA256 of id, time (Unix seconds) and body, in base64."""
    signed = b".".join((event_id.encode(), str(at).encode(), body))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _fault(answer: httpx.Response) -> Exception:
    """The receiver's own words are left out: nobody knows what they hold."""
    status = answer.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return UnavailableError(
            FaultCode.EVENTS_RATE_LIMIT,
            "the receiver asks to wait",
            retry_after=retry_after(answer.headers) or _SERVER_SECONDS,
        )
    if status in _LATER or answer.is_server_error:
        return _later(f"the receiver answered {status}", retry_after(answer.headers))
    return RefusedError(FaultCode.EVENTS_REFUSED, f"the receiver answered {status}")


def _later(message: str, wait: float) -> UnavailableError:
    return UnavailableError(
        FaultCode.EVENTS_UNREACHABLE, message, retry_after=wait or _SERVER_SECONDS
    )
