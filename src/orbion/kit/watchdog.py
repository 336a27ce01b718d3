"""Watch from a thread of its own whether the loops still beat, and answer probes from there."""

import json
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from orbion.kit.health import Heartbeat

_FRAMES: Final = 8


class Watchdog:
    """`told` hears once of each stand-still: who stands still, and where the main thread is.

    It runs outside the event loop, so a blocked loop cannot silence it. Times in seconds.
    """

    def __init__(
        self,
        heartbeats: Mapping[str, Heartbeat],
        *,
        limit: float,
        told: Callable[[Sequence[str], str], None],
        every: float = 1.0,
    ) -> None:
        self._heartbeats = heartbeats
        self._limit = limit
        self._told = told
        self._every = every
        self._known: Sequence[str] = ()
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self._server: ThreadingHTTPServer | None = None

    @property
    def stuck(self) -> Sequence[str]:
        return stuck(self._heartbeats, self._limit)

    def start(self) -> None:
        self._begin(self._watch)

    def listen(self, host: str, port: int) -> int:
        """Answer every GET with 200, or 503 while something stands still; 0 = any free port.

        Returns the port. Raises OSError: the address is taken.
        """
        self._server = server = ThreadingHTTPServer((host, port), _handler(lambda: self.stuck))
        self._begin(server.serve_forever)
        return server.server_port

    def stop(self) -> None:
        self._ended.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        for thread in self._threads:
            thread.join()

    def look(self) -> None:
        """Tell of what has come to a stand-still since the last look."""
        before, self._known = self._known, self.stuck
        if set(self._known) - set(before):
            self._told(self._known, _where())

    def _watch(self) -> None:
        while not self._ended.wait(self._every):
            self.look()

    def _begin(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name="orbion-watchdog", daemon=True)
        self._threads.append(thread)
        thread.start()


def stuck(heartbeats: Mapping[str, Heartbeat], limit: float) -> Sequence[str]:
    """Who has not beaten for more than `limit` seconds."""
    return sorted(name for name, beat in heartbeats.items() if beat.age() > limit)


def _where() -> str:
    """What the main thread does now: the loop's, if it is the loop that stands still."""
    frame = sys._current_frames()[threading.main_thread().ident or 0]  # noqa: SLF001 nothing else tells
    return "".join(traceback.format_stack(frame)[-_FRAMES:])


def _handler(found: Callable[[], Sequence[str]]) -> type[BaseHTTPRequestHandler]:
    class Probe(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            names = found()
            said = {"status": "fail" if names else "pass", "stuck": list(names)}
            body = json.dumps(said).encode()
            self.send_response(503 if names else 200)
            self.send_header("content-type", "application/health+json")
            self.send_header("cache-control", "no-store")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 its name there
            """Say nothing: a probe is no event."""

    return Probe
