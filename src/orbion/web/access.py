"""Decide who may see and change what, in constant time, and slow down those who guess."""

import hmac
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request

from orbion.web.limits import Limits, TooManyError, address_of

_NO_KEY = "admin routes are off: set ORBION_ADMIN_KEY or ORBION_ADMIN_KEY_FILE"
_WRONG_KEY = "wrong or missing key: send Authorization: Bearer <key>"


class Access:
    """Keys are compared as bytes; None = not set.

    Without `observer_key` metrics and health details are open: they hold no secret and no
    personal data. The admin key opens them too.
    """

    def __init__(self, *, admin_key: str | None, observer_key: str | None, limits: Limits) -> None:
        self._admin_key = admin_key
        self._observer_key = observer_key
        self._limits = limits

    def admin(self, request: Request) -> Mapping[str, str]:
        """Return the headers that tell the caller what is left of its rates.

        Raises:
            HTTPException: 403 no key is set, 401 wrong key.
            TooManyError: too many requests or guesses.
        """
        if not self._admin_key:
            raise HTTPException(403, _NO_KEY)
        address = address_of(request)
        self._limits.failures.require(address)
        self._authenticate(request, self._admin_key)
        self._limits.address.require(address)
        by_key = self._limits.key.take("admin")
        by_address = self._limits.address.take(address)
        return {name: f"{by_address[name]}, {by_key[name]}" for name in by_address}

    def observer(self, request: Request) -> None:
        """Let through whoever may read metrics and health details, however often.

        Raises:
            HTTPException: 401 wrong key.
            TooManyError: too many guesses.
        """
        if self._observer_key is None:
            return
        keys = [self._observer_key]
        if self._admin_key and not self._is_guessing(request):
            keys.append(self._admin_key)
        self._authenticate(request, *keys)

    def _is_guessing(self, request: Request) -> bool:
        """Say whether the admin key may no longer be tried from there, not even by this way."""
        try:
            self._limits.failures.require(address_of(request))
        except TooManyError:
            return True
        return False

    def _authenticate(self, request: Request, *keys: str) -> None:
        presented = _presented(request).encode()
        if sum(hmac.compare_digest(presented, key.encode()) for key in keys) == 0:
            self._limits.failures.take(address_of(request))
            raise HTTPException(401, _WRONG_KEY, {"www-authenticate": "Bearer"})


def _presented(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return request.headers.get("x-api-key", "")
