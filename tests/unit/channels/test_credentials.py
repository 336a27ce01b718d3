"""Who may post webhooks: every form of credential, rotation, the long leeway of a token."""

import base64
from typing import Any

import jwt
import pytest

from orbion.adapters.channels.credentials import WebhookCredentials
from orbion.domain.errors import FaultCode, RejectedError
from orbion.domain.events import WebhookRequest

NOW_S = 1_795_170_000
SECRET = "s" * 40
OLD = "o" * 40
CLAIMS = {"iat": NOW_S, "exp": NOW_S + 600, "app": "evolution", "action": "webhook"}


def credentials() -> WebhookCredentials:
    return WebhookCredentials([SECRET, OLD], now=lambda: NOW_S * 1000)


def request(tail: tuple[str, ...] = (), **headers: str) -> WebhookRequest:
    return WebhookRequest(
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        tail=tail,
        body=b"",
    )


def token(*, key: str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    return "Bearer " + jwt.encode({**CLAIMS, **changes}, key, algorithm=algorithm)


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"user:{password}".encode()).decode()


@pytest.mark.parametrize(
    "good",
    [
        request(authorization=f"Bearer {SECRET}"),
        request(authorization=f"bearer  {OLD}"),
        request(authorization=SECRET),
        request(apikey=SECRET),
        request(x_webhook_secret=OLD),
        request(authorization=basic(SECRET)),
        request(tail=(SECRET,)),
        request(tail=(OLD, "messages-upsert")),
        request(authorization=token()),
        request(authorization=token(key=OLD)),
        request(authorization=token(iat=NOW_S - 2399, exp=NOW_S - 1799)),
    ],
)
def test_every_form_of_a_configured_secret_is_accepted(good: WebhookRequest) -> None:
    credentials().verify(good)


@pytest.mark.parametrize(
    "bad",
    [
        request(),
        request(authorization=""),
        request(authorization="Bearer "),
        request(authorization=f"Bearer {SECRET}x"),
        request(authorization=f"Bearer {SECRET[:-1]}"),
        request(authorization="Bearer sécrêt"),
        request(authorization="Basic !!!"),
        request(authorization=basic("wrong")),
        request(tail=("messages-upsert", SECRET)),
        request(authorization=token(exp=NOW_S - 1801)),
        request(authorization=token(iat=NOW_S + 1801)),
        request(authorization=token(app="other")),
        request(authorization=token(action="login")),
        request(authorization=token(exp="soon")),
        request(authorization=token(key="x" * 40)),
        request(authorization=token(algorithm="HS512", key="s" * 64)),
        request(authorization="Bearer a.b.c"),
        request(authorization="Bearer " + jwt.encode(CLAIMS, "", algorithm="none")),
    ],
)
def test_anything_else_is_refused(bad: WebhookRequest) -> None:
    with pytest.raises(RejectedError) as refused:
        credentials().verify(bad)
    assert refused.value.code is FaultCode.AUTH_BAD


def test_an_account_without_secrets_accepts_nobody() -> None:
    with pytest.raises(RejectedError):
        WebhookCredentials([], now=lambda: 0).verify(request(authorization="Bearer "))


def test_an_empty_secret_is_a_mistake_in_the_configuration() -> None:
    with pytest.raises(ValueError, match="empty"):
        WebhookCredentials([SECRET, ""], now=lambda: 0)
