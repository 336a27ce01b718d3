"""Check what a gateway presents with a webhook against an account's secrets."""

import base64
import binascii
import hmac
import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from orbion.domain.errors import FaultCode, RejectedError
from orbion.domain.events import WebhookRequest

LEEWAY_SECONDS = 1800  # Evolution signs once per event and retries for 20 minutes with that token

_HEADERS = ("authorization", "apikey", "x-api-key", "x-webhook-secret")
_CLAIMS: Mapping[str, str] = {"app": "evolution", "action": "webhook"}


class WebhookCredentials:
    """Accepts a secret as bearer token, plain header, Basic password or first path segment.

    A bearer token may also be Evolution's HS256 JWT signed with a secret (contract section 1.2).
    `now` is ms UTC. Several secrets are valid at once, for rotation.
    """

    __slots__ = ("_now", "_secrets")

    def __init__(self, secrets: Sequence[str], *, now: Callable[[], int]) -> None:
        if not all(secrets):
            raise ValueError("a webhook secret is empty")
        self._secrets = tuple(secret.encode() for secret in secrets)
        self._now = now

    def verify(self, request: WebhookRequest) -> None:
        """Raise `RejectedError` (auth.bad) unless something presented is right."""
        offered = _offered(request)
        if self._any_secret(offered) or self._any_token(offered):
            return
        raise RejectedError(
            FaultCode.AUTH_BAD, "no valid credential: send a configured webhook secret"
        )

    def _any_secret(self, offered: Sequence[str]) -> bool:
        """Compare every pair, so that the time tells nothing about which one was close."""
        matches = 0
        for candidate in offered:
            presented = candidate.encode("utf-8", "surrogateescape")
            for secret in self._secrets:
                matches += hmac.compare_digest(presented, secret)
        return matches > 0

    def _any_token(self, offered: Sequence[str]) -> bool:
        tokens = [candidate for candidate in offered if candidate.count(".") == 2]  # noqa: PLR2004 - a JWT
        return any(self._signed(token, secret) for token in tokens for secret in self._secrets)

    def _signed(self, token: str, secret: bytes) -> bool:
        jwt = importlib.import_module("jwt")  # few gateways sign: docs/adr/0015
        try:
            claims = jwt.decode(token, secret, algorithms=["HS256"], options=_signature_only())
        except (jwt.PyJWTError, ValueError):
            return False
        return self._timely(claims) and all(claims.get(key) == _CLAIMS[key] for key in _CLAIMS)

    def _timely(self, claims: Mapping[str, Any]) -> bool:
        issued, expires = claims.get("iat"), claims.get("exp")
        if not (isinstance(issued, int | float) and isinstance(expires, int | float)):
            return False
        now = self._now() / 1000
        return issued - LEEWAY_SECONDS <= now <= expires + LEEWAY_SECONDS


def _signature_only() -> Mapping[str, bool]:
    """Leave the times to us: the library reads the real clock and knows one leeway for all."""
    return {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}


def _offered(request: WebhookRequest) -> list[str]:
    offered = [request.headers[name] for name in _HEADERS if name in request.headers]
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            offered.append(rest.strip())
        case "basic":
            offered.append(_password(rest.strip()))
        case _:
            pass  # the whole header is already offered
    return offered + list(request.tail[:1])


def _password(encoded: str) -> str:
    """The password of a URL's userinfo, or the user where only one part is given."""
    try:
        pair = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    user, _, password = pair.partition(":")
    return password or user
