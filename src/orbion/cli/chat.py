"""`orbion chat`: be a customer of a running demo, line by line."""

import asyncio
import sys
import threading
from typing import Final

import click

from orbion.adapters.http import build_client
from orbion.cli.background import beside
from orbion.cli.output import plain
from orbion.simulators.visitor import Visitor

URL: Final = "http://127.0.0.1:8081"
_LEAVE: Final = frozenset({"/sair", "/quit", "/exit"})
_LOOK_SECONDS: Final = 0.2
_LAST_WORDS_SECONDS: Final = 3.0
_PATIENCE_SECONDS: Final = 15.0
_HINT: Final = "Escreva como cliente; várias linhas seguidas viram uma conversa só. /sair termina."


@click.command()
@click.option("--url", default=URL, show_default=True, help="Of the demo's simulated gateway.")
@click.option("--phone", default="5511900000099", show_default=True, help="Who you are.")
@click.option("--name", default="Visitante", show_default=True, help="What you are called.")
def chat(url: str, phone: str, name: str) -> None:
    """Be a customer of a running demo yourself.

    Each line is one message; lines in quick succession are answered together. /sair, Ctrl-D or
    Ctrl-C ends it. From a pipe it waits for the answers before it ends.

    \b
    orbion chat
    printf 'oi\\nquanto custa?\\n' | orbion chat --url http://127.0.0.1:8081
    """  # noqa: D301 \b is click's mark for lines that keep their breaks
    asyncio.run(_chat(url, phone=phone, name=name))


async def _chat(url: str, *, phone: str, name: str) -> None:
    async with build_client() as client:
        visitor = Visitor(client, url, phone=phone, name=name)
        await visitor.arrive()
        click.echo(_HINT, err=True)
        ear = _Ear(visitor)
        async with beside(ear.listen()):
            if await _talk(visitor):
                await ear.hear_out()


async def _talk(visitor: Visitor) -> bool:
    """Say each line; True when the input ended without a farewell."""
    lines = _lines()
    said = False
    while (line := await lines.get()) is not None:
        if line in _LEAVE:
            return False
        if line:
            await visitor.say(line)
            said = True
    return said


class _Ear:
    """Prints the answers."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._answered = asyncio.Event()
        self._was_typing = False

    async def listen(self) -> None:
        while True:
            heard = await self._visitor.hear()
            for said in heard.said:
                if said.by_bot:
                    click.echo("◂ " + "\n  ".join(map(plain, said.text.splitlines())))
                    self._answered.set()
            if heard.typing and not self._was_typing:
                click.echo("  digitando…", err=True)
            self._was_typing = heard.typing
            await asyncio.sleep(_LOOK_SECONDS)

    async def hear_out(self) -> None:
        """Wait for a first answer, then until nothing more comes for a while."""
        patience = _PATIENCE_SECONDS
        try:
            while True:
                self._answered.clear()
                async with asyncio.timeout(patience):
                    await self._answered.wait()
                patience = _LAST_WORDS_SECONDS
        except TimeoutError:
            return


def _lines() -> asyncio.Queue[str | None]:
    """Read the terminal in a thread that may be left behind: Ctrl-C must not wait for a line."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[str | None] = asyncio.Queue()

    def put(line: str | None) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, line)

    def read() -> None:
        for line in sys.stdin:
            put(line.strip())
        put(None)

    threading.Thread(target=read, daemon=True).start()
    return queue
