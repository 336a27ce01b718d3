"""Takes part in a running simulation over HTTP, as one customer."""

from dataclasses import dataclass
from typing import Any

import httpx

from orbion.domain.errors import FaultCode, UnavailableError
from orbion.simulators.control import Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """`said` is new since the last look; `typing` says that the bot is writing now."""

    said: tuple[Said, ...]
    typing: bool


class Visitor:
    """Every call raises `UnavailableError` when the simulation is not there (any more)."""

    def __init__(self, client: httpx.AsyncClient, url: str, *, phone: str, name: str) -> None:
        self._client = client
        self._url = url.rstrip("/")
        self._phone = phone
        self._name = name
        self._next = 0

    async def arrive(self) -> None:
        """Skip what was said before."""
        await self.hear()

    async def say(self, text: str) -> None:
        body = {"phone": self._phone, "name": self._name, "text": text}
        await self._call("POST", "say", json=body)

    async def hear(self) -> Heard:
        found = await self._call(
            "GET", "journal", params={"after": str(self._next), "phone": self._phone}
        )
        self._next = found["next"]
        return Heard(said=tuple(Said(**line) for line in found["lines"]), typing=found["typing"])

    async def _call(self, method: str, path: str, **given: Any) -> Any:
        try:
            answer = await self._client.request(method, f"{self._url}/_sim/{path}", **given)
            answer.raise_for_status()
            return answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise UnavailableError(
                FaultCode.WHATSAPP_UNREACHABLE,
                f"no demo answers at {self._url}: start `orbion demo`, use the address it prints",
            ) from error
