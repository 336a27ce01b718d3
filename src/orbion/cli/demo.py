"""`orbion demo`: customers, answers, leads, captured webhooks and health on one screen."""

import asyncio
import logging
import tempfile
from collections import defaultdict
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import uvloop

from orbion.cli import screen as draw
from orbion.cli.exits import Exit
from orbion.cli.screen import Screen
from orbion.cli.server import stop_on_signals
from orbion.cli.stage import BUSINESS, INSTANCE, Keys, Stage, make_keys, open_stage
from orbion.kit.clock import SystemClock
from orbion.simulators.captured import captured
from orbion.simulators.customers import SOLAR_CUSTOMERS, run_customers
from orbion.telemetry.logs import WEBHOOK, configure

T = TypeVar("T")

PORT: Final = 8080
_PACE: Final = 0.6
_PATIENCE_SECONDS: Final = 10.0
_LIMIT_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.05
_LEADS: Final = 50
_TRY: Final = """\
It serves on; Ctrl-C ends it. In another terminal:

  orbion chat --url {gateway}
  curl {gateway}/_sim/say -d '{{"phone":"5511900000042","name":"Ana","text":"quanto custa?"}}'
  curl '{gateway}/_sim/journal?after=0'
  curl {service}/health/detailed
  curl {service}/metrics
  curl {service}/api/metrics/summary
  curl -H 'authorization: Bearer {admin}' {service}/admin/conversations
  curl -H 'authorization: Bearer {admin}' -X POST {service}/admin/conversations/1/takeover
"""


