"""Calls the admin routes of a running service, for what only its own memory knows."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx
import msgspec

from orbion.adapters.http import AnswerLostError, NotSentError, build_client, exchange
from orbion.config import Settings
from orbion.domain.errors import (
    FaultCode,
    OrbionError,
    RefusedError,
    RejectedError,
    UnavailableError,
)
from orbion.main.world import World

_TIMEOUT_SECONDS: Final = 10.0
_EVERYWHERE: Mapping[str, str] = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 it is called there, not opened


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningOrbion:
    """A service that answers at `url`."""

    url: str
    key: str
    client: httpx.AsyncClient

    async def ask(self, method: str, path: str, body: Mapping[str, str] | None = None) -> Any:
        """Return the answer's JSON.

        Raises:
            RefusedError: there is no such thing.
            RejectedError: the admin key is wrong.
            UnavailableError: nobody answers there, or not now.
        """
        request = self.client.build_request(
            method,
            self.url + path,
            json=body,
            headers={"authorization": f"Bearer {self.key}"},
        )
        try:
            answer = await exchange(self.client, request, timeout=_TIMEOUT_SECONDS)
        except (NotSentError, AnswerLostError) as error:
            raise self._unavailable(
                "no service answers there: start it with `orbion serve`, or name another --url"
            ) from error
        said = _read(answer)
        if said is None:
            raise self._unavailable(f"answered {answer.status_code} and no JSON")
        if not answer.is_success:
            raise self._fault(answer.status_code, str(said.get("detail", "no reason given")))
        return said

    def _fault(self, status: int, detail: str) -> OrbionError:
        text = f"{self.url}: {detail}"
        if status == httpx.codes.NOT_FOUND:
            return RefusedError(FaultCode.NOT_FOUND, text)
        if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            return RejectedError(
                FaultCode.AUTH_BAD, f"{text}; ORBION_ADMIN_KEY must be the one it was started with"
            )
        return self._unavailable(detail)

    def _unavailable(self, why: str) -> UnavailableError:
        return UnavailableError(FaultCode.CONFLICT, f"{self.url}: {why}")


@asynccontextmanager
async def running_service(
    settings: Settings, world: World, url: str | None
) -> AsyncGenerator[RunningOrbion]:
    """Reach the service at `url`, or where the settings say that it listens.

    Raises:
        RejectedError: no admin key is set.
    """
    key = settings.admin()
    if key is None:
        raise RejectedError(
            FaultCode.INPUT_BAD,
            "the service is asked by its admin routes: set ORBION_ADMIN_KEY or "
            "ORBION_ADMIN_KEY_FILE as it was when the service was started",
        )
    host = _EVERYWHERE.get(settings.host, settings.host)
    own = f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
    async with build_client(transport=world.transport) as client:
        yield RunningOrbion(url=(url or own).rstrip("/"), key=key, client=client)


def _read(answer: httpx.Response) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.MsgspecError:
        return None
