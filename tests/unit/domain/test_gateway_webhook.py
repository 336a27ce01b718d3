"""What is wrong with a gateway's webhook is found, and no secret is shown."""

from dataclasses import replace
from typing import Any

import pytest

from orbion.domain.accounts import Verdict
from orbion.domain.events import WebhookRequest
from orbion.domain.gateway_webhook import (
    NEEDED,
    USEFUL,
    Target,
    Webhook,
    judge_webhook,
    webhook_path,
)

SECRET = "segredo-do-webhook-com-32-letras"
ADDRESS = "https://orbion.example/webhooks/evolution/loja"
GOOD = Webhook(
    url=ADDRESS,
    enabled=True,
    by_events=False,
    base64=False,
    events=NEEDED | USEFUL,
    headers={"authorization": f"Bearer {SECRET}"},
)


def accepts(request: WebhookRequest) -> bool:
    bearer = f"Bearer {SECRET}"
    return request.headers.get("authorization") == bearer or request.tail[:1] == (SECRET,)


def target(address: str | None = ADDRESS) -> Target:
    return Target(path=webhook_path("loja"), address=address, accepts=accepts)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"url": ADDRESS + "/"},
        {"url": "https://ORBION.example:443/webhooks/evolution/loja"},
        {"url": f"{ADDRESS}/{SECRET}", "headers": {}},
        {"events": GOOD.events | {"CALL"}},
    ],
)
def test_what_comes_to_us_and_is_let_in_is_well(changes: dict[str, Any]) -> None:
    found = judge_webhook(replace(GOOD, **changes), target(), fix="set it")
    assert (found.verdict, found.fix) == (Verdict.OK, "")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"url": ""}, "not set"),
        ({"enabled": False}, "switched off"),
        ({"url": "http://orbion.example/webhooks/evolution/loja"}, "another address"),
        ({"url": "https://orbion.example:8443/webhooks/evolution/loja"}, "another address"),
        ({"url": "https://outra.example/webhooks/evolution/loja"}, "another address"),
        ({"url": "https://orbion.example/webhooks/evolution/filial"}, "another address"),
        ({"url": "https://orbion.example/webhooks/evolution/loja2"}, "another address"),
        ({"url": "https://orbion.example:x/webhooks/evolution/loja"}, "another address"),
        ({"headers": {}}, "no credential"),
        ({"headers": {"authorization": "Bearer velho"}}, "no credential"),
        *[({"events": GOOD.events - {event}}, event) for event in sorted(NEEDED)],
    ],
)
def test_each_fault_is_named_with_its_fix(changes: dict[str, Any], says: str) -> None:
    found = judge_webhook(replace(GOOD, **changes), target(), fix="set it")
    assert (found.verdict, found.fix) == (Verdict.FAULT, "set it")
    assert says in found.found
    assert SECRET not in found.found


def test_a_webhook_that_was_never_set_is_a_fault() -> None:
    found = judge_webhook(None, target(), fix="set it")
    assert (found.verdict, found.found) == (Verdict.FAULT, "not set: no message arrives")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"by_events": True}, "byEvents"),
        ({"base64": True}, "base64"),
        ({"events": NEEDED}, "MESSAGES_DELETE, MESSAGES_EDITED"),
        ({"events": GOOD.events | {"CONTACTS_UPDATE"}}, "contacts"),
        ({"events": GOOD.events | {"PRESENCE_UPDATE"}}, "presence"),
        ({"events": GOOD.events | {"MESSAGES_SET"}}, "history"),
    ],
)
def test_what_only_disturbs_is_a_note(changes: dict[str, Any], says: str) -> None:
    found = judge_webhook(replace(GOOD, **changes), target(), fix="set it")
    assert found.verdict is Verdict.NOTE
    assert says in found.found


@pytest.mark.parametrize(
    ("where", "verdict"),
    [
        ("http://10.0.0.7:8080/webhooks/evolution/loja", Verdict.NOTE),
        ("https://proxy.example/orbion/webhooks/evolution/loja", Verdict.NOTE),
        ("https://orbion.example/webhooks/evolution/filial", Verdict.FAULT),
        ("https://outra.example/api/hook", Verdict.FAULT),
    ],
)
def test_without_a_public_address_only_the_path_is_compared(where: str, verdict: Verdict) -> None:
    found = judge_webhook(replace(GOOD, url=where), target(None), fix="set it")
    assert found.verdict is verdict
    assert target(None).wanted(SECRET) is None


def test_what_is_set_is_well() -> None:
    wanted = target().wanted(SECRET)
    assert wanted is not None
    assert judge_webhook(wanted, target(), fix="").verdict is Verdict.OK
    assert SECRET not in repr(wanted)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (ADDRESS, ADDRESS),
        (f"https://u:{SECRET}@orbion.example/webhooks/evolution/loja?k={SECRET}", ADDRESS),
        (f"{ADDRESS}/{SECRET}", f"{ADDRESS}/…"),
        ("http://outra.example:8080/hook", "http://outra.example:8080/hook"),
    ],
)
def test_an_address_is_shown_without_what_may_be_secret(given: str, shown: str) -> None:
    assert target().shown(given) == shown


def test_a_long_name_of_an_account_is_no_secret() -> None:
    long = "loja-do-centro-de-campinas"
    there = Target(path=webhook_path(long), address=None, accepts=accepts)
    given = f"https://orbion.example{webhook_path(long)}"
    assert there.shown(given) == given
