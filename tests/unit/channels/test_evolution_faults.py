"""Whatever an answer holds, it can be judged; the table is in test_evolution_answers."""

import json
from typing import Any

import pytest

from orbion.adapters.channels.evolution_faults import classify
from orbion.domain.errors import (
    FaultCode,
    OrbionError,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)
from tests.unit.channels.captured import ANSWERS, exchange


def answered(name: str) -> OrbionError:
    response = exchange(name)["response"]
    return classify(response["status"], json.dumps(response["body"]).encode())


@pytest.mark.parametrize("name", ANSWERS)
def test_every_captured_answer_can_be_classified(name: str) -> None:
    assert isinstance(answered(name), OrbionError)


LICENCE = {"error": "service not activated", "code": "LICENSE_REQUIRED", "message": "…"}


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (503, LICENCE, UnavailableError, FaultCode.WHATSAPP_UNLICENSED),
        (429, {"x": 1}, UnavailableError, FaultCode.WHATSAPP_RATE_LIMIT),
        (301, "", UnavailableError, FaultCode.WHATSAPP_UNREACHABLE),
        (
            500,
            {"response": {"message": "Can't reach database server at `db`"}},
            UnavailableError,
            FaultCode.WHATSAPP_SERVER,
        ),
        (
            400,
            {"response": {"message": ["PrismaError: Can't reach database server"]}},
            UnknownOutcomeError,
            FaultCode.WHATSAPP_UNKNOWN_OUTCOME,
        ),
        (502, "<html>bad gateway</html>", UnknownOutcomeError, FaultCode.WHATSAPP_SERVER),
        (413, "too big", RefusedError, FaultCode.WHATSAPP_REFUSED),
        (200, {}, UnknownOutcomeError, FaultCode.WHATSAPP_UNKNOWN_OUTCOME),
        (201, "half an ans", UnknownOutcomeError, FaultCode.WHATSAPP_UNKNOWN_OUTCOME),
    ],
)
def test_answers_that_were_not_captured_are_judged_by_their_words(
    status: int, body: Any, kind: type[OrbionError], code: FaultCode
) -> None:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    fault = classify(status, raw)
    assert (type(fault), fault.code) == (kind, code)


def test_a_rate_limit_waits_as_long_as_it_was_told() -> None:
    told, untold = classify(429, b"{}", wait=17.0), classify(429, b"{}")
    assert isinstance(told, UnavailableError)
    assert isinstance(untold, UnavailableError)
    assert (told.retry_after, untold.retry_after) == (17.0, 5.0)
