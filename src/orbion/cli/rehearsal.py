"""Lets personas talk to the whole service in virtual time, and reads what became of each."""

import asyncio
import json
import logging
import random
from collections import defaultdict
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, Literal

import msgspec

from orbion.adapters.llm.late import ClosingLLM
from orbion.config import Settings, load_settings
from orbion.domain.identity import canonical_phone
from orbion.domain.pipeline import LOST
from orbion.domain.playbook import Playbook
from orbion.domain.prompt import Prompt
from orbion.domain.qualification import MOST_ATTEMPTS
from orbion.domain.spend import Spent
from orbion.domain.turns import Completion
from orbion.evals.outcomes import Result, State, Usage, endings, prefix_share
from orbion.evals.personas import Persona
from orbion.kit.executor import Executor
from orbion.kit.ids import new_trace
from orbion.main.build import accounts_of, running
from orbion.main.operating import operators_store
from orbion.main.provider import load_openai
from orbion.main.world import World, real_world
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Instance, Webhook
from orbion.simulators.faults import EvolutionFaults, ModelFaults
from orbion.simulators.in_process import network_to, post_to, provider_client
from orbion.simulators.openai import OpenAISimulator
from orbion.simulators.personas import Mind, Talk, talk
from orbion.simulators.sales_model import SalesModel
from orbion.simulators.virtual import VirtualClock, VirtualLoop
from orbion.web import deps
from orbion.web.app import create_app

Model = Literal["scripted", "openai"]
OPENS_AT: Final = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)  # a Monday, 10:00 in São Paulo
_GATEWAY_KEY: Final = "chave-do-gateway-simulado"
_SECRET: Final = "segredo-do-webhook-simulado"  # noqa: S105 of a gateway that is no more than a simulator
_MODEL_KEY: Final = "sk-simulado"
_SEED: Final = 7
_SPACING_SECONDS: Final = 0.5
_SETTLE_SECONDS: Final = 10.0


@dataclass(slots=True, kw_only=True)
class Overheard:
    """Keeps the prompts of each conversation on their way to the model."""

    inner: ClosingLLM
    prompts: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))

    async def complete(self, prompt: Prompt) -> Completion:
        written = msgspec.json.encode(prompt.messages).decode()
        self.prompts[prompt.payer.conversation_id].append(written)
        return await self.inner.complete(prompt)

    async def reach(self) -> bool:
        return await self.inner.reach()

    async def close(self) -> None:
        await self.inner.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """`playbooks` by the name that their accounts have, `serves` says whose customer one is.

    Everything is written to `folder`.
    """

    folder: Path
    playbooks: Mapping[str, tuple[str, Playbook]]
    serves: Callable[[Persona], str]
    model: Model

    def __call__(self, personas: Sequence[Persona]) -> Sequence[Result]:
        settings = self._settings()
        prompts: dict[int, list[str]] = {}
        with _quiet(), asyncio.Runner(loop_factory=VirtualLoop) as runner:
            talks = runner.run(self._play(settings, personas, prompts))
        return asyncio.run(self._read(settings, talks, prompts))

    async def _play(
        self, settings: Settings, personas: Sequence[Persona], prompts: dict[int, list[str]]
    ) -> Sequence[Talk]:
        clock, states = VirtualClock(round(OPENS_AT.timestamp() * 1000)), dict[str, object]()
        dice = random.Random(_SEED)  # noqa: S311 ids of a simulation
        app = create_app(_no_lifespan, new_trace=partial(new_trace, dice))
        gateway = EvolutionSimulator(
            map(_instance, self.playbooks),
            api_key=_GATEWAY_KEY,
            random=dice,
            now=clock.now,
            faults=EvolutionFaults(),
            deliver=post_to(app, states),
        )
        overheard = self._provider(settings, clock)
        world = World(
            clock=clock,
            random=dice,
            transport=network_to(gateway),
            executor=_inline,
            run_blocking=_at_once,
            load_model=lambda _settings, _key: overheard,
        )
        async with running(settings, world) as service:
            states[deps.STATE] = service.state
            await asyncio.sleep(_SETTLE_SECONDS)
            async with asyncio.TaskGroup() as group:
                talking = [
                    group.create_task(self._talk(gateway, number, each))
                    for number, each in enumerate(personas)
                ]
            await asyncio.sleep(_SETTLE_SECONDS)
        gateway.close()
        prompts.update(overheard.prompts)
        return [each.result() for each in talking]

    async def _talk(self, gateway: EvolutionSimulator, number: int, persona: Persona) -> Talk:
        await asyncio.sleep(number * _SPACING_SECONDS)
        name = self.serves(persona)
        mind = Mind(persona=persona, playbook=self.playbooks[name][1])
        return await talk(gateway, mind, instance=name, phone=_phone(number))

    def _provider(self, settings: Settings, clock: VirtualClock) -> Overheard:
        simulator = OpenAISimulator(
            SalesModel([playbook for _, playbook in self.playbooks.values()]),
            api_key=_MODEL_KEY,
            random=random.Random(_SEED),  # noqa: S311 ids of a simulation
            now=clock.now,
            faults=ModelFaults(),
        )
        return Overheard(inner=load_openai(settings, _MODEL_KEY, provider_client(simulator)))

    def _settings(self) -> Settings:
        """Deaf to the settings of a real service, as those of the demo."""
        accounts = self.folder / "accounts.toml"
        tables = (_account(name, path) for name, (path, _) in self.playbooks.items())
        accounts.write_text("\n".join(tables), encoding="utf-8")
        return load_settings(
            _env_file=None,
            _env_prefix="ORBION_SIMULATE_",
            database_url=f"sqlite:///{self.folder}/orbion.db",
            sheets_folder=self.folder / "leads",
            accounts_file=accounts,
            llm=self.model,
            openai_api_key=_MODEL_KEY,
            key_per_minute=100_000,
            sends_per_minute=100_000,
            sends_per_hour=1_000_000,
            disk_reserve=0,
        )

    async def _read(
        self, settings: Settings, talks: Sequence[Talk], prompts: Mapping[int, list[str]]
    ) -> Sequence[Result]:
        async with operators_store(settings, real_world(), accounts_of(settings)) as store:
            lines = await store.conversations(before=None, limit=len(talks))
            found = {line.phone: await store.conversation(line.id) for line in lines}
            leads = {
                canonical_phone(row.columns["telefone"]): row
                for row in await store.leads(len(talks))
            }
            spent = {
                each.name: each for each in (await store.spent(OPENS_AT.date()))["conversation"]
            }
        results = []
        for number, each in enumerate(talks):
            phone = canonical_phone(_phone(number))
            who = found[phone]
            if who is None:
                raise LookupError(f"the conversation of {each.persona.id} vanished")
            stage = leads[phone].columns["etapa"]
            playbook = self.playbooks[self.serves(each.persona)][1]
            state = State(
                opted_out=who.opted_out,
                with_person=who.mode == "human",
                qualified=stage == playbook.stages[-1].key,
                lost=stage == LOST,
            )
            usage = _usage(spent.get(str(who.id)), prompts.get(who.id, ()))
            results.append(_result(each, state, usage))
        return results


