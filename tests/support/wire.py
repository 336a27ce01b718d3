"""One kept HTTP/1.1 connection whose bytes and end a test sees itself, one request at a time."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def port(self) -> int:
        """Our own end's."""
        return int(self.writer.get_extra_info("sockname")[1])

    async def ask(self, request: bytes) -> tuple[int, bool]:
        """Return the status, and whether the connection stays.

        Raises:
            OSError, EOFError: the other side ended before its whole answer.
        """
        self.writer.write(request)
        await self.writer.drain()
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        await self.reader.readexactly(length)
        return int(head.split(b" ", 2)[1]), b"connection: close" not in head


@asynccontextmanager
async def connected(port: int) -> AsyncGenerator[Wire]:
    """Raises OSError when nobody listens."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        yield Wire(reader=reader, writer=writer)
    finally:
        writer.transport.abort()
