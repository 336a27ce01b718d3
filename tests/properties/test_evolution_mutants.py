"""Real webhooks, spoilt at random places, never raise, never hurt a sibling, and can be stored."""

import copy
import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orbion.adapters.channels.evolution_parse import parse_webhook
from orbion.domain.events import Event, EventQuarantined, MessageReceived
from tests.support.stores import HandClock, Template, make_store, sqlite_database
from tests.unit.channels.captured import NOW, WEBHOOKS, upsert, webhook

BODIES = {name: webhook(name) for name in WEBHOOKS}
UPSERTS = tuple(name for name in WEBHOOKS if name.endswith("messages.upsert"))
GOOD = upsert({"conversation": "a irmã"})["data"]
ODD: tuple[Any, ...] = (
    None,
    True,
    [],
    {},
    "",
    "\0",
    "oi\0\ud83d",
    "@",
    "9" * 400,
    [[[]]],
    {"0": 171, "1": 205},
    {"low": -1, "high": -1, "unsigned": True},
    {"low": "1", "high": None},
    {"message": {"message": {}}},
    "true",
    -1,
    2**53,
    2**64,
    10**400,
    1e308,
    float("inf"),
)
Path_ = tuple[str | int, ...]


def places(value: Any, at: Path_ = ()) -> Iterator[Path_]:
    """Yield where each value stands, the envelope's own name and instance apart."""
    if at and at not in {("event",), ("instance",)}:
        yield at
    for key, child in children(value):
        yield from places(child, (*at, key))


def children(value: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(value, dict):
        is_bytes = "0" in value  # one place for all of them, or the draw would see little else
        return () if is_bytes else value.items()
    return enumerate(value) if isinstance(value, list) else ()


PLACES = {name: tuple(places(body)) for name, body in BODIES.items()}


def holder_of(document: Any, at: Path_) -> Any:
    """Find what holds the place; None if another change took it away."""
    holder = document
    for key in at[:-1]:
        try:
            holder = holder[key]
        except (KeyError, IndexError, TypeError):
            return None
    known = isinstance(holder, list) and at[-1] in range(len(holder))
    return holder if known or (isinstance(holder, dict) and at[-1] in holder) else None


@st.composite
def mutants(draw: st.DrawFn, names: tuple[str, ...] = tuple(WEBHOOKS)) -> dict[str, Any]:
    """Take one capture with one to four values replaced, removed or wrapped."""
    name = draw(st.sampled_from(names))
    body = copy.deepcopy(BODIES[name])
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.sampled_from(PLACES[name]))
        holder, key = holder_of(body, at), at[-1]
        how = draw(st.sampled_from(["replace", "replace", "remove", "wrap"]))
        if holder is None:
            continue
        if how == "remove":
            holder.pop(key)
        else:
            holder[key] = [holder[key]] if how == "wrap" else draw(st.sampled_from(ODD))
    return body


def read(body: dict[str, Any]) -> list[Event]:
    """As JavaScript would write it: half an emoji is an escape, infinity a number too large."""
    raw = json.dumps(body).replace("Infinity", "1e999").encode()
    return parse_webhook(raw, instance=body["instance"], now=NOW)


@given(body=mutants())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_change_of_a_real_webhook_makes_the_parser_raise(body: dict[str, Any]) -> None:
    events = read(body)
    assert events
    for event in events:
        if isinstance(event, EventQuarantined):
            assert event.reason != "not_json"
            assert b"TOKEN" not in event.raw


@given(body=mutants(UPSERTS))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_siblings_of_a_spoilt_message_live(body: dict[str, Any]) -> None:
    spoiled = body.get("data")
    items = spoiled if isinstance(spoiled, list) else [spoiled]
    events = read({**body, "data": [GOOD, *items, GOOD]})
    assert len(events) == len(items) + 2
    for event in (events[0], events[-1]):
        assert isinstance(event, MessageReceived)
        assert event.text == "a irmã"


@given(bodies=st.lists(mutants(), min_size=15, max_size=25))
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
async def test_whatever_the_parser_lets_through_the_store_can_keep(
    bodies: list[dict[str, Any]], template: Template
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = template.copy_to(Path(folder) / "orbion.db")
        async with sqlite_database(path, HandClock(NOW)) as db:
            store = make_store(db, HandClock(NOW))
            await store.start()
            for body in bodies:
                events = read(body)
                assert len((await store.receive("loja", events, "t")).outcomes) == len(events)