def _result(talk: Talk, state: State, usage: Usage) -> Result:
    """Silence after the last word of a person or a farewell leaves nobody without an answer."""
    return Result(
        persona=talk.persona,
        reached=endings(state),
        turns=talk.turns,
        unanswered=talk.unanswered > 0 and not (state.opted_out or state.with_person),
        third=sum(times > MOST_ATTEMPTS for times in talk.asked.values()),
        again=talk.asked_in_vain,
        questions=sum(talk.asked.values()),
        usage=usage,
    )


def _usage(spent: Spent | None, prompts: Sequence[str]) -> Usage:
    if spent is None:
        return Usage()
    return Usage(
        calls=spent.calls,
        tokens_in=spent.tokens_in,
        tokens_cached=spent.tokens_cached,
        tokens_out=spent.tokens_out,
        cost=spent.cost,
        prefix=prefix_share(prompts),
    )


def _phone(number: int) -> str:
    return f"55119{number:08d}"


def _instance(name: str) -> Instance:
    url = f"http://orbion/webhooks/evolution/{name}"
    webhook = Webhook(url=url, headers={"authorization": f"Bearer {_SECRET}"})
    return Instance(name=name, token=f"token-{name}", webhook=webhook)


def _account(name: str, path: str) -> str:
    fields: Mapping[str, object] = {
        "business": name,
        "playbook": path,
        "base_url": "http://gateway",
        "instance": name,
        "api_key": _GATEWAY_KEY,
        "webhook_secrets": [_SECRET],
    }
    lines = (f"{key} = {json.dumps(value)}" for key, value in fields.items())
    return "\n".join([f"[accounts.{name}]", *lines, ""])


@contextmanager
def _inline(_name: str) -> Generator[Executor]:
    """Run each piece of work a step later, in the loop: no thread takes part."""

    def submit(work: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_soon(work)

    yield submit


async def _at_once(work: Callable[[], None]) -> None:
    work()


@contextmanager
def _quiet() -> Generator[None]:
    """Nothing of the service's log is shown but what is wrong."""
    logger = logging.getLogger("orbion")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _no_lifespan() -> AbstractAsyncContextManager[deps.State]:
    raise RuntimeError("nothing starts this app: the state comes with each request")