class Fates(logging.Handler):
    """Reads from the service's own log what became of each webhook, by its trace id."""

    def __init__(self) -> None:
        super().__init__()
        self.words: dict[str, Sequence[str]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage() == WEBHOOK:
            fields: Mapping[str, Any] = record.__dict__["fields"]
            self.words[fields["trace"]] = fields["events"] or [fields["outcome"]]


@click.command()
@click.option("--once", is_flag=True, help="End after the last answer; any free ports.")
@click.option(
    "--port",
    type=click.IntRange(0, 65534),
    help=f"Of the service, else {PORT}; the simulated gateway takes the next one. 0 = any free.",
)
def demo(*, once: bool, port: int | None) -> int:
    """Show customers, answers, leads and health on one screen.

    Needs no account, key or network: a simulated WhatsApp gateway talks to the real service over
    loopback. Three scripted customers write at once, and the webhooks captured from a real
    Evolution API are posted beside them. Without --once it then serves on and says what to try.
    Exit code 1 if a message was lost or a captured webhook was not taken.

    \b
    orbion demo --once
    orbion demo --port 9000
    """  # noqa: D301 \b is click's mark for lines that keep their breaks
    chosen = port if port is not None else (0 if once else PORT)
    with (
        tempfile.TemporaryDirectory(prefix="orbion-demo-") as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        return runner.run(_demo(Path(folder), once=once, port=chosen))


async def _demo(folder: Path, *, once: bool, port: int) -> Exit:
    stop = asyncio.Event()
    stop_on_signals(stop.set)
    clock = SystemClock()
    started = clock.monotonic()
    screen = Screen(lambda: clock.monotonic() - started)
    keys = make_keys()
    screen.say("Starting the service (SQLite) and a simulated WhatsApp gateway …")
    with _logging(folder, keys) as fates:
        async with open_stage(folder, keys, port=port, on_said=screen.said) as stage:
            screen.title("Three customers write at once, over real HTTP")
            faults = await _unless(stop, _play(stage, screen, fates))
            if faults is None:
                return Exit.INTERRUPTED
            if not once:
                screen.say(
                    _TRY.format(
                        gateway=stage.gateway_url, service=stage.service_url, admin=keys.admin
                    )
                )
                await stop.wait()
    return Exit.BUG if faults else Exit.OK


async def _play(stage: Stage, screen: Screen, fates: Fates) -> Sequence[str]:
    """Run everything to its end and report; returns what went wrong."""
    try:
        async with asyncio.timeout(_LIMIT_SECONDS):
            posted = await _rush(stage)
            await _settled(stage)
            await stage.gateway.drained()
            await _settled(stage)
    except TimeoutError:
        screen.say(f"orbion: the demo did not come to rest within {_LIMIT_SECONDS:.0f} s")
        return ["no rest"]
    await _report(stage, screen, posted, fates)
    faults = [*_refused(posted), *await _lost(stage)]
    screen.title("Result")
    for fault in faults:
        screen.say(f"FAULT: {fault}")
    screen.say(_summary(stage, screen, len(posted), len(faults)))
    return faults


async def _rush(stage: Stage) -> list[tuple[str, str, int]]:
    """Let everybody write and all captured webhooks come at once; returns what was posted."""
    async with asyncio.TaskGroup() as group:
        posting = group.create_task(_post_captured(stage))
        await run_customers(
            stage.gateway,
            SOLAR_CUSTOMERS,
            instance=INSTANCE,
            patience_s=_PATIENCE_SECONDS,
            pace=_PACE,
        )
    return posting.result()


async def _post_captured(stage: Stage) -> list[tuple[str, str, int]]:
    """Post all in their order; returns (event, trace, status) of each."""
    return [
        (each.event, trace := f"{number:032x}", await stage.post(each, trace))
        for number, each in enumerate(captured(SystemClock().now()), start=1)
    ]


async def _settled(stage: Stage) -> None:
    """Wait until no lane has work."""
    while (await stage.service.store.facts()).depth:  # noqa: ASYNC110 the database is the truth
        await asyncio.sleep(_LOOK_SECONDS)


async def _report(
    stage: Stage, screen: Screen, posted: Sequence[tuple[str, str, int]], fates: Fates
) -> None:
    screen.title("Leads")
    rows = await stage.service.store.leads(_LEADS)
    screen.say(draw.leads(row for row in rows if row.business == BUSINESS))
    screen.title(f"{len(posted)} webhooks captured from a real Evolution API 2.3.7")
    words: dict[str, list[Sequence[str]]] = defaultdict(list)
    for event, trace, status in posted:
        words[event].append(fates.words.get(trace, [f"HTTP {status}"]))
    screen.say(draw.webhooks(words))
    screen.title("Health")
    screen.say(draw.health(await stage.look("/health")))


def _refused(posted: Sequence[tuple[str, str, int]]) -> Iterator[str]:
    for event, trace, status in posted:
        if status != 200:  # noqa: PLR2004 the only answer to an authentic webhook that is stored
            yield f"captured webhook {int(trace, 16)} ({event}) was answered {status}"


async def _lost(stage: Stage) -> list[str]:
    """Compare with the gateway's journal, not with the service's own belief, where that can be."""
    facts = await stage.service.store.facts()
    found = [f"{number} messages {name}" for name, number in facts.messages.items() if number]
    found += [f"{facts.dead} dead letters"] * bool(facts.dead)
    found += [
        f"webhook {delivery.event} of the gateway was {delivery.outcome}"
        for delivery in stage.gateway.deliveries
        if delivery.outcome != "delivered"
    ]
    heard = {said.phone for said in stage.talk.said if said.by_bot}
    return found + [
        f"{each.name} got no answer" for each in SOLAR_CUSTOMERS if each.phone not in heard
    ]


def _summary(stage: Stage, screen: Screen, webhooks: int, faults: int) -> str:
    said = stage.talk.said
    sent = sum(each.by_bot for each in said)
    first = f"; first answer after {screen.first_answer:.1f} s" if screen.first_answer else ""
    return (
        f"{len(said) - sent} messages of customers stored, {sent} answers sent, "
        f"{webhooks} captured webhooks posted, {faults} lost or refused{first}"
    )


@contextmanager
def _logging(folder: Path, keys: Keys) -> Iterator[Fates]:
    """Log to a file, not across the conversations."""
    with (folder / "orbion.log").open("w", encoding="utf-8") as stream:
        configure("INFO", stream, (keys.gateway, keys.webhook, keys.admin))
        fates = Fates()
        logger = logging.getLogger("orbion")
        logger.addHandler(fates)
        try:
            yield fates
        finally:
            logger.removeHandler(fates)
            logging.getLogger().handlers.clear()


async def _unless(stop: asyncio.Event, work: Awaitable[T]) -> T | None:
    """Return the result of the work, or None if the stop came first."""
    working = asyncio.ensure_future(work)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if working.done():
        return working.result()
    working.cancel()
    await asyncio.wait({working})
    return None
