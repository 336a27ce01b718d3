"""Plays one outage in virtual time: neighbours break for a minute while customers go on writing."""

import asyncio
import sqlite3
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import httpx
import httpx2
from pydantic import SecretStr

from orbion.adapters.db.sqlite import SqliteDatabase
from orbion.adapters.llm import openai as provider
from orbion.adapters.llm.late import ClosingLLM
from orbion.config import Settings
from orbion.domain.prompt import models_of
from orbion.domain.reply import Reply, ReplyBubble
from orbion.kit.ids import new_trace
from orbion.main.build import running
from orbion.main.observing import Orbion
from orbion.main.world import World
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Instance, Webhook
from orbion.simulators.faults import EvolutionFaults, ModelFaults, SheetFaults
from orbion.simulators.openai import Json, OpenAISimulator
from orbion.web.app import create_app
from tests.simulation.life import (
    BEARER,
    HOOK,
    KEY,
    at_once,
    no_lifespan,
    open_work,
    settings,
    watched,
    with_state,
)
from tests.simulation.neighbours import (
    Disk,
    Faulty,
    Gateway,
    Google,
    Model,
    Neighbour,
    Roads,
    Trouble,
)
from tests.support.sheets import SPREADSHEET, TAB, key_file, shown, simulator
from tests.support.tokens import token, tokens
from tests.support.virtual import Life, SimLoop

