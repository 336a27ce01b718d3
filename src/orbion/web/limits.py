"""Count what each address and each key asks for in a minute, and tell them where they stand."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from orbion.kit.clock import Clock
from orbion.kit.limiter import Limiter, Rate, Verdict
from orbion.web.responses import json_response

MINUTE = 60.0


class TooManyError(Exception):
    """Someone is over a limit; `headers` say which and how long it lasts."""

    def __init__(self, tier: "Tier", verdict: Verdict) -> None:
        super().__init__(tier.name)
        self.headers = tier.headers(verdict)
        wait, rate = math.ceil(verdict.wait), verdict.rate
        self.body = {
            "detail": f"too many {tier.what}: {rate.count} a minute are allowed, wait {wait} s",
            "limit": tier.name,
            "allowed": rate.count,
            "seconds": math.ceil(rate.seconds),
            "retry_after": wait,
        }


@dataclass(frozen=True, slots=True)
class Tier:
    """One limit: `what` is counted, in words for whoever is over it."""

    name: str
    what: str
    limiter: Limiter

    def take(self, key: str) -> Mapping[str, str]:
        """Count one; the headers tell what is left.

        Raises:
            TooManyError: nothing is left, and nothing is counted.
        """
        verdict = self.limiter.take(key)
        if not verdict.allowed:
            raise TooManyError(self, verdict)
        return self.headers(verdict)

    def require(self, key: str) -> None:
        """Raise `TooManyError` if nothing is left; count nothing."""
        verdict = self.limiter.look(key)
        if not verdict.allowed:
            raise TooManyError(self, verdict)

    def headers(self, verdict: Verdict) -> Mapping[str, str]:
        """As in the IETF draft "RateLimit header fields for HTTP"."""
        rate = verdict.rate
        window, reset = math.ceil(rate.seconds), math.ceil(verdict.reset_after)
        headers = {
            "ratelimit-policy": f'"{self.name}";q={rate.count};w={window}',
            "ratelimit": f'"{self.name}";r={verdict.remaining};t={reset}',
        }
        if not verdict.allowed:
            headers["retry-after"] = str(math.ceil(verdict.wait))
        return headers


class Limits:
    """`address` counts admin requests, `failures` wrong keys, and `key` what each key asks for.

    Health, metrics and authentic webhooks are never refused: whole customers stand behind the one
    address of a gateway.
    """

    def __init__(self, *, address: int, failures: int, key: int, clock: Clock) -> None:
        def limiter(count: int) -> Limiter:
            return Limiter([Rate(count, MINUTE)], clock=clock)

        self.address = Tier("address", "requests from this address", limiter(address))
        self.failures = Tier("failures", "wrong keys from this address", limiter(failures))
        self.key = Tier("key", "requests with this key", limiter(key))


def address_of(request: Request) -> str:
    """The peer itself: a forwarded header is worth nothing without a trusted proxy."""
    peer = request.scope.get("client")
    return str(peer[0]) if peer else "unknown"


async def too_many(_request: Request, error: Exception) -> Response:
    """Answer for whoever is over a limit."""
    if not isinstance(error, TooManyError):
        raise error
    return json_response(error.body, 429, error.headers)
