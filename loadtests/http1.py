"""Speaks just enough keep-alive HTTP/1.1 that the server, not the client, is what is measured."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, cast
from urllib.parse import urlsplit

import httptools

HOST: Final = "127.0.0.1"
OK: Final = 200


class _Parser(Protocol):
    """What httptools' parser offers; it ships no types."""

    def feed_data(self, data: bytes) -> None: ...

    def get_status_code(self) -> int: ...

    def should_keep_alive(self) -> bool: ...


class Line(asyncio.Protocol):
    """One connection with one request at a time; `ended` is told each status, None for a loss."""

    def __init__(self, ended: Callable[["Line", int | None], None]) -> None:
        self.sent_at = 0.0
        self.closed = False
        self._ended = ended
        self._waiting = False
        self._transport: asyncio.Transport | None = None
        self._parser = cast("_Parser", httptools.HttpResponseParser(self))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def send(self, request: bytes) -> None:
        self._waiting = True
        self.sent_at = time.perf_counter()
        cast("asyncio.Transport", self._transport).write(request)

    def close(self) -> None:
        cast("asyncio.Transport", self._transport).close()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Told by the parser."""
        self._waiting = False
        self.closed = not self._parser.should_keep_alive()
        self._ended(self, self._parser.get_status_code())

    def connection_lost(self, _error: Exception | None) -> None:
        self.closed = True
        if self._waiting:
            self._waiting = False
            self._ended(self, None)


@dataclass(slots=True, kw_only=True)
class Volley:
    """What a flat-out run saw; latencies in seconds, `failed` = anything but a 200."""

    seconds: float = 0.0
    failed: int = 0
    latencies: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile_ms(self, share: float) -> float:
        ranked = sorted(self.latencies)
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))] * 1000


async def volley(
    port: int, requests: Iterator[bytes], *, connections: int, seconds: float
) -> Volley:
    """Keep `connections` busy for `seconds`, each sending its next request upon the answer."""
    loop = asyncio.get_running_loop()
    seen, done = Volley(), loop.create_future()
    open_lines: set[Line] = set()
    started = time.perf_counter()

    def ended(line: Line, status: int | None) -> None:
        now = time.perf_counter()
        if status == OK:
            seen.latencies.append(now - line.sent_at)
        else:
            seen.failed += 1
        if now - started < seconds and not line.closed:
            line.send(next(requests))
            return
        open_lines.discard(line)
        line.close()
        if not open_lines and not done.done():
            done.set_result(None)

    for _ in range(connections):
        _, line = await loop.create_connection(lambda: Line(ended), HOST, port)
        open_lines.add(line)
    started = time.perf_counter()
    for line in list(open_lines):
        line.send(next(requests))
    await done
    seen.seconds = time.perf_counter() - started
    return seen


class Pool:
    """Kept connections to one server for requests that are awaited one by one."""

    def __init__(self) -> None:
        self._idle: list[Line] = []
        self._waiting: dict[Line, asyncio.Future[int | None]] = {}

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Return the status; raises ConnectionError when the connection ended before it."""
        parts = urlsplit(url)
        return await self.ask(parts.port or 80, request("POST", parts.path, body, headers))

    async def ask(self, port: int, whole: bytes) -> int:
        """Send a request as it goes over the wire; raises as `post` does."""
        line = await self._line(port)
        answer: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._waiting[line] = answer
        line.send(whole)
        status = await answer
        if status is None:
            raise ConnectionError("the connection ended before the answer")
        return status

    def close(self) -> None:
        for line in self._idle:
            line.close()

    async def _line(self, port: int) -> Line:
        while self._idle:
            line = self._idle.pop()
            if not line.closed:
                return line
        connection = asyncio.get_running_loop().create_connection(
            lambda: Line(self._ended), HOST, port
        )
        return (await connection)[1]

    def _ended(self, line: Line, status: int | None) -> None:
        if not line.closed:
            self._idle.append(line)
        answer = self._waiting.pop(line)
        if not answer.done():
            answer.set_result(status)


def request(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """The whole request in the bytes of the wire."""
    lines = {"host": HOST, **headers, "content-length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def get_status(port: int, path: str) -> int:
    """Ask once, blocking; 0 while nobody listens."""
    return asyncio.run(_get(port, path))


async def _get(port: int, path: str) -> int:
    answer: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    def ended(_line: Line, status: int | None) -> None:
        if not answer.done():
            answer.set_result(status)

    try:
        connection: Any = asyncio.get_running_loop().create_connection(
            lambda: Line(ended), HOST, port
        )
        _, line = await connection
    except OSError:
        return 0
    line.send(request("GET", path, b"", {}))
    status = await answer
    line.close()
    return status or 0
