"""Reads requests and ends answers, whole or broken on purpose, for the raw ASGI simulators."""

import asyncio
import os
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qsl

import httpx
import msgspec
from starlette.types import Receive, Scope, Send

ABORTABLE: Final = "orbion.transport"
"""The scope extension under which `simulators.tcp` hands out the connection to break."""

IN_PROCESS_HANG_S: Final = 60.0
"""An in-process client has no read time-out of its own, so a hang there ends as one after this."""

RESET_LINGER: Final = struct.pack("ii", 1, 0)


class Ending(StrEnum):
    """How an answer leaves the wire."""

    WHOLE = "whole"
    TRUNCATED = "truncated"
    RESET = "reset"
    HANG = "hang"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request, read to its end; header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a simulator says; `body` is any JSON value, `raw` is said in its place."""

    status: int = 200
    body: Any = None
    raw: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    ending: Ending = Ending.WHOLE


async def read_request(scope: Scope, receive: Receive) -> Request:
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"))),
        headers={
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        },
        body=body,
    )


async def respond(answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the answer or break the connection as its ending says.

    In process (no `ABORTABLE` in the scope) a broken connection is raised as the httpx error that
    the same break causes over TCP.

    Raises:
        httpx.TransportError: the answer ends broken and there is no connection to break.
    """
    match answer.ending:
        case Ending.WHOLE:
            await _start(answer, send)
        case Ending.HANG:
            await _hang(scope, receive)
        case Ending.RESET:
            await _reset(scope, receive)
        case Ending.TRUNCATED:
            await _truncate(answer, scope, receive, send)


async def _start(answer: Answer, send: Send, *, whole: bool = True) -> None:
    body = msgspec.json.encode(answer.body) if answer.raw is None else answer.raw
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        *((name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    kept = body if whole else body[: len(body) // 2]
    await send({"type": "http.response.body", "body": kept, "more_body": not whole})


async def _hang(scope: Scope, receive: Receive) -> None:
    if _connection(scope) is None:
        await asyncio.sleep(IN_PROCESS_HANG_S)
        raise httpx.ReadTimeout("the simulator never answers")
    await _disconnected(receive)


async def _reset(scope: Scope, receive: Receive) -> None:
    connection = _connection(scope)
    if connection is None:
        raise httpx.ReadError("connection reset by the simulator")
    descriptor = connection.get_extra_info("socket").fileno()
    if descriptor >= 0:  # else the client was faster
        with socket.socket(fileno=os.dup(descriptor)) as twin:
            twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_LINGER)
        connection.abort()
    await _disconnected(receive)


async def _truncate(answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
    connection = _connection(scope)
    if connection is None:
        raise httpx.RemoteProtocolError("the simulator closed the connection inside the body")
    await _start(answer, send, whole=False)
    connection.close()
    await _disconnected(receive)


def _connection(scope: Scope) -> asyncio.Transport | None:
    connection: asyncio.Transport | None = (
        scope.get("extensions", {}).get(ABORTABLE, {}).get("transport")
    )
    return connection


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
