"""Runs our turns against aimock, a model server of other people (`make judge`), where Node is.

Its strict mode refuses what no fixture describes: a request whose tools, results, contract or order
of messages it cannot read as OpenAI's ends as a failed row here.
"""

import asyncio
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from orbion.adapters.llm.openai import OpenAILLM, build_client
from orbion.agent.agent import Agent
from orbion.agent.checks import CHAIN
from orbion.domain.prompt import Prompt, models_of
from orbion.domain.turns import Completion
from orbion.kit.clock import SystemClock
from orbion.telemetry.metrics import Metrics
from tests.support.playbooks import solar
from tests.support.turns import JournaledTurns, turn

PACKAGE = "@copilotkit/aimock@1.43.0"
HERE = Path(__file__).parent
FOLDER = HERE.parent.parent / "build" / "judge"
SERVER = FOLDER / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
KEY = "sk-judge"
NO_NODE = "skipped: Node and npm are not on this machine, and aimock needs both"
NO_PACKAGE = f"skipped: npm could not install {PACKAGE}"
START_SECONDS = 10.0
PASSED = f"passed {CHAIN}"
TOOL = ("model", "tool", "model", PASSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a customer says, and the steps that the turn must have; `chaos` is aimock's own."""

    says: str
    steps: Sequence[str]
    chaos: Mapping[str, float] = field(default_factory=dict)
    key: str = KEY


ROWS = (
    Row(says="onde vocês ficam?", steps=TOOL),
    Row(says="oi, sou a Ana", steps=TOOL),
    Row(says="chama a outra ferramenta", steps=TOOL),
    Row(says="quanto fica?", steps=("model", f"veto {CHAIN}:amount", "model", PASSED)),
    Row(says="resposta cortada", steps=("fallback openai.cut_short",)),
    Row(says="resposta filtrada", steps=("fallback openai.filtered",)),
    Row(says="devagar", steps=("fallback openai.rate_limit",)),
    Row(says="sem saldo", steps=("fallback openai.quota",)),
    Row(says="conversa longa", steps=("fallback openai.context_too_long",)),
    Row(says="modelo nenhum", steps=("fallback openai.model_unknown",)),
    Row(says="fora do ar", steps=("fallback openai.5xx",)),
    Row(says="qualquer coisa", steps=("model", PASSED)),
    Row(says="qualquer coisa", steps=("fallback openai.auth",), key="sk-wrong"),
    Row(says="qualquer coisa", steps=("fallback openai.5xx",), chaos={"dropRate": 1}),
    Row(says="qualquer coisa", steps=("fallback openai.bad_output",), chaos={"malformedRate": 1}),
    Row(says="qualquer coisa", steps=("fallback openai.connection",), chaos={"disconnectRate": 1}),
    Row(says="qualquer coisa", steps=("fallback openai.rate_limit",), chaos={"rateLimitRate": 1}),
)


@dataclass(slots=True)
class Counting:
    """Counts the calls that leave for the judge with the right key."""

    inner: OpenAILLM
    calls: int = 0

    async def complete(self, prompt: Prompt) -> Completion:
        self.calls += 1
        return await self.inner.complete(prompt)


def install() -> str | None:
    """Why there is no judge; None when it is ready."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return NO_NODE
    FOLDER.mkdir(parents=True, exist_ok=True)
    options = ("--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts")
    done = subprocess.run(  # noqa: S603 - spelled out in this file
        [npm, "install", "--silent", *options, "--prefix", str(FOLDER), PACKAGE], check=False
    )
    return None if done.returncode == 0 and SERVER.exists() else NO_PACKAGE


@contextmanager
def running() -> Generator[str]:
    """The judge's address; it listens on this machine only."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        *("node", str(SERVER), "--port", str(port), "--host", "127.0.0.1"),
        *("--fixtures", str(HERE / "aimock.json")),
        *("--strict", "--validate-on-load", "--log-level", "warn"),
    ]
    settings = {"AIMOCK_API_KEYS": KEY, "AIMOCK_STRICT_TURN_INDEX": "1"}
    path = {"PATH": str(Path(shutil.which("node") or "").parent)}
    process = subprocess.Popen(command, env=settings | path)  # noqa: S603 - as above
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10.0)


async def until_ready(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(START_SECONDS):
        while True:
            try:
                await http.get("/health")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return


@asynccontextmanager
async def provider(url: str, key: str) -> AsyncGenerator[Counting]:
    client = build_client(key, f"{url}/v1", 1.0)
    llm = OpenAILLM(client, models=models_of("gpt-4.1-mini"), timeout=1.0, max_output_tokens=600)
    try:
        yield Counting(llm)
    finally:
        await llm.close()


async def steps_of(row: Row, llm: Counting) -> list[str]:
    journal = JournaledTurns()
    agent = Agent(
        llm=llm,
        turns=journal,
        playbooks={"loja": solar()},
        deadline_seconds=2.0,
        clock=SystemClock(),
        metrics=Metrics(),
    )
    await agent(1, turn(row.says), ())
    return [
        step.kind if step.kind in ("model", "tool") else f"{step.kind} {step.output}"
        for step in journal.written
    ]


async def is_kept(row: Row, url: str, http: httpx.AsyncClient) -> bool:
    """Whether the turn had its steps, and the judge saw each call once and no other."""
    (await http.delete("/__aimock/chaos")).raise_for_status()
    (await http.post("/__aimock/chaos", json=dict(row.chaos))).raise_for_status()
    before = await requests_seen(http)
    async with provider(url, row.key) as llm:
        steps = await steps_of(row, llm)
    expected = llm.calls if row.key == KEY else 0
    seen = await requests_seen(http) - before
    good = steps == list(row.steps) and seen == expected
    what = f"{row.says} {dict(row.chaos) or ''}"
    sys.stdout.write(f"{'ok    ' if good else 'FAILED'} {what:<42} {', '.join(steps)}\n")
    return good


async def requests_seen(http: httpx.AsyncClient) -> int:
    answer = await http.get("/__aimock/journal", params={"path": "/v1/chat/completions"})
    answer.raise_for_status()
    return int(answer.headers["x-total-count"])


async def judge(url: str) -> bool:
    bearer = {"authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(base_url=url, headers=bearer, trust_env=False) as http:
        await until_ready(http)
        return all([await is_kept(row, url, http) for row in ROWS])


def main() -> int:
    missing = install()
    if missing:
        sys.stdout.write(f"{missing}\n")
        return 0
    with running() as url:
        good = asyncio.run(judge(url))
    sys.stdout.write(f"{PACKAGE}: {'no failure' if good else 'FAILURES'} in {len(ROWS)} turns\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
