"""kill -9 in the middle of conversations: what was lost, doubled, mixed up, and for how long?"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import MappingProxyType

from orbion.adapters.http import build_client
from orbion.kit.clock import SystemClock
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Instance, Webhook
from orbion.simulators.evolution_webhooks import WebhookRules, post_with
from orbion.simulators.faults import EvolutionFaults, SendFault
from orbion.simulators.tcp import serve
from tests.crash.databases import Database, SqliteFile, postgres_alone
from tests.crash.process import Process, free_port
from tests.support.judge import Evidence, Judge, Recorder, Said, Witness
from tests.support.playbooks import solar_at_any_hour
from tests.support.tokens import token

SECRET = "segredo-do-webhook-com-32-letras"
KEY = "chave-do-gateway-123456"
SEND_TIMEOUT, GRACE = 1.5, 3.0
PATIENCE_MS = 4_000  # a little less than both together
DIRECT_MS = 1_000
SETTLE_MS = 500
LEAST_START_MS = 300  # from spawn to the first byte it could send; a third of the fastest seen
DRAIN_S = 120.0
MESSAGES = 3
LEASE = 3.0  # on PostgreSQL a killed process' lanes wait so long
FAULTS = EvolutionFaults(
    latency_ms=(2, 20),
    send=MappingProxyType(
        {
            SendFault.ERROR_500_BEFORE: 0.02,
            SendFault.ERROR_400_BEFORE: 0.02,
            SendFault.RESET_BEFORE: 0.02,
            SendFault.HANG_BEFORE: 0.005,
            SendFault.RATE_LIMITED: 0.01,
            SendFault.ERROR_500_AFTER: 0.02,
            SendFault.ERROR_400_AFTER: 0.02,
            SendFault.RESET_AFTER: 0.02,
            SendFault.HANG_AFTER: 0.005,
            SendFault.HANG_THEN_ACCEPT: 0.005,
            SendFault.TRUNCATED: 0.02,
            SendFault.HIDDEN: 0.01,
        }
    ),
    retry_after_s=1,
    late_accept_ms=(300, 2_000),
    unrecorded=0.1,
    unechoed=0.2,
    find_fails=0.1,
    echo_ms=(1, 300),
    duplicated=0.1,
    late=0.05,
    late_ms=(100, 3_000),
    jitter_ms=(0, 50),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`span` is the seconds over which the conversations begin.

    The first of the `replicas` takes the webhooks; all of them work, and any is killed.
    """

    conversations: int
    kills: int
    span: float
    seed: int = 1
    replicas: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Seconds, counts, and every broken promise as a sentence."""

    plan: Plan
    said: int
    acknowledged: int
    accepted: int
    duplicates: int
    unprovable: int
    starts: list[tuple[float, int]]
    claimed: list[int]
    drained: float | None
    violations: list[str]

    def __str__(self) -> str:
        def count(*names: str) -> int:
            return sum(each.startswith(names) for each in self.violations)

        plan = self.plan
        starts = ", ".join(f"{seconds:.2f} s ({waiting})" for seconds, waiting in self.starts)
        drained = "NOT drained" if self.drained is None else f"drained in {self.drained:.1f} s"
        counts = (
            f"lost {count('I1 ')}, sends accepted {self.accepted}, of them duplicates "
            f"{self.duplicates} (accepts that nobody could know of: {self.unprovable}; "
            f"avoidable {count('I2')})"
        )
        lines = [
            f"{plan.conversations} conversations, {self.said} messages, {plan.kills} kills",
            f"acknowledged {self.acknowledged}, {counts}",
            f"out of order {count('I3')}, leaked {count('I5')}, damage {count('I7')}",
            f"spawn → first 200 on /health/ready (waiting then): {starts}",
            f"{drained} after the last message; tasks claimed by each process: {self.claimed}",
            *self.violations[:20],
        ]
        return "\n".join(lines)


@dataclass(slots=True, kw_only=True)
class Drill:
    """Everything but the service lives in this process and survives."""

    plan: Plan
    folder: Path
    database: Database
    random: Random = field(init=False)
    clock: SystemClock = field(default_factory=SystemClock)
    evidence: Evidence = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(self.plan.seed)
        self.evidence = Evidence(patience=PATIENCE_MS, direct=DIRECT_MS, settle=SETTLE_MS)

    async def run(self) -> Report:
        ports = [free_port() for _ in range(self.plan.replicas)]
        client = build_client(connections=200)
        hook = Webhook(
            url=f"http://127.0.0.1:{ports[0]}/webhooks/evolution/loja",
            headers={"authorization": f"Bearer {SECRET}"},
        )
        witness = Witness(deliver=post_with(client), now=self.clock.now)
        gateway = EvolutionSimulator(
            [Instance(name="loja", token="token", webhook=hook)],
            api_key=KEY,
            random=Random(self.random.random()),
            now=self.clock.now,
            faults=FAULTS,
            deliver=witness,
            rules=WebhookRules(scale=0.1),
        )
        recorder = Recorder(app=gateway, now=self.clock.now)
        async with client, serve(recorder) as url:
            processes = [self._process(url, port) for port in ports]
            try:
                drained = await self._play(gateway, processes)
                for each in processes:
                    await each.count_claims()
            finally:
                for each in processes:
                    each.kill()
                gateway.close()
        self.evidence.posts, self.evidence.asked = witness.posts, recorder.asked
        self.evidence.journal, self.evidence.deliveries = gateway.journal, gateway.deliveries
        starts = [start for each in processes for start in each.starts]
        claimed = [each.claimed for each in processes]
        return await asyncio.to_thread(self._report, starts, claimed, drained)

    def _process(self, gateway: str, port: int) -> Process:
        return Process(
            folder=self.folder,
            settings=settings(self.folder, self.database.url, gateway, port),
            port=port,
            now=self.clock.now,
            waiting=self.database.waiting,
        )

    async def _play(
        self, gateway: EvolutionSimulator, processes: Sequence[Process]
    ) -> float | None:
        await asyncio.gather(*(each.start() for each in processes))
        async with asyncio.TaskGroup() as group:
            for number in range(self.plan.conversations):
                group.create_task(self._customer(gateway, number))
            group.create_task(self._kills(processes))
        gateway.faults = EvolutionFaults()
        return await self._drain(gateway)

    async def _customer(self, gateway: EvolutionSimulator, number: int) -> None:
        dice, phone = Random(self.random.random()), f"55119{number:08d}"
        await asyncio.sleep(dice.uniform(0, self.plan.span))
        for index in range(MESSAGES):
            word = token(number, index)
            key_id = gateway.customer_says("loja", phone, f"oi {word}")
            at = self.clock.now()
            said = Said(phone=phone, index=index, token=word, key_id=key_id, at=at)
            self.evidence.said.append(said)
            await asyncio.sleep(dice.choice((0.05, 0.5, 2.0)) * dice.random() * 2)

    async def _kills(self, processes: Sequence[Process]) -> None:
        for _ in range(self.plan.kills):
            await asyncio.sleep(self.random.uniform(0.3, 1.7) * self.plan.span / self.plan.kills)
            process = self.random.choice(processes)
            await process.count_claims()
            process.kill()
            died_at = self.clock.now()
            self.evidence.deaths.append(died_at)
            await process.start()
            # what a living replica sends meanwhile is not the dead one's
            born_at = process.born_at if len(processes) == 1 else died_at
            self.evidence.births.append(born_at + LEAST_START_MS)

    async def _drain(self, gateway: EvolutionSimulator) -> float | None:
        """Seconds until nothing waits any more; None when that takes too long."""
        started = time.monotonic()
        while time.monotonic() - started < DRAIN_S:
            pending = any(each.outcome == "pending" for each in gateway.deliveries)
            if not pending and await asyncio.to_thread(self.database.open_work) == 0:
                return time.monotonic() - started
            await asyncio.sleep(0.1)
        return None

    def _report(
        self, starts: list[tuple[float, int]], claimed: list[int], drained: float | None
    ) -> Report:
        judge = Judge(evidence=self.evidence)
        duplicates, unprovable = judge.duplicates()
        late = [] if drained is not None else [f"I4 not drained after {DRAIN_S} s"]
        return Report(
            plan=self.plan,
            said=len(self.evidence.said),
            acknowledged=sum(each.key_id in judge.acknowledged for each in self.evidence.said),
            accepted=len(self.evidence.journal),
            duplicates=duplicates,
            unprovable=unprovable,
            starts=starts,
            claimed=claimed,
            drained=drained,
            violations=[*late, *judge.violations(), *self.database.damage()],
        )


def settings(folder: Path, database: str, gateway: str, port: int) -> dict[str, str]:
    return {
        "port": str(port),
        "database_url": database,
        "sheets_folder": f"{folder}/leads",
        "account": "loja",
        "playbook": str(solar_at_any_hour(folder)),
        "business": "sol",
        "evolution_url": gateway,
        "evolution_instance": "loja",
        "evolution_api_key": KEY,
        "evolution_webhook_secret": SECRET,
        "log_level": "WARNING",
        "quiet_min": "0.1",
        "quiet_max": "0.4",
        "quiet_cap": "1.0",
        "typing_speed": "0",
        "send_timeout": str(SEND_TIMEOUT),
        "unknown_grace": str(GRACE),
        "breaker_open": "1.0",
        "lease": str(LEASE),
        "sends_per_second": "1000",
        "sends_per_minute": "60000",
        "sends_per_hour": "1000000",
        "turns_per_minute": "600",
        "disk_reserve": "0",
    }


async def _drilled(plan: Plan, folder: Path, database: str) -> tuple[Report, Iterable[str]]:
    async with AsyncExitStack() as stack:
        where: Database = SqliteFile(path=folder / "orbion.db")
        if database == "postgres":
            where = await stack.enter_async_context(postgres_alone())
        drill = Drill(plan=plan, folder=folder, database=where)
        return await drill.run(), drill.evidence.story()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=500)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--span", type=float, default=30.0, help="seconds of conversations")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--replicas", type=int, default=1, help="processes; PostgreSQL only")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    given = parser.parse_args()
    plan = Plan(
        conversations=given.conversations,
        kills=given.kills,
        span=given.span,
        seed=given.seed,
        replicas=given.replicas,
    )
    folder = Path(tempfile.mkdtemp(prefix="orbion-crash-"))
    report, story = asyncio.run(_drilled(plan, folder, given.database))
    sys.stdout.write(f"{report}\n")
    if not report.violations:
        shutil.rmtree(folder)
        return 0
    (folder / "story.txt").write_text("\n".join(story))
    sys.stdout.write(f"database, log and story of the run: {folder}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
