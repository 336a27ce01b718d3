"""What each answer of Evolution means for a send: every captured one, and the rest of section 7."""

import json
from typing import Any

import pytest

from orbion.adapters.channels.evolution_faults import classify
from orbion.adapters.guarded import judge
from orbion.domain.errors import (
    FaultCode,
    OrbionError,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)
from orbion.kit.guard import Outcome
from tests.unit.channels.captured import ANSWERS, exchange

SENDS = {
    "bail_sendMedia_url_404": (UnknownOutcomeError, FaultCode.WHATSAPP_SERVER),
    "bail_sendReaction_text": (RefusedError, FaultCode.WHATSAPP_REFUSED),
    "bail_sendText_empty": (RefusedError, FaultCode.WHATSAPP_REFUSED),
    "bail_sendText_mode_closed_cached_number": (
        UnavailableError,
        FaultCode.WHATSAPP_DISCONNECTED,
    ),
    "bail_sendText_mode_closed_new_number": (UnavailableError, FaultCode.WHATSAPP_DISCONNECTED),
    "bail_sendText_mode_timeout_cached_number": (
        UnknownOutcomeError,
        FaultCode.WHATSAPP_SERVER,
    ),
    "bail_sendText_mode_timeout_new_number": (UnknownOutcomeError, FaultCode.WHATSAPP_SERVER),
    "bail_sendText_never_connected": (UnavailableError, FaultCode.WHATSAPP_DISCONNECTED),
    "bail_sendText_no_network_0": (UnavailableError, FaultCode.WHATSAPP_DISCONNECTED),
    "bail_sendText_no_network_1": (UnavailableError, FaultCode.WHATSAPP_DISCONNECTED),
    "bail_sendText_no_network_2": (UnavailableError, FaultCode.WHATSAPP_DISCONNECTED),
    "bail_sendText_no_network_3": (UnavailableError, FaultCode.WHATSAPP_DISCONNECTED),
    "bail_sendText_not_exists": (RefusedError, FaultCode.WHATSAPP_NUMBER_INVALID),
    "bail_sendText_nul_char": (UnknownOutcomeError, FaultCode.WHATSAPP_UNKNOWN_OUTCOME),
    "bail_sendText_quoted_revoked": (UnknownOutcomeError, FaultCode.WHATSAPP_UNKNOWN_OUTCOME),
    "cross_instance_token": (UnavailableError, FaultCode.WHATSAPP_AUTH),
    "evo_404_route": (UnavailableError, FaultCode.WHATSAPP_INSTANCE_MISSING),
    "evo_sendAudio": (UnknownOutcomeError, FaultCode.WHATSAPP_SERVER),
    "evo_sendList": (RefusedError, FaultCode.WHATSAPP_REFUSED),
    "evo_sendLocation": (RefusedError, FaultCode.WHATSAPP_REFUSED),
    "evo_sendMedia_bad_media": (RefusedError, FaultCode.WHATSAPP_REFUSED),
    "evo_sendMedia_bad_type": (RefusedError, FaultCode.WHATSAPP_REFUSED),
    "evo_sendReaction": (RefusedError, FaultCode.WHATSAPP_REFUSED),
    "evo_sendText_401": (UnavailableError, FaultCode.WHATSAPP_AUTH),
    "evo_sendText_404": (UnavailableError, FaultCode.WHATSAPP_INSTANCE_MISSING),
    "evo_sendText_bad_json": (RefusedError, FaultCode.WHATSAPP_REFUSED),
    "evo_sendText_delay_string": (RefusedError, FaultCode.WHATSAPP_REFUSED),
    "evo_sendText_missing_number": (RefusedError, FaultCode.WHATSAPP_REFUSED),
    "evo_sendText_missing_text": (RefusedError, FaultCode.WHATSAPP_REFUSED),
    "evo_sendText_number_int": (RefusedError, FaultCode.WHATSAPP_REFUSED),
    "evo_sendText_v1_style": (RefusedError, FaultCode.WHATSAPP_REFUSED),
    "meta_sendText_empty": (UnknownOutcomeError, FaultCode.WHATSAPP_SERVER),
    "meta_sendText_graph_conn_reset": (UnknownOutcomeError, FaultCode.WHATSAPP_SERVER),
    "meta_sendText_graph_error": (RefusedError, FaultCode.WHATSAPP_REFUSED),
}


def answered(name: str) -> OrbionError:
    response = exchange(name)["response"]
    return classify(response["status"], json.dumps(response["body"]).encode())


def failed_sends() -> set[str]:
    found = set()
    for name in ANSWERS:
        whole = exchange(name)
        body = whole["response"].get("body")
        if "/message/" in whole["request"]["path"] and not (
            isinstance(body, dict) and "key" in body
        ):
            found.add(name)
    return found


def test_the_table_has_every_captured_send_that_was_not_an_accept() -> None:
    assert set(SENDS) == failed_sends()


@pytest.mark.parametrize("name", SENDS)
def test_a_captured_failure_means_what_the_contract_says(name: str) -> None:
    fault = answered(name)
    assert (type(fault), fault.code) == SENDS[name]


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


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("bail_sendText_not_exists", Outcome.success),
        ("bail_sendText_empty", Outcome.success),
        ("meta_sendText_graph_error", Outcome.success),
        ("bail_sendText_mode_closed_cached_number", Outcome.failure),
        ("bail_sendText_mode_closed_new_number", Outcome.failure),
        ("bail_sendText_never_connected", Outcome.failure),
        ("bail_sendText_mode_timeout_cached_number", Outcome.failure),
        ("meta_sendText_graph_conn_reset", Outcome.failure),
        ("bail_sendText_nul_char", Outcome.neutral),
        ("evo_sendText_401", Outcome.forbidden),
        ("evo_sendText_404", Outcome.forbidden),
    ],
)
def test_the_breaker_hears_what_the_contracts_last_column_says(name: str, outcome: Outcome) -> None:
    assert judge(answered(name)).outcome is outcome
