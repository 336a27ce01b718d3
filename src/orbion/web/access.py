"""Decide who may see and change what, in constant time, and slow down those who guess."""

import hmac
import math
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request

from orbion.kit.clock import Clock
from orbion.kit.limiter import Gcra, Verdict

_NO_KEY = "admin routes are off: set ORBION_ADMIN_KEY or ORBION_ADMIN_KEY_FILE"
_WRONG_KEY = "wrong or missing key: send Authorization: Bearer <key>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `count` per `seconds` and address."""

    count: int
    seconds: float

    def limiter(self) -> Gcra:
        return Gcra(self.count / self.seconds, self.count)


class Access:
    """Keys are compared as bytes; None = not set.

    Without `observer_key` metrics and health details are open: they hold no secret and no
    personal data. The admin key opens them too.
    """

    def __init__(
        self,
        *,
        admin_key: str | None,
        observer_key: str | None,
        clock: Clock,
        admin: Limit = Limit(count=120, seconds=60.0),
        failures: Limit = Limit(count=10, seconds=60.0),
    ) -> None:
        self._admin_key = admin_key
        self._observer_key = observer_key
        self._clock = clock
        self._limit = admin
        self._requests = admin.limiter()
        self._failures = failures.limiter()

    def admin(self, request: Request) -> dict[str, str]:
        """Return the headers that tell the caller its remaining rate.

        Raises:
            HTTPException: 403 no key is set, 401 wrong key, 429 too many requests or guesses.
        """
        if not self._admin_key:
            raise HTTPException(403, _NO_KEY)
        self._authenticate(request, self._admin_key)
        verdict = self._requests.check(_address(request), self._clock.monotonic())
        headers = self._rate_headers(verdict)
        if not verdict.allowed:
            raise HTTPException(429, "too many requests", headers)
        return headers

    def observer(self, request: Request) -> None:
        """Let through whoever may read metrics and health details.

        Raises:
            HTTPException: 401 wrong key, 429 too many guesses.
        """
        if self._observer_key:
            keys = [key for key in (self._observer_key, self._admin_key) if key]
            self._authenticate(request, *keys)

    def _authenticate(self, request: Request, *keys: str) -> None:
        now = self._clock.monotonic()
        address = _address(request)
        wait = self._failures.wait(address, now)
        if wait > 0.0:
            raise HTTPException(429, "too many wrong keys", {"retry-after": _whole(wait)})
        presented = _presented(request).encode()
        if sum(hmac.compare_digest(presented, key.encode()) for key in keys) == 0:
            self._failures.check(address, now)
            raise HTTPException(401, _WRONG_KEY, {"www-authenticate": "Bearer"})

    def _rate_headers(self, verdict: Verdict) -> dict[str, str]:
        window = _whole(self._limit.seconds)
        headers = {
            "ratelimit-policy": f'"admin";q={self._limit.count};w={window}',
            "ratelimit": f'"admin";r={verdict.remaining};t={_whole(verdict.reset_after)}',
        }
        if not verdict.allowed:
            headers["retry-after"] = _whole(verdict.retry_after)
        return headers


def _presented(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return request.headers.get("x-api-key", "")


def _address(request: Request) -> str:
    """The peer itself: a forwarded header is worth nothing without a trusted proxy."""
    return request.client.host if request.client else "unknown"


def _whole(seconds: float) -> str:
    return str(math.ceil(seconds))
