"""Get and keep the access token of a service account (OAuth 2.0, RFC 7523)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import msgspec

from orbion.adapters.http import AnswerLostError, NotSentError, exchange, retry_after
from orbion.domain.errors import FaultCode, UnavailableError

GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_EARLY_SECONDS: Final = 120.0
_AGAIN_SECONDS: Final = 60.0
_TIMEOUT_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleAccount:
    """Who signs: `assertion` makes the signed claims of an instant (ms UTC)."""

    email: str
    token_uri: str
    assertion: Callable[[int], str] = field(repr=False)


class AccessTokens:
    """One token at a time, renewed before its end; the key is read anew for each.

    `read_key` may block and is carried out of the loop by `run`; `now` is ms UTC.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        read_key: Callable[[], GoogleAccount],
        run: Callable[[Callable[[], None]], Awaitable[None]],
        now: Callable[[], int],
    ) -> None:
        self._client = client
        self._read_key = read_key
        self._run = run
        self._now = now
        self._renewing = asyncio.Lock()
        self._token = ""
        self._until = 0.0

    async def token(self) -> str:
        """Raise `UnavailableError`: the key is unusable or refused, or Google does not answer."""
        async with self._renewing:
            if self._now() >= self._until:
                await self._renew()
            return self._token

    def forget(self) -> None:
        """Ask for another one next time: this one was refused."""
        self._until = 0.0

    async def _renew(self) -> None:
        account, assertion = await self._signed()
        request = self._client.build_request(
            "POST", account.token_uri, data={"grant_type": GRANT, "assertion": assertion}
        )
        try:
            answer = await exchange(self._client, request, timeout=_TIMEOUT_SECONDS)
        except (NotSentError, AnswerLostError) as error:
            raise UnavailableError(
                FaultCode.SHEETS_UNREACHABLE, "Google's token endpoint did not answer"
            ) from error
        said = _json(answer)
        if not answer.is_success or not isinstance(said.get("access_token"), str):
            raise _refused(answer, said, account.email)
        self._token = said["access_token"]
        lifetime = said.get("expires_in")
        seconds = float(lifetime) if isinstance(lifetime, int | float) else 0.0
        self._until = self._now() + max(0.0, seconds - _EARLY_SECONDS) * 1000

    async def _signed(self) -> tuple[GoogleAccount, str]:
        signed: list[tuple[GoogleAccount, str]] = []

        def sign() -> None:
            account = self._read_key()
            signed.append((account, account.assertion(self._now())))

        await self._run(sign)
        return signed[0]


def _refused(answer: httpx.Response, said: dict[str, Any], email: str) -> UnavailableError:
    """A client error is about our key; all else may pass. What Google described is not quoted."""
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        wait = retry_after(answer.headers) or _AGAIN_SECONDS
        return UnavailableError(
            FaultCode.SHEETS_QUOTA, "too many tokens asked for", retry_after=wait
        )
    if answer.is_client_error:
        return UnavailableError(
            FaultCode.SHEETS_AUTH,
            f"Google gives {email} no token: {said.get('error', answer.status_code)}",
            retry_after=_AGAIN_SECONDS,
        )
    return UnavailableError(
        FaultCode.SHEETS_UNREACHABLE, f"Google's token endpoint answered {answer.status_code}"
    )


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        return msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.MsgspecError:
        return {}
