"""Random bursts over several accounts in virtual time: answers, waits and what is mixed up."""

import argparse
import asyncio
import math
import os
import sqlite3
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from random import Random
from typing import Any

import httpx

from orbion.config import Settings
from orbion.domain.debounce import quiet_ms
from orbion.domain.messages import MessageKind
from orbion.domain.prompt import Prompt
from orbion.domain.reply import Reply, ReplyBubble
from orbion.domain.turns import Completion
from orbion.kit.ids import new_trace
from orbion.main.build import running
from orbion.main.world import World
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Instance, Webhook
from orbion.simulators.faults import EvolutionFaults
from orbion.web.app import create_app
from tests.simulation.life import (
    BEARER,
    KEY,
    PLAYBOOK,
    SECRET,
    at_once,
    no_lifespan,
    open_work,
    post,
    slow_disk,
    watched,
    with_state,
)
from tests.simulation.run import players
from tests.support.tokens import speaker, token, tokens
from tests.support.virtual import Life, SimLoop

ACCOUNTS = ("centro", "norte", "praia", "serra")
PHONES = 40
MOST = 5
A_SHARD = 500
MOST_P50, MOST_P99 = 2.5, 6.0
CALM = 0.85  # of all bursts have every gap below the quiet time
SAYINGS = ("oi {}", "quero saber do preço {}", "quanto custa {}?", "é para a loja {} e", "{}!")
TURNS = "SELECT coalesce(verdict, 'open'), count(*) FROM turn GROUP BY 1"
Quiet = tuple[float, float, float]
DEFAULT_QUIET: Quiet = tuple(
    Settings.model_fields[name].default for name in ("quiet_min", "quiet_max", "quiet_cap")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """`gaps` are the seconds before each text; those of a calm burst end no quiet time."""

    number: int
    account: str
    phone: str
    texts: Sequence[str]
    gaps: Sequence[float]
    is_calm: bool

    @property
    def name(self) -> str:
        return speaker(token(self.number, 0))


@dataclass(slots=True, kw_only=True)
class Shard:
    """What was seen of some bursts; `waits` are seconds from a calm burst's end to its turn."""

    bursts: int = 0
    calm: int = 0
    messages: int = 0
    answers: int = 0
    calm_answers: int = 0
    turns: int = 0
    superseded: int = 0
    merges: int = 0
    unanswered: int = 0
    waits: list[float] = field(default_factory=list)
    bugs: list[str] = field(default_factory=list)

    def __add__(self, other: "Shard") -> "Shard":
        return Shard(**{each: getattr(self, each) + getattr(other, each) for each in _FIELDS})

    def wait(self, share: float) -> float:
        ranked = sorted(self.waits)
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))]

    def is_met(self) -> bool:
        """One answer a calm burst, nothing mixed up or left out, and no long wait (row X-02)."""
        whole = self.calm_answers == self.calm and not (self.merges or self.unanswered or self.bugs)
        return whole and self.wait(0.5) <= MOST_P50 and self.wait(0.99) <= MOST_P99

    def __str__(self) -> str:
        rest = self.bursts - self.calm
        other = (self.answers - self.calm_answers) / max(1, rest)
        share = self.superseded / self.turns
        calm = f"{self.calm_answers / self.calm:.4f} where every gap is below the quiet time"
        lines = [
            f"{self.bursts} bursts of {self.messages} messages to {len(ACCOUNTS)} accounts",
            f"replies per burst {calm} ({self.calm}), else {other:.2f} ({rest})",
            f"superseded turns {self.superseded} of {self.turns} ({share:.1%})",
            f"cross-account merges {self.merges}, unanswered {self.unanswered}",
            f"added wait p50 {self.wait(0.5):.2f} s, p99 {self.wait(0.99):.2f} s",
            *self.bugs[:20],
        ]
        return "\n".join(lines)


_FIELDS = tuple(Shard.__dataclass_fields__)


