"""Simulates another system that takes Orbion's outgoing webhook and checks who signed it."""

import base64
import hashlib
import hmac
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from starlette.types import Receive, Scope, Send

from orbion.simulators.asgi import Answer, Ending, Request, read_request, respond

TOLERANCE_S: Final = 300
RESET: Final = Answer(ending=Ending.RESET)


class EventReceiver:
    """`taken` holds what was authentic and new, in order; `script` answers the next ones instead.

    A correct receiver of the Standard Webhooks specification: it refuses a wrong signature and an
    old one, and takes an id once.
    """

    def __init__(self, secret: bytes, *, now: Callable[[], int]) -> None:
        self.script: deque[Answer] = deque()
        self.answers: list[int] = []
        self._secret = secret
        self._now = now
        self._taken: dict[str, dict[str, Any]] = {}

    @property
    def taken(self) -> Sequence[dict[str, Any]]:
        return list(self._taken.values())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._answer(await read_request(scope, receive))
        self.answers.append(answer.status)
        await respond(answer, scope, receive, send)

    def _answer(self, request: Request) -> Answer:
        if self.script:
            return self.script.popleft()
        event_id, at = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        signed = b".".join((event_id.encode(), at.encode(), request.body))
        mac = hmac.new(self._secret, signed, hashlib.sha256).digest()
        good = request.headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"
        if not good or abs(self._now() // 1000 - int(at)) > TOLERANCE_S:
            return Answer(status=401)
        self._taken.setdefault(event_id, msgspec.json.decode(request.body))
        return Answer(status=204, raw=b"")
