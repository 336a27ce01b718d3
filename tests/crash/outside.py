"""Everything that a service talks to, misbehaving: it survives all the service's deaths."""

from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx
import msgspec

from orbion.domain.identity import canonical_phone
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Instance, Webhook
from orbion.simulators.evolution_webhooks import WebhookRules, post_with
from orbion.simulators.faults import EvolutionFaults, ModelFaults, SheetFaults
from orbion.simulators.openai import OpenAISimulator
from orbion.simulators.sheets import SheetsSimulator
from orbion.simulators.tcp import serve
from tests.crash import faults
from tests.crash.points import Points
from tests.support import sheets
from tests.support.judge import Evidence, Recorder, Witness
from tests.support.tokens import TokenLLM, tokens

KEY = "chave-do-gateway-123456"
MODEL_KEY = "sk-chave-do-modelo-123456"
SECRET = "segredo-do-webhook-com-32-letras"
TELEPHONE = "telefone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the simulators listen."""

    gateway: str
    model: str
    google: str


@dataclass(slots=True, kw_only=True)
class Outside:
    """The gateway posts its webhooks to the service on `port`; `points` sees what passes by."""

    random: Random
    now: Callable[[], int]
    port: int
    client: httpx.AsyncClient
    points: Points = field(default_factory=Points)
    gateway: EvolutionSimulator = field(init=False)
    model: OpenAISimulator = field(init=False)
    sheet: SheetsSimulator = field(init=False)
    witness: Witness = field(init=False)
    recorder: Recorder = field(init=False)

    def __post_init__(self) -> None:
        hook = Webhook(
            url=f"http://127.0.0.1:{self.port}/webhooks/evolution/loja",
            headers={"authorization": f"Bearer {SECRET}"},
        )
        deliver = self.points.follow(post_with(self.client))
        self.witness = Witness(deliver=deliver, now=self.now)
        self.gateway = EvolutionSimulator(
            [Instance(name="loja", token="token", webhook=hook)],
            api_key=KEY,
            random=Random(self.random.random()),
            now=self.now,
            faults=faults.GATEWAY,
            deliver=self.witness,
            rules=WebhookRules(scale=0.1),
        )
        self.recorder = Recorder(app=self.points.tap(self.gateway), now=self.now)
        self.model = OpenAISimulator(
            repeated,
            api_key=MODEL_KEY,
            random=Random(self.random.random()),
            now=self.now,
            faults=faults.MODEL,
        )
        self.sheet = sheets.simulator(self.now, faults.SHEET)

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[Addresses]:
        model, sheet = self.points.tap(self.model), self.points.tap(self.sheet)
        async with serve(self.recorder) as one, serve(model) as two, serve(sheet) as three:
            yield Addresses(gateway=one, model=f"{two}/v1", google=three)
        self.gateway.close()

    def heal(self) -> None:
        self.gateway.faults = EvolutionFaults()
        self.model.faults = ModelFaults()
        self.sheet.faults = SheetFaults(per_minute=1_000_000)

    def tell(self, evidence: Evidence) -> None:
        """Hand over all that was seen here."""
        evidence.posts, evidence.asked = self.witness.posts, self.recorder.asked
        evidence.journal, evidence.deliveries = self.gateway.journal, self.gateway.deliveries
        evidence.looked = self.recorder.looked
        evidence.falls_back = True

    def fates(self) -> Counter[str]:
        """How often each service misbehaved on purpose, and how."""
        struck = {
            "gateway": self.gateway.fates,
            "model": self.model.fates,
            "sheet": self.sheet.fates,
        }
        return Counter(
            f"{name} {fate}" for name, fates in struck.items() for fate in fates if fate is not None
        )


def pending(body: dict[str, Any]) -> list[str]:
    """The tokens of the messages that a model is asked to answer."""
    batch = next(each for each in reversed(body["messages"]) if each["role"] == "user")
    return tokens(" ".join(msgspec.json.decode(batch["content"])["messages"]))


def repeated(body: dict[str, Any]) -> str:
    """What the token model says, in the words of a completion."""
    return TokenLLM().say(pending(body)).text


def wrong_rows(sheet: SheetsSimulator, phones: set[str]) -> list[str]:
    """I10: each customer has one row, and nobody else has any."""
    titles = {tab.title for tab in sheet.tabs}
    shown = sheets.shown(sheet.tab(sheets.TAB)) if sheets.TAB in titles else []
    rows = Counter(canonical_phone(row[TELEPHONE]) for row in shown)
    phones = {canonical_phone(each) for each in phones}
    wrong = [f"I10 {phone} has {rows[phone]} rows" for phone in sorted(phones) if rows[phone] != 1]
    return wrong + [f"I10 {phone} is nobody's row" for phone in rows.keys() - phones]


def google_key(folder: Path) -> str:
    return str(sheets.key_file(folder))