MODEL_KEY = "sk-de-teste-123456"
BEGINS, HEALS = 10.0, 70.0
FLAP_S = 7.0
LOOK_S = 5.0
PATIENCE_S = 1_200.0
LOOKS = ("/live", "/ready", "")
TURNS = "SELECT started_at, verdict FROM turn WHERE verdict <> 'superseded'"
UNANSWERED = "SELECT count(*) FROM message WHERE direction = 'in' AND outcome <> 'answered'"
QUESTIONS = (
    "onde fica a loja?",
    "abrem no sábado?",
    "até que horas hoje?",
    "tem estacionamento por aí?",
    "vocês entregam em casa?",
    "aceitam cartão?",
    "dá para retirar amanhã?",
    "qual o bairro?",
    "fica perto do centro?",
    "e no domingo, abre?",
)
"""Nobody asks the same again and again: that would be a machine."""
STORED = "SELECT count(*) FROM message WHERE direction = 'in'"
SENT = "SELECT count(*) FROM outbox WHERE state = 'sent'"
LEADS = "SELECT id, stage FROM lead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """What breaks how, and who writes when: a person's number and seconds from the start."""

    broken: tuple[str, ...]
    trouble: Trouble
    said: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Counts of messages at the end, and what was to be seen in the minute of the trouble.

    `meanwhile` and `afterwards` are verdicts of turns, the latter of those after the last word;
    `caught_up` is the seconds from the end of the trouble until nothing was left to do.
    """

    webhooks: frozenset[int]
    health: Mapping[str, frozenset[str]]
    circuits: frozenset[str]
    meanwhile: frozenset[str]
    afterwards: frozenset[str]
    sent_meanwhile: int
    mirror_lagged: bool
    mirror_is_right: bool
    said: int
    lost: int
    twice: int
    misplaced: int
    caught_up: float
    bugs: Sequence[str]


@dataclass(kw_only=True)
class Play:
    """One drill in a folder of its own."""

    drill: Drill
    folder: Path
    template: Path
    web: httpx.AsyncClient | None = None
    service: Orbion | None = None
    answers: list[tuple[float, int]] = field(default_factory=list)
    looks: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    opened: set[str] = field(default_factory=set)
    words: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    bugs: list[str] = field(default_factory=list)
    lagged: bool = False
    remembered: int = 1_024
    caught_up: float = PATIENCE_S

    def __post_init__(self) -> None:
        self.loop = SimLoop(Random(3))
        self.life = Life(number=1)
        self.database = self.folder / "orbion.db"
        self.gateway = EvolutionSimulator(
            [Instance(name="loja", token="t", webhook=Webhook(url=HOOK, headers=BEARER))],
            api_key=KEY,
            random=Random(5),
            now=self.loop.now,
            faults=EvolutionFaults(),
            deliver=self._post,
        )
        self.model = OpenAISimulator(
            repeat, api_key=MODEL_KEY, random=Random(6), now=self.loop.now, faults=ModelFaults()
        )
        self.google = simulator(self.loop.now, SheetFaults())
        self.disk = Disk(Random(7))
        self.road = Gateway(self.gateway)
        self.roads = Roads(self.loop, gateway=self.gateway, google=self.google, state=self.road)
        self.neighbours: Mapping[str, Neighbour] = {
            "OpenAI": Model(self.model),
            "WhatsApp": self.road,
            "Sheets": Google(self.google),
            "disk": self.disk,
        }

    def run(self) -> Seen:
        self.database.write_bytes(self.template.read_bytes())
        try:
            with watched(self.bugs):
                self.loop.run_until_complete(self._play())
        finally:
            with watched([]):
                self.loop.bury()
        return self._seen()

    async def _play(self) -> None:
        living = self.loop.begin(self.life, self._live())
        async with asyncio.TaskGroup() as group:
            group.create_task(self._trouble())
            group.create_task(self._look())
            spoken = Counter[int]()
            for person, at in self.drill.said:
                group.create_task(self._say(person, spoken[person], at))
                spoken[person] += 1
        await self._rest()
        self.bugs += [f"bug: the service ended: {living}"] if living.done() else []
        self.life.kill()

    async def _say(self, person: int, place: int, at: float) -> None:
        await asyncio.sleep(at)
        phone, word = f"55119000{person:05d}", token(person, place)
        self.words[phone].append(word)
        self.gateway.customer_says("loja", phone, f"{QUESTIONS[place % len(QUESTIONS)]} {word}")

    async def _trouble(self) -> None:
        await asyncio.sleep(BEGINS)
        broken = [self.neighbours[name] for name in self.drill.broken]
        if self.drill.trouble is Trouble.FLAPPING:
            await self._flap(broken)
        else:
            for each in broken:
                each.hurt(self.drill.trouble)
        await asyncio.sleep(HEALS - self.loop.monotonic())
        self.lagged = self._mirror() != self._leads()
        for each in broken:
            each.heal()
        await self._recover()

    async def _recover(self) -> None:
        """Note when for the first time nothing is left to do."""
        while self._is_busy() and self.loop.monotonic() < PATIENCE_S:
            await asyncio.sleep(0.5)
        self.caught_up = self.loop.monotonic() - HEALS

    async def _flap(self, broken: Sequence[Neighbour]) -> None:
        while self.loop.monotonic() + 2 * FLAP_S <= HEALS:
            for each in broken:
                each.hurt(Trouble.DOWN)
            await asyncio.sleep(FLAP_S)
            for each in broken:
                each.heal()
            await asyncio.sleep(FLAP_S)

    async def _look(self) -> None:
        """Ask every health path now and then while the trouble lasts."""
        await asyncio.sleep(BEGINS + LOOK_S)
        while self.loop.monotonic() < HEALS:
            for path in LOOKS:
                self.looks[path].add(await self._asked(path))
            assert self.service is not None
            circuits = self.service.state.guards.items()
            self.opened |= {name for name, guard in circuits if guard.breaker.retry_after > 0}
            await asyncio.sleep(LOOK_S)

    async def _asked(self, path: str) -> str:
        assert self.web is not None
        url = f"http://orbion/health{path}"
        answer: httpx.Response = await self.loop.begin(self.life, self.web.get(url))
        said = answer.json()
        return f"{answer.status_code} {said.get('level', said['status'])}"

    async def _rest(self) -> None:
        """Wait until nothing is left to do and the mirror shows it."""
        until = self.loop.monotonic() + PATIENCE_S
        while self._is_busy():
            if self.loop.monotonic() > until:
                self.bugs.append(f"not at rest: {open_work(self.database)}")
                return
            await asyncio.sleep(1.0)

    def _is_busy(self) -> bool:
        pending = any(each.outcome == "pending" for each in self.gateway.deliveries)
        return pending or bool(open_work(self.database)) or self._mirror() != self._leads()

    def _mirror(self) -> dict[str, str]:
        if not any(tab.title == TAB for tab in self.google.tabs):
            return {}
        return {line["lead_id"]: line["etapa"] for line in shown(self.google.tab(TAB))}

    def _leads(self) -> dict[str, str]:
        return {str(lead): stage for lead, stage in self._rows(LEADS)}

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(sql).fetchall()

    async def _live(self) -> None:
        world = World(
            clock=self.loop,
            random=Random(9),
            transport=self.roads,
            executor=self.disk.executor,
            run_blocking=at_once,
            load_model=self._load_model,
        )
        app = create_app(no_lifespan, new_trace=partial(new_trace, Random(1)))
        async with running(self._settings(), world) as service:
            db = service.store.db
            assert isinstance(db, SqliteDatabase)
            db._connection = Faulty(db._connection, self.disk)  # type: ignore[assignment]
            self.service = service
            self.web = httpx.AsyncClient(
                transport=httpx.ASGITransport(app=with_state(app, service.state))
            )
            await asyncio.get_running_loop().create_future()

    def _settings(self) -> Settings:
        return settings(
            self.folder,
            typing=False,
            hurry=False,
            others={
                "llm": "openai",
                "cache_entries": self.remembered,
                "openai_api_key": SecretStr(MODEL_KEY),
                "model_deadline": 5.0,
                "sheet_id": SPREADSHEET,
                "google_key_file": key_file(self.folder),
            },
        )

    def _load_model(self, given: Settings, key: str) -> ClosingLLM:
        wire = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self.model))
        client = provider.build_client(key, "http://openai/v1", given.model_deadline, wire)
        client._platform = "Unknown"  # else a thread is asked, and none runs in virtual time
        return provider.OpenAILLM(
            client,
            models=models_of(given.openai_model),
            timeout=given.model_deadline,
            max_output_tokens=given.openai_max_output_tokens,
        )

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        status: int = await self.loop.begin(self.life, self._answered(url, headers, body))
        self.answers.append((self.loop.monotonic(), status))
        return status

    async def _answered(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        assert self.web is not None
        return (await self.web.post(url, headers=dict(headers), content=body)).status_code

    def _seen(self) -> Seen:
        start = self.loop.now() - round(self.loop.monotonic() * 1000)
        turns = [((at - start) / 1000, verdict) for at, verdict in self._rows(TURNS)]
        last = max(at for _, at in self.drill.said)
        got: dict[str, list[str]] = defaultdict(list)
        for accepted in self.gateway.journal:
            got[accepted.jid.partition("@")[0]] += tokens(accepted.text)
        sent = [(accepted.at - start) / 1000 for accepted in self.gateway.journal]
        (((stored,),), ((unanswered,),), ((settled,),)) = map(
            self._rows, (STORED, UNANSWERED, SENT)
        )
        return Seen(
            webhooks=frozenset(status for at, status in self.answers if BEGINS < at <= HEALS),
            health={path: frozenset(found) for path, found in self.looks.items()},
            circuits=frozenset(self.opened),
            meanwhile=frozenset(said for at, said in turns if BEGINS < at < HEALS),
            afterwards=frozenset(said for at, said in turns if at >= last),
            sent_meanwhile=sum(BEGINS + 1 < at < HEALS for at in sent),
            mirror_lagged=self.lagged,
            mirror_is_right=self._mirror() == self._leads(),
            said=len(self.drill.said),
            lost=len(self.drill.said) - stored + unanswered,
            twice=len(self.gateway.journal) - settled + _repeated(got),
            misplaced=sum(words != _sorted(words, self.words[who]) for who, words in got.items()),
            caught_up=self.caught_up,
            bugs=[*self.bugs, *self.loop.failures],
        )


def repeat(body: Json) -> str:
    """Answer with the words that the customer has said since our last answer."""
    found: list[str] = []
    for message in reversed(body["messages"]):
        if message["role"] == "assistant":
            break
        if message["role"] == "user":
            found = tokens(str(message["content"])) + found
    text = f"li {' '.join(found)}" if found else "oi"
    return Reply(bubbles=(ReplyBubble(text=text),)).to_json()


def play(drill: Drill, *, template: Path) -> Seen:
    with tempfile.TemporaryDirectory(prefix="drill-", dir=template.parent) as folder:
        return Play(drill=drill, folder=Path(folder), template=template).run()


def _repeated(got: Mapping[str, Sequence[str]]) -> int:
    return sum(len(words) - len(set(words)) for words in got.values())


def _sorted(words: Sequence[str], said: Sequence[str]) -> list[str]:
    return sorted(words, key=said.index)
