"""Starts the export of spans, whose SDK is an extra and imported only where it is wanted."""

import importlib
from random import Random

from orbion import __version__
from orbion.config import Settings
from orbion.domain.errors import FaultCode, RejectedError
from orbion.telemetry.logs import redactor


def export_spans(settings: Settings, secrets: tuple[str, ...], random: Random) -> None:
    """Raises `RejectedError` where an endpoint is set and the extra is not installed."""
    if settings.otlp_endpoint is None:
        return
    try:
        spans = importlib.import_module("orbion.telemetry.spans")
    except ModuleNotFoundError as error:
        raise RejectedError(
            FaultCode.INPUT_BAD, "ORBION_OTLP_ENDPOINT needs pip install 'orbion[otel]'"
        ) from error
    spans.export(
        str(settings.otlp_endpoint),
        version=__version__,
        random=random,
        redact=redactor(secrets),
    )
