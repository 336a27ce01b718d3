"""One seeded run: customers, a faulty gateway, and a service that is killed and reborn."""

import asyncio
import shutil
from collections.abc import Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import httpx
from starlette.types import ASGIApp

from orbion.kit.ids import new_trace
from orbion.main.build import running
from orbion.main.world import World
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Instance, Webhook
from orbion.simulators.faults import EvolutionFaults
from orbion.web.app import create_app
from tests.simulation.life import (
    BEARER,
    HONEST,
    HOOK,
    KEY,
    READY,
    Parts,
    Wire,
    at_once,
    damage,
    heard,
    no_lifespan,
    open_work,
    opened,
    post,
    prepare,
    settings,
    slow_disk,
    watched,
    with_state,
)
from tests.simulation.verdict import Verdict
from tests.simulation.weather import (
    GIVEN_UP_S,
    GREETING,
    Weather,
    draw_weather,
    settings_of,
    start,
    stop,
)
from tests.support.hidden import UNEXPLAINED, fates
from tests.support.judge import Evidence, Judge, Recorder, Said, Takeover, Witness
from tests.support.tokens import TokenLLM, token
from tests.support.virtual import Life, SimLoop

PATIENCE_MS = 9_000  # what must be found: the service looks for send time-out + grace, here 10 s
DIRECT_MS = 40
SETTLE_MS = 60
DRAIN_S = 1_200.0
UNHEALED_S = 60.0
PAUSES = (0.05, 0.5, 3.0, 12.0)
LIVES = (0.02, 1.0, 5.0, 12.0)
DOWN = (0.05, 0.5, 2.0, 12.0)
HAIL_LIVES = (0.02, 0.3, 1.0, 3.0)
HAIL_DOWN = DOWN[:3]


