"""Call one Evolution instance over HTTP, and say of each failure what it means."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from orbion.adapters.channels.evolution_faults import classify
from orbion.adapters.channels.evolution_json import decode
from orbion.adapters.http import AnswerLostError, NotSentError, exchange, retry_after
from orbion.domain.errors import FaultCode, RejectedError, UnavailableError, UnknownOutcomeError

READ_SECONDS = 10.0


class EvolutionHttp:
    """The instance's name is added to a path, which has no outer slash; "" is the root."""

    def __init__(
        self, client: httpx.AsyncClient, *, base_url: str, instance: str, api_key: str
    ) -> None:
        self._client = client
        self._base_url = base_url.rstrip("/")
        self._instance = instance
        self._headers = {"apikey": api_key, "content-type": "application/json"}

    async def read(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, seconds: float = 0.0
    ) -> Any:
        """Make a call whose repetition does no harm: an unknown outcome is a failure like others.

        Raises:
            UnavailableError: no usable answer.
            RefusedError: the gateway cannot do this.
        """
        try:
            response = await self.call(method, path, body, seconds=seconds or READ_SECONDS)
            if not response.is_success:
                raise fault_of(response)
            return decode(response.content)
        except UnknownOutcomeError as error:
            raise UnavailableError(error.code, str(error)) from error
        except RejectedError as error:
            raise UnavailableError(FaultCode.WHATSAPP_SERVER, "the answer is no JSON") from error

    async def call(
        self, method: str, path: str, body: Mapping[str, Any] | None, *, seconds: float
    ) -> httpx.Response:
        """Return any answer, whatever its status.

        Raises:
            UnavailableError: nothing was sent.
            UnknownOutcomeError: the answer was lost.
        """
        place = f"{path}/{quote(self._instance, safe='')}" if path else ""
        request = self._client.build_request(
            method,
            f"{self._base_url}/{place}",
            headers=self._headers,
            content=None if body is None else msgspec.json.encode(body),
        )
        try:
            return await exchange(self._client, request, timeout=seconds)
        except NotSentError as error:
            raise UnavailableError(
                FaultCode.WHATSAPP_UNREACHABLE, "cannot connect to the gateway", retry_after=2.0
            ) from error
        except AnswerLostError as error:
            raise UnknownOutcomeError(
                FaultCode.WHATSAPP_UNREACHABLE, f"the gateway's answer was lost: {error}"
            ) from error


def fault_of(response: httpx.Response) -> Exception:
    return classify(response.status_code, response.content, wait=retry_after(response.headers))
