"""The webhooks captured from a real Evolution API 2.3.7, and a way to post them again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

FILE: Final = Path(__file__).with_name("captured.json")
_TIME: Final = "messageTimestamp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """`name` is that of the capture; the body is what Evolution posted."""

    name: str
    instance: str
    event: str
    body: bytes


def instances() -> list[str]:
    """The names of the instances that were captured, each once."""
    return list(dict.fromkeys(body["instance"] for body in _bodies().values()))


def captured(now: int) -> Iterator[Captured]:
    """All, as if the newest message had been written at `now` (ms UTC); the others stay older.

    What was said before Orbion served a number is not answered.
    """
    bodies = _bodies()
    newest = max(item[_TIME] for body in bodies.values() for item in _timed(body))
    for name, body in bodies.items():
        for item in _timed(body):
            item[_TIME] += now // 1000 - newest
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


def _timed(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The items of a webhook that say when they were written, in Unix seconds."""
    data = body["data"]
    items = data if isinstance(data, list) else [data]
    return [each for each in items if isinstance(each, dict) and type(each.get(_TIME)) is int]


def _bodies() -> dict[str, dict[str, Any]]:
    return msgspec.json.decode(FILE.read_bytes(), type=dict[str, dict[str, Any]])