@dataclass(slots=True)
class OneBubble:
    """Answers with all tokens in one bubble, and notes when it was shown which."""

    loop: SimLoop
    shown: list[tuple[float, frozenset[str]]] = field(default_factory=list)
    mixed: int = 0
    owners: dict[str, tuple[str, str]] = field(default_factory=dict)

    async def complete(self, prompt: Prompt) -> Completion:
        words = [word for text in prompt.pending for word in tokens(text)]
        self.shown.append((self.loop.monotonic(), frozenset(words)))
        read = (tokens(message.text) for message in prompt.messages)
        self.mixed += len({self.owners[speaker(word)] for each in read for word in each}) > 1
        await asyncio.sleep(1.2)
        reply = Reply(bubbles=(ReplyBubble(text=f"li {' '.join(words)}"),))
        return Completion(text=reply.to_json(), model="tokens")


def draw_bursts(count: int, dice: Random, quiet: Quiet) -> Sequence[Burst]:
    """The same people write to every account, each to one at a time."""
    found = []
    for number in range(count):
        is_calm = dice.random() < CALM
        size = dice.randint(1, MOST)
        texts = [dice.choice(SAYINGS).format(token(number, place)) for place in range(size)]
        found.append(
            Burst(
                number=number,
                account=dice.choice(ACCOUNTS),
                phone=f"55119000{dice.randrange(PHONES):05d}",
                texts=texts,
                gaps=_gaps(texts, dice, quiet, is_calm=is_calm),
                is_calm=is_calm,
            )
        )
    return found


def _gaps(texts: list[str], dice: Random, quiet: Quiet, *, is_calm: bool) -> Sequence[float]:
    """Cut a calm burst where it would outlast the cap from its first message."""
    low, high, cap = (round(seconds * 1000) for seconds in quiet)
    gaps = [0.0]
    for text in texts[:-1]:
        wait = quiet_ms(text, MessageKind.TEXT, low=low, high=high) / 1000
        gaps.append(wait * (dice.uniform(0.05, 0.9) if is_calm else dice.uniform(0.5, 3.0)))
    while is_calm and sum(gaps) > cap / 1000 * 0.9:
        gaps.pop()
    del texts[len(gaps) :]
    return gaps


@dataclass(kw_only=True)
class Bursts:
    """Plays one shard through the whole service."""

    seed: int
    count: int
    folder: Path
    template: Path
    quiet: Quiet = DEFAULT_QUIET
    web: httpx.AsyncClient | None = None
    life: Life = field(default_factory=lambda: Life(number=1))
    said_at: dict[str, float] = field(default_factory=dict)
    bugs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.loop = SimLoop(Random(self.random.random()))
        self.llm = OneBubble(self.loop)
        self.bursts = draw_bursts(self.count, self.random, DEFAULT_QUIET)
        self.llm.owners |= {each.name: (each.account, each.phone) for each in self.bursts}
        self.gateway = EvolutionSimulator(
            [
                Instance(name=name, token=name, webhook=Webhook(url=_hook(name), headers=BEARER))
                for name in ACCOUNTS
            ],
            api_key=KEY,
            random=Random(self.random.random()),
            now=self.loop.now,
            faults=EvolutionFaults(),
            deliver=self._post,
        )

    @cached_property
    def database(self) -> Path:
        return self.folder / "orbion.db"

    def run(self) -> Shard:
        self.database.write_bytes(self.template.read_bytes())
        try:
            with watched(self.bugs):
                self.loop.run_until_complete(self._play())
        finally:
            with watched([]):
                self.loop.bury()
        return self._count()

    async def _play(self) -> None:
        living = self.loop.begin(self.life, self._live())
        people: dict[tuple[str, str], list[Burst]] = defaultdict(list)
        for each in self.bursts:
            people[each.account, each.phone].append(each)
        async with asyncio.TaskGroup() as group:
            for bursts in people.values():
                group.create_task(self._person(bursts, Random(self.random.random())))
        async with asyncio.timeout(600):
            while open_work(self.database):
                await asyncio.sleep(1.0)
        self.bugs += [f"bug: the service ended: {living}"] if living.done() else []
        self.life.kill()

    async def _person(self, bursts: Sequence[Burst], dice: Random) -> None:
        """Wait after each burst until the answer must have come."""
        await asyncio.sleep(dice.uniform(1, 60))
        for burst in bursts:
            for gap, text in zip(burst.gaps, burst.texts, strict=True):
                await asyncio.sleep(gap)
                self.gateway.customer_says(burst.account, burst.phone, text)
                self.said_at[tokens(text)[0]] = self.loop.monotonic()
            await asyncio.sleep(dice.uniform(30, 60))

    async def _live(self) -> None:
        dice = Random(self.random.random())
        world = World(
            clock=self.loop,
            random=Random(self.random.random()),
            transport=httpx.ASGITransport(app=self.gateway),
            executor=lambda _: slow_disk(dice),
            run_blocking=at_once,
            llm=self.llm,
        )
        app = create_app(no_lifespan, new_trace=partial(new_trace, Random(1)))
        async with running(_settings(self.folder, self.quiet), world) as service:
            self.web = httpx.AsyncClient(
                transport=httpx.ASGITransport(app=with_state(app, service.state))
            )
            await asyncio.get_running_loop().create_future()

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        assert self.web is not None
        posting = self.loop.begin(self.life, post(self.web, url, headers, body))
        status: int = await posting
        return status

    def _count(self) -> Shard:
        answers = Counter[str]()
        merges = self.llm.mixed
        for accepted in self.gateway.journal:
            heard = {speaker(word) for word in tokens(accepted.text)}
            answers.update(heard)
            place = (accepted.instance, accepted.jid.partition("@")[0])
            merges += any(self.llm.owners[each] != place for each in heard)
        calm = [each for each in self.bursts if each.is_calm]
        with closing(sqlite3.connect(self.database)) as connection:
            turns = dict(connection.execute(TURNS).fetchall())
        return Shard(
            bursts=len(self.bursts),
            calm=len(calm),
            messages=len(self.said_at),
            answers=sum(answers.values()),
            calm_answers=sum(answers[each.name] for each in calm),
            turns=sum(turns.values()),
            superseded=turns.get("superseded", 0),
            merges=merges,
            unanswered=sum(not answers[each.name] for each in self.bursts),
            waits=self._waits(calm),
            bugs=[*self.bugs, *self.loop.failures],
        )

    def _waits(self, bursts: Sequence[Burst]) -> list[float]:
        """From the last message of each burst until the model was shown it."""
        first: dict[str, float] = {}
        for at, words in self.llm.shown:
            for word in words:
                first.setdefault(word, at)
        last = [token(each.number, len(each.texts) - 1) for each in bursts]
        return [first[word] - self.said_at[word] for word in last if word in first]


