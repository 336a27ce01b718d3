"""Every row of the contract's section 7, and every captured answer to a send, end to end."""

import json
import re
from typing import Any

import pytest

from tests.support.sends import (
    BUILD,
    CAPTURED,
    NOT_CAPTURED,
    Observed,
    captured,
    document,
    invented,
)
from tests.unit.channels.captured import exchange

SENT = ("sent", "", "success")
MISTAKE = ("dead", "whatsapp.refused", "success")
NO_FILE = ("dead", "whatsapp.media", "success")
CLOSED = ("pending (retry)", "whatsapp.disconnected", "failure")
BAD_KEY = ("pending (a person must act)", "whatsapp.auth", "forbidden, open")
NO_INSTANCE = ("pending (a person must act)", "whatsapp.instance_missing", "forbidden, open")
AILING = ("unknown (look first)", "whatsapp.5xx", "failure")
DOUBT = ("unknown (look first)", "whatsapp.unknown_outcome", "neutral")
DATABASE_DOWN = ("pending (retry)", "whatsapp.5xx", "failure")
CUT_OFF = ("unknown (look first)", "whatsapp.unreachable", "failure")

NOT_ACCEPTED = {
    "bail_sendMedia_url_404": NO_FILE,
    "bail_sendReaction_text": MISTAKE,
    "bail_sendText_empty": MISTAKE,
    "bail_sendText_mode_closed_cached_number": CLOSED,
    "bail_sendText_mode_closed_new_number": CLOSED,
    "bail_sendText_mode_timeout_cached_number": AILING,
    "bail_sendText_mode_timeout_new_number": AILING,
    "bail_sendText_never_connected": (
        "pending (a person must act)",
        "whatsapp.disconnected",
        "failure",
    ),
    "bail_sendText_no_network_0": CLOSED,
    "bail_sendText_no_network_1": CLOSED,
    "bail_sendText_no_network_2": CLOSED,
    "bail_sendText_no_network_3": CLOSED,
    "bail_sendText_not_exists": ("dead", "whatsapp.number_invalid", "success"),
    "bail_sendText_nul_char": DOUBT,
    "cross_instance_token": BAD_KEY,
    "evo_404_route": NO_INSTANCE,
    "evo_sendAudio": NO_FILE,
    "evo_sendList": MISTAKE,
    "evo_sendLocation": MISTAKE,
    "evo_sendMedia_bad_media": MISTAKE,
    "evo_sendMedia_bad_type": MISTAKE,
    "evo_sendReaction": MISTAKE,
    "evo_sendText_401": BAD_KEY,
    "evo_sendText_404": NO_INSTANCE,
    "evo_sendText_bad_json": MISTAKE,
    "evo_sendText_delay_string": MISTAKE,
    "evo_sendText_missing_number": MISTAKE,
    "evo_sendText_missing_text": MISTAKE,
    "evo_sendText_number_int": MISTAKE,
    "evo_sendText_v1_style": MISTAKE,
    "meta_sendText_empty": AILING,
    "meta_sendText_graph_conn_reset": AILING,
    "meta_sendText_graph_error": MISTAKE,
}
INVENTED = {
    "no connection to the gateway": ("pending (retry)", "whatsapp.unreachable", "failure"),
    "no answer within the time-out": ("unknown (look first)", "whatsapp.unreachable", "timeout"),
    "the connection is reset": CUT_OFF,
    "the answer is cut off": CUT_OFF,
    "201 that is no JSON": DOUBT,
    "429": ("pending (retry)", "whatsapp.rate_limit", "overload"),
    "500 Can't reach database server": DATABASE_DOWN,
    "500 Invalid prisma": DATABASE_DOWN,
    "400 PrismaClientKnownRequestError": DOUBT,
    "502 of a proxy": AILING,
    "503 LICENSE_REQUIRED": (
        "pending (a person must act)",
        "whatsapp.unlicensed",
        "forbidden, open",
    ),
    "301": ("pending (a person must act)", "whatsapp.unreachable", "failure"),
    "413": MISTAKE,
    "500 AxiosError ECONNREFUSED (file)": ("pending (retry)", "whatsapp.media", "neutral"),
    "400 AxiosError (file)": DOUBT,
    "400 TypeError (reading 'undefined'), nothing quoted": DOUBT,
}
ACCEPTED = sorted(set(CAPTURED) - NOT_ACCEPTED.keys())


