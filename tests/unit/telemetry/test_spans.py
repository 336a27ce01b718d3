"""The lines of one trace become spans that hang together, with closed words and numbers only."""

import logging
from collections.abc import Generator, Mapping
from random import Random
from typing import Any

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from orbion.telemetry import logs
from orbion.telemetry.spans import Spans

TRACE = "0af7651916cd43dd8448eb211c80319c"
PHONE = "5511900000042"
CALL: Mapping[str, Any] = {"operation": "chat", "provider": "openai", "model": "gpt-4.1-mini"}


class Broken(SpanProcessor):
    def on_end(self, span: ReadableSpan) -> None:
        raise OSError(span.name)


@pytest.fixture
def spans() -> Generator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    with exported_by(SimpleSpanProcessor(exporter)):
        yield exporter


class exported_by:  # noqa: N801 reads as what it is for
    """Shows the lines to a processor inside its block."""

    def __init__(self, processor: SpanProcessor) -> None:
        self._handler = Spans(
            processor, resource=Resource({}), random=Random(1), redact=logs.redactor(())
        )
        self._level = logging.getLogger("orbion").level

    def __enter__(self) -> None:
        logs.also(self._handler)

    def __exit__(self, *_: object) -> None:
        logger = logging.getLogger("orbion")
        logger.removeHandler(self._handler)
        logger.setLevel(self._level)
        self._handler.close()


def told(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exporter.get_finished_spans()}


def test_a_turn_stands_under_its_webhook_and_what_it_did_under_the_turn(
    spans: InMemorySpanExporter,
) -> None:
    logs.log(logs.WEBHOOK, channel="evolution", account="loja", outcome="stored", trace=TRACE, ms=3)
    logs.log(
        logs.MODEL, logging.DEBUG, **CALL, tokens_in=900, tokens_out=40, failure="", trace=TRACE
    )
    logs.log(logs.TURN, verdict="answered", messages=1, bubbles=2, trace=TRACE, ms=800)
    logs.log(logs.DELIVERY, outcome="sent", attempts=1, trace=TRACE, ms=1200)
    found = told(spans)
    assert {f"{span.context.trace_id:032x}" for span in found.values()} == {TRACE}
    webhook, turn = found["webhook"], found["turn"]
    assert (webhook.parent, webhook.kind) == (None, SpanKind.SERVER)
    assert turn.parent is not None
    assert turn.parent.span_id == webhook.context.span_id
    for name in ("chat gpt-4.1-mini", "delivery"):
        parent = found[name].parent
        assert parent is not None
        assert parent.span_id == turn.context.span_id
        assert found[name].kind is SpanKind.CLIENT
    assert turn.end_time is not None
    assert turn.start_time is not None
    assert turn.end_time - turn.start_time == 800_000_000


def test_a_model_call_has_the_names_of_the_genai_conventions(spans: InMemorySpanExporter) -> None:
    logs.log(
        logs.MODEL, logging.DEBUG, **CALL, tokens_in=900, tokens_out=40, failure="", trace=TRACE
    )
    span = told(spans)["chat gpt-4.1-mini"]
    assert dict(span.attributes or {}) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4.1-mini",
        "gen_ai.usage.input_tokens": 900,
        "gen_ai.usage.output_tokens": 40,
    }
    assert span.status.status_code is StatusCode.UNSET


def test_a_failed_call_is_an_error_of_its_type(spans: InMemorySpanExporter) -> None:
    logs.log(logs.MODEL, logging.DEBUG, **CALL, failure="openai.timeout", trace=TRACE)
    span = told(spans)["chat gpt-4.1-mini"]
    assert (span.attributes or {})["error.type"] == "openai.timeout"
    assert span.status.status_code is StatusCode.ERROR


def test_nothing_else_leaves_and_no_phone(spans: InMemorySpanExporter) -> None:
    logs.log(logs.UPKEEP, trace=TRACE)
    logs.log(logs.DELIVERY, outcome="sent")
    logs.log(logs.WEBHOOK, account=PHONE, text="oi", events=["x"], trace=TRACE)
    (span,) = spans.get_finished_spans()
    assert dict(span.attributes or {}) == {"orbion.account": "5511*******42"}


def test_an_exporter_that_fails_does_not_stop_the_work(capsys: pytest.CaptureFixture[str]) -> None:
    with exported_by(Broken()):
        logs.log(logs.TURN, trace=TRACE)
    assert "OSError: turn" in capsys.readouterr().err