def _hook(account: str) -> str:
    return f"http://orbion/webhooks/evolution/{account}"


def _settings(folder: Path, quiet: Quiet) -> Settings:
    accounts = folder / "accounts.toml"
    accounts.write_text("\n".join(map(_account, ACCOUNTS)))
    chosen: dict[str, Any] = {
        "database_url": f"sqlite:///{folder}/orbion.db",
        "sheets_folder": folder / "leads",
        "accounts_file": accounts,
        "disk_reserve": 0,
    }
    given = Settings(_env_file=None, **chosen)
    low, high, cap = quiet
    return given.model_copy(update={"quiet_min": low, "quiet_max": high, "quiet_cap": cap})


def _account(name: str) -> str:
    return (
        f'[accounts.{name}]\nbusiness = "{name}"\nplaybook = "{PLAYBOOK}"\n'
        f'base_url = "http://gateway"\ninstance = "{name}"\napi_key = "{KEY}"\n'
        f'webhook_secrets = ["{SECRET}"]\n'
    )


def play_bursts(seed: int, *, count: int, template: Path, quiet: Quiet = DEFAULT_QUIET) -> Shard:
    with tempfile.TemporaryDirectory(prefix=f"bursts-{seed}-", dir=template.parent) as folder:
        return Bursts(
            seed=seed, count=count, folder=Path(folder), template=template, quiet=quiet
        ).run()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    given = parser.parse_args()
    started, shards = time.monotonic(), math.ceil(given.count / A_SHARD)
    total = Shard()
    with players(given.processes) as (pool, template):
        seeds = range(given.seed, given.seed + shards)
        for shard in pool.map(partial(play_bursts, count=A_SHARD, template=template), seeds):
            total += shard
    sys.stdout.write(f"{total}\n{time.monotonic() - started:.1f} s\n")
    return 0 if total.is_met() else 1


if __name__ == "__main__":
    sys.exit(main())
