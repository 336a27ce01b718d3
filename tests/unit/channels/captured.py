"""The webhooks and answers captured from a real Evolution API, as the tests read them."""

import json
from pathlib import Path
from typing import Any

from orbion.adapters.channels.evolution_parse import parse_webhook
from orbion.domain.events import Event

FIXTURES = Path(__file__).parents[2] / "fixtures" / "evolution"
NOW = 1_795_170_000_000  # an hour after the capture, ms UTC
WEBHOOKS = sorted(path.stem for path in (FIXTURES / "webhooks").glob("*.json"))
ANSWERS = sorted(path.stem for path in (FIXTURES / "api").glob("*.json"))


def webhook(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((FIXTURES / "webhooks" / f"{name}.json").read_text())["body"]
    return body


def exchange(name: str) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads((FIXTURES / "api" / f"{name}.json").read_text())
    return whole


def upsert(message: Any, *, event: str = "messages.upsert", **data: Any) -> dict[str, Any]:
    """A small `messages.upsert` of instance "loja" around `message`."""
    key = {"remoteJid": "5511988887777@s.whatsapp.net", "fromMe": False, "id": "3A01"}
    return {
        "event": event,
        "instance": "loja",
        "data": {"key": key, "message": message, "messageTimestamp": NOW // 1000, **data},
    }


def parse(body: Any, instance: str = "loja") -> list[Event]:
    return parse_webhook(json.dumps(body).encode(), instance=instance, now=NOW)


def captured(name: str) -> Event:
    """Read a capture that tells one event."""
    body = webhook(name)
    (event,) = parse(body, body["instance"])
    return event
