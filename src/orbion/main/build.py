"""Builds the whole service from settings, outside in, and runs it."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from orbion import __version__
from orbion.adapters.db.late import LateReads
from orbion.adapters.db.store import DbStore
from orbion.adapters.http import build_client
from orbion.config import Settings
from orbion.domain.conversations import Account
from orbion.domain.greetings import as_greeting
from orbion.main.database import build_store, open_database
from orbion.main.knowing import build_knowing
from orbion.main.mirroring import guarded_sheets
from orbion.main.observing import Built, Orbion, observe
from orbion.main.outside import (
    Guards,
    build_llm,
    guarded_archives,
    guarded_channels,
    guarded_gateways,
)
from orbion.main.parts import WHOLE, Part
from orbion.main.playbooks import LivePlaybooks
from orbion.main.telling import CircuitNews, build_events, owners_of
from orbion.main.work import Parts
from orbion.main.world import World
from orbion.telemetry.metrics import Metrics
from orbion.telemetry.skew import Skew
from orbion.web.deps import State
from orbion.workers.supervisor import Background
from orbion.workers.wakeups import Wakeups


def accounts_of(settings: Settings) -> Mapping[str, Account]:
    return {
        name: Account(
            id=name,
            business=given.business,
            channel=given.channel,
            instance=given.instance,
            playbook=given.playbook,
            auto_greetings=frozenset(map(as_greeting, given.auto_greetings)),
            owner_phone=given.owner_phone,
        )
        for name, given in settings.accounts().items()
    }


@asynccontextmanager
async def build(settings: Settings, world: World, part: Part = WHOLE) -> AsyncGenerator[Orbion]:
    """Build everything, in order; leaving closes it in reverse.

    Raises:
        RejectedError: a setting, an account or a playbook is wrong.
        UnavailableError: the database cannot be opened.
    """
    given = settings.accounts()
    accounts = accounts_of(settings)
    playbooks = LivePlaybooks(
        {name: account.playbook for name, account in accounts.items()}, clock=world.clock
    )
    metrics = Metrics(version=__version__)
    news = None if settings.events_url is None else CircuitNews(world.clock)
    guards = Guards(settings=settings, world=world, metrics=metrics, made={}, news=news)
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(open_database(settings, world, metrics))
        operators = LateReads(settings.engine_url, clock=world.clock)
        stack.push_async_callback(operators.close)
        store = build_store(settings, world, db=db, operators=operators, accounts=accounts)
        await store.start()
        if settings.sqlite_path is not None:
            await store.free_leases()
        client = build_client(transport=world.transport, told=Skew(world.clock, metrics))
        stack.push_async_callback(client.aclose)
        channels = guarded_channels(given, client, guards)
        gateways = guarded_gateways(given, client, guards)
        archives = guarded_archives(given, client, guards)
        sheets = guarded_sheets(guards, client)
        knowing = build_knowing(settings, world, accounts, playbooks, store=store, sheets=sheets)
        wakeups = Wakeups()
        loops = part.loops(
            settings,
            world,
            Parts(
                store=store,
                channels=channels,
                playbooks=playbooks,
                owner_of=owners_of(accounts, playbooks),
                events=build_events(settings, guards, client),
                llm=partial(build_llm, settings, guards, store, closing=stack),
                knowing=knowing,
                sheets=sheets,
                wakeups=wakeups,
                metrics=metrics,
            ),
        )
        yield observe(
            Built(
                settings=settings,
                world=world,
                store=store,
                accounts=accounts,
                playbooks=playbooks,
                channels=channels,
                gateways=gateways,
                archives=archives,
                sheets=sheets,
                guards=guards,
                knowing=knowing,
                loops=loops,
                wakeups=wakeups,
                background=(partial(db.listen, wakeups.heard), *_told(news, store)),
            )
        )


def _told(news: CircuitNews | None, store: DbStore) -> Sequence[Background]:
    return () if news is None else (partial(news.run, store),)


@asynccontextmanager
async def running(settings: Settings, world: World, part: Part = WHOLE) -> AsyncGenerator[Orbion]:
    """Build, start the workers, be ready; at the end drain and stop in order."""
    async with build(settings, world, part) as service:
        service.supervisor.start()
        service.lifecycle.ready()
        try:
            yield service
        finally:
            service.lifecycle.drain()
            await service.supervisor.stop()
            service.lifecycle.stop()


@asynccontextmanager
async def serving(settings: Settings, world: World) -> AsyncGenerator[State]:
    """What the web's lifespan enters."""
    async with running(settings, world) as service:
        yield service.state
