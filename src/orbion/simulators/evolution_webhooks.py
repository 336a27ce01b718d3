"""Posts webhooks as Evolution does, with its credentials and its retry rules."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

import httpx
import jwt
import msgspec

from orbion.simulators.background import Background
from orbion.simulators.evolution_shapes import envelope
from orbion.simulators.evolution_store import Instance, Webhook
from orbion.simulators.faults import Chaos

Deliver: TypeAlias = Callable[[str, Mapping[str, str], bytes], Awaitable[int]]
"""Posts (url, headers, body) and returns the final status; any exception is a failed attempt."""

Outcome = Literal["pending", "delivered", "dropped", "exhausted", "lost"]

DROPPED_FOR_EVER: Final = frozenset({400, 401, 403, 404, 422})
SUCCESS: Final = range(200, 300)
TOKEN_LIFE_S: Final = 600
AXIOS: Final = (
    ("Accept", "application/json, text/plain, */*"),
    ("Content-Type", "application/json"),
    ("User-Agent", "axios/1.13.2"),
    ("Accept-Encoding", "gzip, compress, deflate, br"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRules:
    """Evolution's defaults, in seconds; `scale` shrinks the pauses between attempts."""

    attempts: int = 10
    first_pause: float = 5.0
    longest_pause: float = 300.0
    jitter: float = 0.2
    timeout: float = 30.0
    scale: float = 1.0

    def pause(self, attempt: int, spread: float) -> float:
        """Seconds after failed attempt number `attempt` (from 1); spread is in -1..1."""
        planned: float = min(self.first_pause * 2 ** (attempt - 1), self.longest_pause)
        return max(planned * (1 + self.jitter * spread), self.first_pause) * self.scale


EVOLUTION_RULES: Final = WebhookRules()


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One webhook on its way; `answers` holds the status of each attempt, None for no answer."""

    event: str
    instance: str
    key_id: str | None
    url: str
    headers: Mapping[str, str]
    body: bytes
    due_at: int
    answers: list[int | None] = field(default_factory=list)
    outcome: Outcome = "pending"

    @property
    def attempts(self) -> int:
        return len(self.answers)


@dataclass(slots=True, kw_only=True)
class WebhookSender:
    """Schedules deliveries as data, so they outlive an abandoned event loop (`resume`)."""

    deliver: Deliver
    now: Callable[[], int]
    chaos: Chaos
    rules: WebhookRules
    background: Background
    changed: Callable[[], None]
    deliveries: list[Delivery] = field(default_factory=list)

    def emit(
        self,
        instance: Instance,
        event: str,
        data: Any,
        *,
        key_id: str | None = None,
        after_ms: int = 0,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        """Schedule the event `after_ms` from now, if the instance subscribes to it."""
        webhook = instance.webhook
        if webhook is None or not webhook.wants(event):
            return
        due_at = self.now() + after_ms + self.chaos.webhook_delay_ms()
        body = envelope(instance, event, data, url=webhook.url, now=self.now()) | dict(extra or {})
        copies = [due_at]
        if self.chaos.happens(self.chaos.faults.duplicated):
            copies.append(due_at + self.chaos.within(self.chaos.faults.late_ms))
        for moment in copies:
            self._schedule(
                Delivery(
                    event=event,
                    instance=instance.name,
                    key_id=key_id,
                    url=address(webhook, event),
                    headers=credentials(webhook, at_s=moment // 1000),
                    body=msgspec.json.encode(body),
                    due_at=moment,
                )
            )

    def resume(self) -> None:
        """Go on with all pending deliveries in the event loop that runs now."""
        for delivery in self.deliveries:
            if delivery.outcome == "pending":
                self.background.start(self._run(delivery))

    def lose_pending(self) -> None:
        """Evolution restarted: its retries lived in memory."""
        for delivery in self.deliveries:
            if delivery.outcome == "pending":
                delivery.outcome = "lost"

    def _schedule(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)
        self.background.start(self._run(delivery))

    async def _run(self, delivery: Delivery) -> None:
        while delivery.outcome == "pending":
            await asyncio.sleep(max(0, delivery.due_at - self.now()) / 1000)
            if delivery.outcome == "pending":
                self._settle(delivery, await self._attempt(delivery))
                self.changed()

    async def _attempt(self, delivery: Delivery) -> int | None:
        try:
            async with asyncio.timeout(self.rules.timeout):
                return await self.deliver(delivery.url, delivery.headers, delivery.body)
        except Exception:  # noqa: BLE001 whatever the transport raises, Evolution sees no answer
            return None

    def _settle(self, delivery: Delivery, status: int | None) -> None:
        delivery.answers.append(status)
        if status in SUCCESS:
            delivery.outcome = "delivered"
        elif status in DROPPED_FOR_EVER:
            delivery.outcome = "dropped"
        elif delivery.attempts >= self.rules.attempts:
            delivery.outcome = "exhausted"
        else:
            pause = self.rules.pause(delivery.attempts, self.chaos.random.uniform(-1, 1))
            delivery.due_at = self.now() + round(pause * 1000)


def address(webhook: Webhook, event: str) -> str:
    if not webhook.by_events:
        return webhook.url
    return webhook.url + "/" + event.replace(".", "-").replace("_", "-")


def credentials(webhook: Webhook, *, at_s: int) -> dict[str, str]:
    """Headers of an event; a token is made once and reused on every retry, even when expired."""
    headers = dict(AXIOS) | webhook.headers
    secret = headers.pop("jwt_key", None)
    if secret is not None:
        claims = {"iat": at_s, "exp": at_s + TOKEN_LIFE_S, "app": "evolution", "action": "webhook"}
        headers["Authorization"] = f"Bearer {jwt.encode(claims, secret, algorithm='HS256')}"
    return headers


def post_with(client: httpx.AsyncClient) -> Deliver:
    """Deliver through the client, following redirects as axios does (a 301 becomes a GET)."""

    async def deliver(url: str, headers: Mapping[str, str], body: bytes) -> int:
        sent = await client.post(url, headers=headers, content=body, follow_redirects=True)
        return sent.status_code

    return deliver
