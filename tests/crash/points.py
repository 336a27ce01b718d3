"""The named points at which a service is killed, each seen from outside of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orbion.simulators.evolution_webhooks import Deliver


class Point(StrEnum):
    """*asked* = the whole request is there, *answered* = its whole answer was handed out.

    `STARTING` is while a life comes up, `ANY` an instant that nothing chose.
    """

    WEBHOOK_POSTED = "webhook posted"
    WEBHOOK_ANSWERED = "webhook answered"
    MODEL_ASKED = "model asked"
    MODEL_ANSWERED = "model answered"
    SEND_ASKED = "send asked"
    SEND_ANSWERED = "send answered"
    LOOK_ASKED = "look asked"
    LOOK_ANSWERED = "look answered"
    SHEET_ASKED = "sheet asked"
    SHEET_ANSWERED = "sheet answered"
    STARTING = "starting"
    ANY = "any"


WATCHED: Mapping[str, tuple[Point, Point]] = {
    "/message/sendText": (Point.SEND_ASKED, Point.SEND_ANSWERED),
    "/chat/findMessages": (Point.LOOK_ASKED, Point.LOOK_ANSWERED),
    "/v1/chat/completions": (Point.MODEL_ASKED, Point.MODEL_ANSWERED),
    "/v4/spreadsheets": (Point.SHEET_ASKED, Point.SHEET_ANSWERED),
}


@dataclass(slots=True)
class Points:
    """Does one thing when one point is reached, in the very step that reaches it."""

    waiting: dict[Point, Callable[[], None]] = field(default_factory=dict)

    def arm(self, point: Point, act: Callable[[], None]) -> None:
        self.waiting[point] = act

    def disarm(self) -> bool:
        """Say whether something still waited."""
        waited = bool(self.waiting)
        self.waiting.clear()
        return waited

    def reached(self, point: Point) -> None:
        act = self.waiting.pop(point, None)
        if act is not None:
            act()

    def tap(self, app: ASGIApp) -> ASGIApp:
        """Watch what is asked of a simulator."""

        async def tapped(scope: Scope, receive: Receive, send: Send) -> None:
            found = next(
                (WATCHED[path] for path in WATCHED if scope["path"].startswith(path)), None
            )
            if found is None:
                await app(scope, receive, send)
                return
            asked, answered = found

            async def receiving() -> Message:
                message = await receive()
                if message["type"] == "http.request" and not message.get("more_body", False):
                    self.reached(asked)
                return message

            async def sending(message: Message) -> None:
                await send(message)
                if message["type"] == "http.response.body" and not message.get("more_body", False):
                    self.reached(answered)

            await app(scope, receiving, sending)

        return tapped

    def follow(self, deliver: Deliver) -> Deliver:
        """Watch what a simulator posts to the service."""

        async def delivering(url: str, headers: Mapping[str, str], body: bytes) -> int:
            self.reached(Point.WEBHOOK_POSTED)
            status = await deliver(url, headers, body)
            self.reached(Point.WEBHOOK_ANSWERED)
            return status

        return delivering
