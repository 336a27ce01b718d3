"""Over real sockets: whether a failed request provably left nothing behind."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from orbion.adapters.http import (
    AnswerLostError,
    NotSentError,
    build_client,
    exchange,
    retry_after,
)

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


@asynccontextmanager
async def listening(peer: Peer) -> AsyncGenerator[str]:
    server = await asyncio.start_server(peer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/send"
    finally:
        server.close()
        await server.wait_closed()


async def post(url: str, *, seconds: float = 5.0) -> httpx.Response:
    async with build_client() as client:
        request = client.build_request("POST", url, content=b'{"text":"oi"}')
        return await exchange(client, request, timeout=seconds)


async def _resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"oi")
    writer.transport.abort()


async def _closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"oi")
    writer.close()


async def _cuts(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"oi")
    writer.write(b"HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{")
    await writer.drain()
    writer.close()


async def _babbles(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"oi")
    writer.write(b"this is no HTTP at all\r\n\r\n")
    await writer.drain()
    writer.close()


async def _hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(-1)
    writer.close()


async def _redirects(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"oi")
    writer.write(b"HTTP/1.1 301 Moved\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n")
    await writer.drain()
    writer.close()


@pytest.mark.parametrize("peer", [_resets, _closes, _cuts, _babbles])
async def test_a_connection_that_breaks_after_the_request_leaves_the_answer_lost(
    peer: Peer,
) -> None:
    async with listening(peer) as url:
        with pytest.raises(AnswerLostError) as lost:
            await post(url)
    assert not lost.value.timed_out


async def test_a_peer_that_never_answers_is_a_time_out_and_not_a_refusal() -> None:
    async with listening(_hangs) as url:
        with pytest.raises(AnswerLostError) as lost:
            await post(url, seconds=0.05)
    assert lost.value.timed_out


async def test_a_port_where_nobody_listens_is_provably_not_sent() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(NotSentError):
            await post(f"http://127.0.0.1:{port}/send")


async def test_a_redirect_is_not_followed() -> None:
    async with listening(_redirects) as url:
        assert (await post(url)).status_code == 301


async def test_a_failure_inside_an_injected_transport_is_read_by_its_own_type() -> None:
    def refuse(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no")

    async with build_client(transport=httpx.MockTransport(refuse)) as client:
        with pytest.raises(NotSentError):
            await exchange(client, client.build_request("GET", "http://gateway/"), timeout=1.0)


@pytest.mark.parametrize(("said", "seconds"), [("7", 7.0), ("", 0.0), ("soon", 0.0)])
def test_an_answer_that_does_not_say_how_long_asks_for_no_wait(said: str, seconds: float) -> None:
    assert retry_after({"retry-after": said} if said else {}) == seconds
