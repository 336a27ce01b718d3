"""What a gateway's webhook must be set to, and what is wrong with the one that is set."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

from orbion.domain.accounts import AccountCheck, Finding, Verdict
from orbion.domain.events import WebhookRequest

NEEDED: Final = frozenset(
    {
        "MESSAGES_UPSERT",
        "MESSAGES_UPDATE",
        "SEND_MESSAGE",
        "CONNECTION_UPDATE",
        "QRCODE_UPDATED",
        "STATUS_INSTANCE",
        "LOGOUT_INSTANCE",
    }
)
USEFUL: Final = frozenset({"MESSAGES_DELETE", "MESSAGES_EDITED"})
_SECRET_FROM: Final = 16
_NOISE: Final = ("CONTACTS_", "CHATS_", "PRESENCE_", "MESSAGES_SET")
"""Beginnings of what only races the messages (contracts/evolution section 2)."""
_PORTS: Mapping[str, int] = {"http": 80, "https": 443}


def webhook_path(account: str) -> str:
    """Where this service takes an Evolution account's webhooks."""
    return f"/webhooks/evolution/{quote(account, safe='')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """The webhook of an instance; `events` have the names under which one subscribes.

    `headers` are what each POST will carry to prove itself, names in lower case; they and the
    address may hold secrets.
    """

    url: str = field(repr=False)
    enabled: bool
    by_events: bool
    base64: bool
    events: frozenset[str]
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where an account's webhooks must go.

    `path` is ours; `address` the whole public one, None when nobody told it. `accepts` says
    whether a request with these headers and this tail would be let in.
    """

    path: str
    address: str | None
    accepts: Callable[[WebhookRequest], bool]

    def wanted(self, secret: str) -> Webhook | None:
        """What to set; None without a public address."""
        if self.address is None:
            return None
        return Webhook(
            url=self.address,
            enabled=True,
            by_events=False,
            base64=False,
            events=NEEDED | USEFUL,
            headers={"authorization": f"Bearer {secret}"},
        )

    def shown(self, url: str) -> str:
        """An address without what may be secret: user, query, long strange parts of its path."""
        scheme, host, port = _host(urlsplit(url))
        ours = _segments(self.path)
        parts = _segments(urlsplit(url).path)
        path = [each if each in ours or len(each) < _SECRET_FROM else "…" for each in parts]
        default = "" if port == _PORTS.get(scheme) else f":{port}"
        return f"{scheme}://{host}{default}/{'/'.join(path)}"


@dataclass(frozen=True, slots=True)
class _Flaw:
    text: str
    verdict: Verdict = Verdict.FAULT


def judge_webhook(found: Webhook | None, target: Target, *, fix: str) -> Finding:
    """Compare what is set with what must be; the worst flaw decides the verdict."""
    flaws = list(_flaws(found, target))
    verdict = next((v for v in (Verdict.FAULT, Verdict.NOTE) if _has(flaws, v)), Verdict.OK)
    return Finding(
        check=AccountCheck.WEBHOOK,
        verdict=verdict,
        found="; ".join(flaw.text for flaw in flaws) or "set to this service, credential accepted",
        fix="" if verdict is Verdict.OK else fix,
    )


def _has(flaws: list[_Flaw], verdict: Verdict) -> bool:
    return any(flaw.verdict is verdict for flaw in flaws)


def _flaws(found: Webhook | None, target: Target) -> Iterator[_Flaw]:
    if found is None or not found.url:
        yield _Flaw("not set: no message arrives")
        return
    if not found.enabled:
        yield _Flaw("switched off")
    yield from _place(found, target)
    missing = NEEDED - found.events
    if missing:
        yield _Flaw(f"events missing: {', '.join(sorted(missing))}")
    if found.base64:
        yield _Flaw("base64 is on: media delay every other event", Verdict.NOTE)
    if found.by_events:
        yield _Flaw("byEvents is on", Verdict.NOTE)
    if USEFUL - found.events:
        yield _Flaw(f"without {', '.join(sorted(USEFUL - found.events))}", Verdict.NOTE)
    if any(event.startswith(_NOISE) for event in found.events):
        yield _Flaw("subscribes to contacts, chats, presence or history", Verdict.NOTE)


def _place(found: Webhook, target: Target) -> Iterator[_Flaw]:
    """Look whether it comes to us, and whether we would let it in."""
    tail = _tail(urlsplit(found.url), target)
    if tail is None:
        yield _Flaw("set to another address")
        return
    if target.address is None:
        yield _Flaw("its host is not compared: ORBION_PUBLIC_URL is not set", Verdict.NOTE)
    if not target.accepts(WebhookRequest(headers=found.headers, tail=tail, body=b"")):
        yield _Flaw("carries no credential that this service accepts")


def _tail(set_to: SplitResult, target: Target) -> tuple[str, ...] | None:
    """The path segments behind ours; None when it goes elsewhere."""
    parts = _segments(set_to.path)
    if target.address is None:
        ours = _segments(target.path)
        starts = [n for n in range(len(parts)) if parts[n : n + len(ours)] == ours]
        return parts[starts[0] + len(ours) :] if starts else None
    wanted = urlsplit(target.address)
    ours = _segments(wanted.path)
    if _host(set_to) != _host(wanted) or parts[: len(ours)] != ours:
        return None
    return parts[len(ours) :]


def _host(url: SplitResult) -> tuple[str, str | None, int | None]:
    try:
        port = url.port
    except ValueError:
        return "", None, None
    return url.scheme, url.hostname, port or _PORTS.get(url.scheme)


def _segments(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part)
