"""A real Prometheus and Alertmanager on free local ports, and the one whom they tell."""

import asyncio
import json
import subprocess
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import yaml
from starlette.types import Receive, Scope, Send

from orbion.simulators.asgi import Answer, read_request, respond
from orbion.simulators.tcp import serve
from tests.crash.process import free_port
from tests.support.alerts import RULES, program, shortened
from tests.support.source import ROOT

ALERTMANAGER: Final = ROOT / "docker" / "alertmanager" / "alertmanager.yml"
START_S: Final = 20.0


@dataclass(slots=True)
class Pager:
    """Raw ASGI: keeps which alerts were told, and by which of the three receivers."""

    told: set[tuple[str, str, str]] = field(default_factory=set)
    ended: set[tuple[str, str]] = field(default_factory=set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await read_request(scope, receive)
        for alert in json.loads(request.body)["alerts"]:
            labels = alert["labels"]
            who = (labels.get("instance", ""), labels["alertname"])
            if alert["status"] == "firing":
                self.told.add((*who, request.path.strip("/")))
            else:
                self.ended.add(who)
        await respond(Answer(body={}), scope, receive, send)

    def alerts_of(self, instance: str) -> set[str]:
        return {name for where, name, _ in self.told if where == instance}


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitoring:
    """`api` is Prometheus' HTTP interface."""

    api: httpx.AsyncClient
    pager: Pager

    async def query(self, expr: str) -> Sequence[Mapping[str, Any]]:
        """The present value of an expression; raises AssertionError when it is not one."""
        answer = (await self.api.post("/api/v1/query", data={"query": expr})).json()
        assert answer["status"] == "success", f"{expr}: {answer}"
        found: Sequence[Mapping[str, Any]] = answer["data"]["result"]
        return found

    async def exemplars(self, expr: str) -> Sequence[Mapping[str, Any]]:
        given = {"query": expr, "start": "0", "end": "4102444800"}
        answer = (await self.api.get("/api/v1/query_exemplars", params=given)).json()
        return [each for series in answer["data"] for each in series["exemplars"]]


@asynccontextmanager
async def monitoring(targets: Mapping[str, str], folder: Path) -> AsyncGenerator[Monitoring]:
    """Scrape each `host:port` of `targets` every second, under its name as the instance."""
    prometheus = program("prometheus")
    alertmanager = program("prometheus-alertmanager", "alertmanager")
    pager = Pager()
    ports = free_port(), free_port()
    async with serve(pager) as sink:
        config = folder / "alertmanager.yml"
        config.write_text(yaml.safe_dump(alertmanager_config(sink)))
        (folder / "prometheus.yml").write_text(
            yaml.safe_dump(_prometheus_config(targets, folder, alertmanager_port=ports[0]))
        )
        commands = (
            (
                alertmanager,
                f"--config.file={config}",
                f"--storage.path={folder / 'alertmanager'}",
                f"--web.listen-address=127.0.0.1:{ports[0]}",
                "--cluster.listen-address=",
            ),
            (
                prometheus,
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'prometheus'}",
                f"--web.listen-address=127.0.0.1:{ports[1]}",
                "--enable-feature=exemplar-storage",
                "--rules.alert.resend-delay=1s",
            ),
        )
        with (folder / "monitoring.log").open("wb") as log:
            children = [
                subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603, ASYNC220
                for command in commands
            ]
            try:
                async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{ports[1]}") as api:
                    await _is_ready(api, folder)
                    yield Monitoring(api=api, pager=pager)
            finally:
                for child in children:
                    child.terminate()
                for child in children:
                    child.wait(timeout=10)


def alertmanager_config(sink: str) -> Mapping[str, Any]:
    """The shipped routes and inhibitions; only addresses and waits are the test's own."""
    config: dict[str, Any] = yaml.safe_load(ALERTMANAGER.read_text())
    quick = {"group_wait": "0s", "group_interval": "1s"}
    for route in (config["route"], *config["route"]["routes"]):
        route.update(quick)
    for receiver in config["receivers"]:
        (webhook,) = receiver["webhook_configs"]
        del webhook["url_file"]
        webhook["url"] = f"{sink}/{receiver['name']}"
    return config


def _prometheus_config(
    targets: Mapping[str, str], folder: Path, *, alertmanager_port: int
) -> Mapping[str, Any]:
    rules = folder / "rules"
    rules.mkdir()
    for path in RULES:
        (rules / path.name).write_text(shortened(path.read_text()))
    scraped = [{"targets": [at], "labels": {"instance": name}} for name, at in targets.items()]
    told = [{"targets": [f"127.0.0.1:{alertmanager_port}"]}]
    return {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s", "scrape_timeout": "1s"},
        "rule_files": [f"{rules}/*.yml"],
        "alerting": {"alertmanagers": [{"static_configs": told}]},
        "scrape_configs": [{"job_name": "orbion", "static_configs": scraped}],
    }


async def _is_ready(api: httpx.AsyncClient, folder: Path) -> None:
    try:
        async with asyncio.timeout(START_S):
            while True:
                try:
                    if (await api.get("/-/ready")).is_success:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise RuntimeError((folder / "monitoring.log").read_text()[-2000:]) from None