def outcome(observed: Observed) -> tuple[str, str, str]:
    return observed.outbox, observed.code, observed.breaker


def bodies(observed: Observed) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in observed.requests]


def test_the_tables_have_every_answer_and_no_other() -> None:
    assert len(CAPTURED) > 70
    assert NOT_ACCEPTED.keys() <= set(CAPTURED)
    assert INVENTED.keys() == NOT_CAPTURED.keys()


@pytest.mark.parametrize("name", ACCEPTED)
def test_an_answer_with_a_message_id_is_an_accept(name: str) -> None:
    body = exchange(name)["response"]["body"]
    assert "key" in body or name == "bail_sendText_quoted_revoked"
    assert outcome(captured(name)) == SENT


@pytest.mark.parametrize("name", NOT_ACCEPTED)
def test_a_captured_failure_means_what_the_contract_says(name: str) -> None:
    assert outcome(captured(name)) == NOT_ACCEPTED[name]


@pytest.mark.parametrize("name", INVENTED)
def test_a_failure_that_was_not_captured_is_judged_by_its_words(name: str) -> None:
    assert outcome(invented(name)) == INVENTED[name]


@pytest.mark.parametrize("name", ["bail_sendText_quoted_by_id", "bail_sendText_quoted_unknown"])
def test_a_quote_is_asked_for_by_id(name: str) -> None:
    (body,) = bodies(captured(name))
    assert body["quoted"] == exchange(name)["request"]["body"]["quoted"]


def test_a_quote_that_cannot_be_made_is_left_out_once() -> None:
    quoting, plain = bodies(captured("bail_sendText_quoted_revoked"))
    assert quoting.pop("quoted") == {"key": {"id": "3A000000000000000001"}}
    assert plain == quoting


@pytest.mark.parametrize("name", ["bail_sendText_nul_char", "meta_sendText_empty"])
def test_no_other_400_is_tried_again(name: str) -> None:
    assert len(captured(name).requests) == 1


def test_the_same_words_about_no_quote_are_not_tried_again() -> None:
    assert len(invented("400 TypeError (reading 'undefined'), nothing quoted").requests) == 1


OURS = {"encoding", "linkPreview", "delay", "quoted", "mentioned", "mentionsEveryOne"}


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in ACCEPTED
        if exchange(name)["request"]["path"].split("/")[2] in BUILD
        if "override" not in name
    ],
)
def test_what_evolution_accepted_is_what_we_ask(name: str) -> None:
    request = exchange(name)["request"]
    observed = captured(name)
    body = bodies(observed)[0]
    assert observed.requests[0].path.split("/")[2] == request["path"].split("/")[2]
    wanted = {key: value for key, value in request["body"].items() if key not in OURS}
    for card in wanted.get("contact", ()):  # WhatsApp writes the number its own way
        card["phoneNumber"] = re.sub(r"[ -]", "", card["phoneNumber"])
    assert {key: body.get(key) for key in wanted} == wanted
    assert body.get("delay", 0) == 0


def test_every_kind_but_a_reaction_proposes_its_id() -> None:
    for name in ("bail_sendText", "bail_sendMedia_url", "bail_sendAudio_url", "bail_sendContact"):
        (body,) = bodies(captured(name))
        assert body["messageId"].startswith("3EB0")
        assert len(body["messageId"]) == 22
    (reaction,) = bodies(captured("bail_sendReaction"))
    assert reaction.keys() == {"key", "reaction"}


def test_the_document_has_a_row_for_each_answer() -> None:
    text = document()
    assert all(f"`{name}`" in text for name in CAPTURED)
    assert all(name in text for name in NOT_CAPTURED)