@dataclass(slots=True, kw_only=True)
class Simulation:
    """`run` plays one seed to its end in a folder of its own.

    In a `crowd` more conversations want to send than a gateway that often hangs lets through; in
    a `hail` the kills come so densely that most lives end while the last one's work is resumed.
    A world that `heals` must come to rest; in one that does not the faults go on to its end, and
    only what may never happen is judged. `Story` says what the other fields are.
    """

    seed: int
    folder: Path
    template: Path
    parts: Parts = HONEST
    kills: Sequence[int] = range(8)
    conversations: Sequence[int] = range(6)
    calm: Collection[str] = ()
    crowd: bool = False
    hail: bool = False
    heals: bool = True
    loop: SimLoop = field(init=False)
    random: Random = field(init=False)
    evidence: Evidence = field(init=False)
    gateway: EvolutionSimulator = field(init=False)
    recorder: Recorder = field(init=False)
    witness: Witness = field(init=False)
    llm: TokenLLM = field(init=False)
    app: ASGIApp = field(init=False)
    life: Life = field(init=False)
    weather: Weather = field(init=False)
    reachable: bool = True
    web: httpx.AsyncClient | None = None
    rested: float | None = None
    busy: int = 0
    damage: list[str] = field(default_factory=list)
    bugs: list[str] = field(default_factory=list)
    signals: dict[str, asyncio.Event] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.loop = SimLoop(self._dice())
        self.weather = self.draw_weather()
        self.witness = Witness(deliver=self._post, now=self.loop.now)
        dice = self._dice()
        self.llm = TokenLLM(latency=lambda: dice.choice((0.0, 0.01, 0.2, 1.5)))
        self.gateway = EvolutionSimulator(
            [Instance(name="loja", token="token", webhook=Webhook(url=HOOK, headers=dict(BEARER)))],
            api_key=KEY,
            random=self._dice(),
            now=self.loop.now,
            faults=self.weather.faults,
            deliver=self.witness,
        )
        self.recorder = Recorder(app=self.gateway, now=self.loop.now)
        self.recorder.heard = lambda: self.signal("request")
        self.evidence = Evidence(
            patience=PATIENCE_MS,
            direct=DIRECT_MS,
            settle=SETTLE_MS,
            idle=round(self.weather.idle * 1000),
            healed=True,
        )
        traces = self._dice()
        self.app = create_app(no_lifespan, new_trace=lambda: new_trace(traces))
        self.signals = {"request": asyncio.Event(), "webhook": asyncio.Event()}

    def draw_weather(self) -> Weather:
        return draw_weather(self._dice(), crowd=self.crowd, calm=self.calm)

    def acts(self) -> Sequence[Coroutine[Any, Any, None]]:
        """What happens to the service, all at once."""
        return self._customers(), self._fate(), self._outages()

    def run(self) -> Verdict:
        try:
            with watched(self.bugs):
                self.loop.run_until_complete(self._play())
        finally:
            with watched([]):
                self.loop.bury()
        return self._verdict()

    async def _play(self) -> None:
        self._bear(1, self.folder / "life1")
        await asyncio.gather(*(self.loop.outside(act) for act in self.acts()))
        if self.heals:
            await self._rest()
        else:
            await asyncio.sleep(UNHEALED_S)
        self.damage += damage(self._database())
        self.life.kill()

    async def _rest(self) -> None:
        """Heal the gateway and wait until nothing is left to do."""
        self.gateway.faults = EvolutionFaults(echo_ms=(1, 5))
        healed = self.loop.monotonic()
        try:
            async with asyncio.timeout(DRAIN_S):
                while (waits := self._waits()) or not await self._is_ready():
                    if "unheard" in waits:  # a reconnection makes the service look at once
                        self.gateway.connection("loja", "open")
                    await asyncio.sleep(2.0)
        except TimeoutError:
            self.damage.append(f"I4 not drained after {DRAIN_S} s: {self._waits()}")
        self.rested = self.loop.monotonic() - healed

    async def _is_ready(self) -> bool:
        if self.web is None:
            return False
        answer: httpx.Response = await self.loop.begin(self.life, self.web.get(READY))
        return answer.status_code == httpx.codes.OK

    async def _customers(self) -> None:
        async with asyncio.TaskGroup() as group:
            for number in self.conversations:
                group.create_task(self._customer(number))

    async def _customer(self, number: int) -> None:
        dice, phone = self._dice(), f"55119000{number:05d}"
        taken_over_after = (
            dice.randint(0, 5) if dice.random() < (0.8 if self.crowd else 0.25) else None
        )
        for index in range(dice.randint(3, 8)):
            await asyncio.sleep(
                dice.choice(PAUSES[:2] if self.crowd else PAUSES) * dice.random() * 2
            )
            self.says(phone, number, index)
            if index == 0 and self.weather.greets:
                await asyncio.sleep(dice.uniform(0.2, 1.5))
                self.gateway.person_says("loja", phone, GREETING)
            if index == taken_over_after:
                await asyncio.sleep(dice.uniform(0, 4))
                self.takes_over(phone, f"daqui sigo eu {number}")
                await asyncio.sleep(self.weather.idle * dice.uniform(0, 2))

    def says(self, phone: str, number: int, index: int) -> None:
        """Let a customer say a word that nobody else says."""
        word = token(number, index)
        key_id = self.gateway.customer_says("loja", phone, f"oi {word}")
        at = self.loop.now()
        self.evidence.said.append(Said(phone=phone, index=index, token=word, key_id=key_id, at=at))

    def takes_over(self, phone: str, text: str) -> None:
        key_id = self.gateway.person_says("loja", phone, text)
        self.evidence.takeovers[phone] = Takeover(key_id=key_id, at=self.loop.now())

    async def _outages(self) -> None:
        """Disconnect the number, restart the gateway, or let it be dead for a while."""
        if self.weather.disconnected is not None:
            after, during = self.weather.disconnected
            await asyncio.sleep(after)
            self.gateway.connection("loja", "close")
            await asyncio.sleep(during)
            self.gateway.connection("loja", "open")
        if self.weather.restarted is not None:
            await asyncio.sleep(self.weather.restarted)
            self.gateway.restart()
        if self.weather.gateway_dead is not None:
            after, during = self.weather.gateway_dead
            await asyncio.sleep(after)
            await self.gateway_is_dead(during)

    async def gateway_is_dead(self, seconds: float) -> None:
        self.reachable = False
        stop(self.gateway)
        await asyncio.sleep(seconds)
        self.reachable = True
        start(self.gateway)

    async def _fate(self) -> None:
        """Kill the service again and again, mostly a few steps after something happened."""
        dice = self._dice()
        lives, downs = (HAIL_LIVES, HAIL_DOWN) if self.hail else (LIVES, DOWN)
        for number in range(max(self.kills, default=-1) + 1):
            await asyncio.sleep(dice.choice(lives) * dice.random())
            await self._await_signal(dice.choice(("", "request", "webhook")))
            fuse, down = dice.randint(0, 90), dice.choice(downs) * dice.random()
            long = dice.uniform(*GIVEN_UP_S)
            if number in self.kills:
                await self.dies(fuse, long if number == self.weather.long_death else down)

    async def dies(self, fuse: int, seconds: float) -> None:
        """Let the life take `fuse` more steps, and nobody follow it for so long.

        What was said before the number was first seen open is history, which nobody answers: the
        next life then follows before the gateway gives up.
        """
        death = asyncio.get_running_loop().create_future()
        self.life.on_death = partial(death.set_result, None)
        self.life.fuse = fuse
        await death
        self.web = None
        self.evidence.deaths.append(self.loop.now())
        number = self.life.number + 1
        folder = self.folder / f"life{number}"
        self._crash(self.folder / f"life{self.life.number}", folder)
        self.busy += bool(open_work(folder / "orbion.db"))
        has_opened = opened(folder / "orbion.db")
        await asyncio.sleep(seconds if has_opened else min(seconds, max(DOWN)))
        self.evidence.births.append(self.loop.now())
        self._bear(number, folder)

    async def _await_signal(self, name: str) -> None:
        if not name:
            return
        self.signals[name].clear()
        try:
            async with asyncio.timeout(3.0):
                await self.signals[name].wait()
        except TimeoutError:
            return

    def signal(self, name: str) -> None:
        self.signals[name].set()

    def _crash(self, old: Path, new: Path) -> None:
        """Keep of the dead life's files what was committed; it can no longer touch the copy."""
        new.mkdir()
        for each in old.glob("orbion.db*"):
            if each.suffix not in {".lock", ".db-shm"}:
                shutil.copyfile(each, new / each.name)
        self.parts.after_crash(new)
        self.damage += damage(new / "orbion.db")
        stored = heard(new / "orbion.db")
        self.damage += [
            f"I1 {post.key_id} was acknowledged and is not stored"
            for post in self.witness.posts
            if post.status == httpx.codes.OK and post.key_id not in stored
        ]

    def _bear(self, number: int, folder: Path) -> None:
        if number == 1:
            prepare(folder / "orbion.db", self.template, self.parts)
        self.life = Life(number=number)
        self.loop.begin(self.life, self._live(folder)).add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self.bugs.append(f"bug: the service ended by itself: {task.exception()!r}")

    async def _live(self, folder: Path) -> None:
        dice = self._dice()
        gateway = httpx.ASGITransport(app=self.recorder)
        wire = Wire(gateway, self.loop, is_up=lambda: self.reachable)
        world = World(
            clock=self.loop,
            random=self._dice(),
            transport=self.parts.wire(wire),
            executor=lambda _: slow_disk(dice),
            run_blocking=at_once,
            llm=self.parts.llm(self.llm),
        )
        others = {**settings_of(self.weather), **self.parts.settings}
        given = settings(folder, typing=self.seed % 2 == 0, hurry=self.crowd, others=others)
        async with running(given, world) as service:
            object.__setattr__(service.store, "db", self.parts.database(service.store.db))
            inbox = self.parts.inbox(service.store)
            state = replace(service.state, receive=replace(service.state.receive, inbox=inbox))
            self.web = httpx.AsyncClient(
                transport=httpx.ASGITransport(app=with_state(self.app, state))
            )
            await asyncio.get_running_loop().create_future()

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Post to whatever life there is; one that dies meanwhile resets the connection."""
        life, web = self.life, self.web
        if web is None:
            raise httpx.ConnectError("nobody listens")
        self.signal("webhook")
        posting = self.loop.begin(life, post(web, url, headers, body))
        while not posting.done():
            if not life.alive:
                raise httpx.ReadError("the process died")
            await asyncio.wait([posting], timeout=0.005)
        status: int = posting.result()
        return status

    def _waits(self) -> dict[str, int]:
        pending = sum(each.outcome == "pending" for each in self.gateway.deliveries)
        found = {"webhooks": pending} if pending else {}
        found |= {"unheard": len(self.unheard())} if self.unheard() else {}
        return found | open_work(self._database())

    def unheard(self) -> set[str]:
        """What either side said and the service has not stored yet, by the gateway's id."""
        words = {each.key_id for each in self.evidence.takeovers.values()}
        words |= {each.key_id for each in self.evidence.said}
        return words - heard(self._database())

    def _database(self) -> Path:
        return self.folder / f"life{self.life.number}" / "orbion.db"

    def _dice(self) -> Random:
        return Random(self.random.getrandbits(64))

    def _verdict(self) -> Verdict:
        evidence = self.evidence
        evidence.asked = self.recorder.asked
        evidence.looked = self.recorder.looked
        evidence.posts = self.witness.posts
        evidence.journal = self.gateway.journal
        evidence.deliveries = self.gateway.deliveries
        evidence.prompts = self.llm.prompts
        judge = Judge(evidence=evidence)
        surplus, unprovable = judge.duplicates()
        broken = judge.violations() if self.heals else judge.forbidden()
        return Verdict(
            seed=self.seed,
            heals=self.heals,
            kills=len(evidence.deaths),
            busy=self.busy,
            rested=self.rested,
            violations=[*self.damage, *broken, *self.bugs, *self.loop.failures],
            story=evidence.story(),
            acknowledged=sum(said.key_id in judge.acknowledged for said in evidence.said),
            duplicates=surplus,
            unprovable=unprovable,
            unexplained=fates(judge)[UNEXPLAINED],
        )
