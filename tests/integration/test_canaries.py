"""Keys, phones, names and texts that are planted everywhere are shown nowhere."""

import io
import json
import logging
import random
from collections.abc import Generator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from orbion.simulators.faults import EvolutionFaults, SendFault
from orbion.telemetry import logs
from tests.support.service import ADMIN, ADMIN_KEY, BEARER, GATEWAY_KEY, SECRET, settings_for, stage

PHONE, STRANGER = "5511987650001", "5511987650002"
TEXT, NAME = "canario-no-texto", "canario-no-nome"
BAD_KEY, QUERY = "canario-na-chave-errada-123", "canario-na-consulta"
METRICS_KEY = "canario-da-chave-de-metricas"
PLANTED = (PHONE, STRANGER, TEXT, NAME, BAD_KEY, QUERY, METRICS_KEY, SECRET, GATEWAY_KEY, ADMIN_KEY)
PATHS = ("/health", "/health/live", "/health/ready", "/health/detailed", "/metrics", "/api/metrics")
FUZZED = 300
MOST_SERIES = 2_000


@pytest.fixture
def written() -> Generator[io.StringIO]:
    """Every line of the service's log, without the help of knowing the secrets."""
    root, client = logging.getLogger(), logging.getLogger("httpx")
    before = root.level, client.level
    stream = io.StringIO()
    logs.configure(logging.INFO, stream)
    client.setLevel(logging.WARNING)  # the test's own client tells what it asks for
    yield stream
    root.handlers = [each for each in root.handlers if each.get_name() != "orbion-json"]
    root.setLevel(before[0])
    client.setLevel(before[1])


async def test_nothing_planted_is_shown_in_a_log_a_metric_or_a_health_body(
    tmp_path: Path, written: io.StringIO
) -> None:
    async with stage(settings_for(tmp_path, metrics_key=METRICS_KEY)) as on_stage:
        on_stage.gateway.faults = EvolutionFaults(send={SendFault.ERROR_400_BEFORE: 0.5})
        for number in range(5):
            on_stage.gateway.customer_says("loja", PHONE, f"{TEXT} {number}, meu nome é {NAME}")
        on_stage.gateway.customer_says("loja", STRANGER, f"sair {TEXT}")
        await on_stage.answers(2)
        body = json.dumps({"event": "messages.upsert", "data": {"key": TEXT}, "apikey": BAD_KEY})
        for content in (body, f"{{{TEXT}", f'"{PHONE}"'):
            await on_stage.post(content)
            await on_stage.post(content, authorization=f"Bearer {BAD_KEY}")
        await on_stage.web.get(
            f"http://orbion/admin/accounts?q={QUERY}", headers={"x-api-key": BAD_KEY}
        )
        await on_stage.web.get(f"http://orbion/{QUERY}/{PHONE}")
        shown = [
            (await on_stage.web.get(f"http://orbion{path}", headers=ADMIN)).text for path in PATHS
        ]
    shown.append(written.getvalue())
    assert all(len(text) > 20 for text in shown)
    for planted in PLANTED:
        assert [planted for text in shown if planted in text] == []


async def test_json_and_prometheus_tell_the_same_after_many_requests_and_stay_small(
    tmp_path: Path,
) -> None:
    dice = random.Random(4)
    async with stage(settings_for(tmp_path)) as on_stage:
        metrics = on_stage.service.metrics
        for number in range(FUZZED):
            phone, path = f"55{dice.randrange(10**11):011d}", f"{dice.getrandbits(64):x}"
            key = {"remoteJid": f"{phone}@s.whatsapp.net", "id": path, "fromMe": False}
            data = {"key": key, "message": {"conversation": path}, "messageTimestamp": number}
            body = json.dumps({"event": f"made.up.{path}", "instance": path, "data": data})
            await on_stage.post(body)
            url = f"http://orbion/webhooks/evolution/{path}"
            await on_stage.web.post(url, content=body, headers=BEARER)
            await on_stage.web.get(f"http://orbion/{path}")
        for number in range(10_000):
            call = ("chat", "openai", f"model-{number}")
            metrics.model_seconds.observe(0.1, *call, "")
            metrics.model_tokens.observe(5, *call, "input")
            metrics.llm_cost.inc(f"model-{number}")
        report = on_stage.service.state.report.render()
        text = metrics.render()[0].decode()
    told = {
        (each["sample"], tuple(sorted(each["labels"].items()))): each["value"]
        for samples in report["totals"].values()
        for each in samples
    }
    counters = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if family.type != "gauge" and "process" not in family.name
    }
    assert {key: told[key] for key in counters} == counters
    assert len(told) <= MOST_SERIES
