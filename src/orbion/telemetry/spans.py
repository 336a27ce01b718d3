"""Exports the canonical log lines as OpenTelemetry spans: webhook, turn, model calls, delivery."""

import logging
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from orbion.telemetry import logs

_FAILED: Final = "error.type"
_ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
    logs.WEBHOOK: {
        "channel": "orbion.channel",
        "account": "orbion.account",
        "outcome": "orbion.outcome",
    },
    logs.TURN: {
        "verdict": "orbion.verdict",
        "messages": "orbion.messages",
        "bubbles": "orbion.bubbles",
    },
    logs.MODEL: {
        "operation": "gen_ai.operation.name",
        "provider": "gen_ai.provider.name",
        "model": "gen_ai.request.model",
        "tokens_in": "gen_ai.usage.input_tokens",
        "tokens_out": "gen_ai.usage.output_tokens",
        "failure": _FAILED,
    },
    logs.DELIVERY: {"outcome": "orbion.outcome", "attempts": "orbion.attempts"},
}
"""By event, what of its line leaves the process: closed words and numbers, no text, no phone."""
_KINDS: Mapping[str, SpanKind] = {
    logs.WEBHOOK: SpanKind.SERVER,
    logs.MODEL: SpanKind.CLIENT,
    logs.DELIVERY: SpanKind.CLIENT,
}


class Spans(logging.Handler):
    """A line of a trace becomes a finished span under the turn's, and that under the webhook's.

    Their ids come from the trace id, so that processes and restarts agree on them.
    """

    def __init__(
        self,
        processor: SpanProcessor,
        *,
        resource: Resource,
        random: Random,
        redact: Callable[[str], str],
    ) -> None:
        super().__init__(logging.DEBUG)
        self._processor = processor
        self._resource = resource
        self._random = random
        self._redact = redact

    def emit(self, record: logging.LogRecord) -> None:
        event, fields = record.getMessage(), getattr(record, "fields", {})
        trace = fields.get("trace")
        if event in _ATTRIBUTES and trace:
            try:
                self._processor.on_end(self._span(event, fields, trace, record.created))
            except Exception:  # noqa: BLE001 - as logging's own handlers do
                self.handleError(record)

    def close(self) -> None:
        """Send what waits; told by logging at the end of the process."""
        self._processor.shutdown()
        super().close()

    def _span(
        self, event: str, fields: Mapping[str, Any], trace: str, ended: float
    ) -> ReadableSpan:
        given = {
            attribute: self._plain(fields[name])
            for name, attribute in _ATTRIBUTES[event].items()
            if fields.get(name) is not None
        }
        failed = bool(given.get(_FAILED))
        name = event if event != logs.MODEL else f"{fields['operation']} {fields['model']}"
        end = round(ended * 1e9)
        own, parent = self._ids(event, trace)
        return ReadableSpan(
            name=name,
            context=_context(trace, own),
            parent=None if parent is None else _context(trace, parent),
            resource=self._resource,
            attributes={key: value for key, value in given.items() if value != ""},
            kind=_KINDS.get(event, SpanKind.INTERNAL),
            status=Status(StatusCode.ERROR if failed else StatusCode.UNSET),
            start_time=end - round(fields.get("ms", 0) * 1e6),
            end_time=end,
        )

    def _ids(self, event: str, trace: str) -> tuple[int, int | None]:
        webhook, turn = int(trace[:16], 16) or 1, int(trace[16:], 16) or 1
        if event == logs.WEBHOOK:
            return webhook, None
        if event == logs.TURN:
            return turn, webhook
        return self._random.getrandbits(64) or 1, turn

    def _plain(self, value: object) -> str | int | float | bool:
        if isinstance(value, bool | int | float):
            return value
        return self._redact(str(value))


def export(
    endpoint: str, *, version: str, random: Random, redact: Callable[[str], str]
) -> logging.Handler:
    """Send spans to an OTLP/HTTP collector in batches, from a thread of the SDK's own."""
    resource = Resource.create({"service.name": "orbion", "service.version": version})
    url = f"{endpoint.rstrip('/')}/v1/traces"
    processor = BatchSpanProcessor(OTLPSpanExporter(endpoint=url))
    return logs.also(Spans(processor, resource=resource, random=random, redact=redact))


def _context(trace: str, span: int) -> SpanContext:
    sampled = TraceFlags(TraceFlags.SAMPLED)
    return SpanContext(int(trace, 16), span, is_remote=False, trace_flags=sampled)
