"""The webhooks captured from a real Evolution API 2.3.7, and a way to post them again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

FILE: Final = Path(__file__).with_name("captured.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """`name` is that of the capture; the body is what Evolution posted."""

    name: str
    instance: str
    event: str
    body: bytes


def captured() -> Iterator[Captured]:
    for name, body in _bodies().items():
        yield Captured(
            name=name,
            instance=body["instance"],
            event=body["event"],
            body=msgspec.json.encode(body),
        )


async def post(
    client: httpx.AsyncClient, url: str, each: Captured, headers: Mapping[str, str]
) -> int:
    """Post one to the webhook of its instance, with our credential; returns the status."""
    sent = await client.post(
        f"{url}/webhooks/evolution/{each.instance}",
        content=each.body,
        headers={"content-type": "application/json"} | dict(headers),
    )
    return sent.status_code


def _bodies() -> dict[str, dict[str, Any]]:
    return msgspec.json.decode(FILE.read_bytes(), type=dict[str, dict[str, Any]])
