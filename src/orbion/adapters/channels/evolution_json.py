"""Read Evolution's JSON without trusting its shape, and take its secrets out before it is kept."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from orbion.domain.errors import FaultCode, RejectedError

Json = dict[str, Any]

DEEPEST = 64
TEXT_LIMIT = 64 * 1024
RAW_LIMIT = 64 * 1024

_LONG_STRING = 512
_LONGEST_INTEGER = 20
_LARGEST_INTEGER = 2**63 - 1
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_SECRETS = frozenset(
    # `destination` is our own webhook address, which may carry a secret in its path
    {"apikey", "api_key", "api-key", "authorization", "jwt_key", "destination"}
)
_SECRET_IN_TEXT = re.compile(
    rb'(\\*"(?:api[_-]?key|authorization|jwt_key|destination)\\*"\s*:\s*)'
    rb'("(?:[^"\\]|\\.)*"?|\\+"[^"]*"?|[^,}\s]*)',
    re.IGNORECASE,
)


class OddShapeError(Exception):
    """An item does not have the shape that the contract gives it."""


def decode(body: bytes) -> Any:
    """Plain Python values; raises `RejectedError` (payload.bad) for what is not sane JSON.

    JavaScript writes the halves of a cut emoji alone, and numbers that only it can hold: they are
    replaced (by U+FFFD and null), so that one odd field does not cost the whole body.
    """
    try:
        document = _decoded(body)
    except (ValueError, RecursionError) as error:
        raise RejectedError(FaultCode.PAYLOAD_BAD, "the body is not JSON") from error
    brackets = body.count(b"{") + body.count(b"[")  # no deeper than that: spares most the walk
    if brackets > DEEPEST and _deeper_than(document, DEEPEST):
        raise RejectedError(FaultCode.PAYLOAD_BAD, f"the body is nested deeper than {DEEPEST}")
    return document


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except ValueError:
        read = json.loads(
            body.decode(),
            parse_int=_small_integer,
            parse_float=_finite,
            parse_constant=_refused,
        )
        return _well_formed(read)


def _small_integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else None


def _finite(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None


def _refused(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def _well_formed(value: Any) -> Any:
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_well_formed(key): _well_formed(item) for key, item in value.items()}
    return [_well_formed(item) for item in value] if isinstance(value, list) else value


def as_object(value: Any, what: str) -> Json:
    if not isinstance(value, dict):
        raise OddShapeError(f"{what} is not an object")
    return value


def as_id(value: Any, what: str) -> str:
    """A gateway id: printable and short enough to be a key."""
    if not isinstance(value, str) or not 0 < len(value) <= 256 or "\0" in value:  # noqa: PLR2004
        raise OddShapeError(f"{what} is not an id")
    return value


def as_text(value: Any) -> str:
    """The string without NUL, at most `TEXT_LIMIT` bytes of UTF-8; "" for anything else."""
    if not isinstance(value, str):
        return ""
    text = value.replace("\0", "")
    if len(text) * 4 <= TEXT_LIMIT:
        return text
    return text.encode("utf-8", "replace")[:TEXT_LIMIT].decode("utf-8", "ignore")


def as_integer(value: Any) -> int | None:
    """An integer in any of Evolution's spellings: number, digits or {low, high} (section 3.4).

    None as well for one of more than eight bytes: no database could keep it.
    """
    found = _integer(value)
    return found if found is not None and abs(found) <= _LARGEST_INTEGER else None


def _integer(value: Any) -> int | None:
    match value:
        case bool():
            return None
        case int():
            return value
        case float() if math.isfinite(value):
            return int(value)
        case str() if len(value) <= _LONGEST_INTEGER and value.isascii() and value.isdigit():
            return int(value)
        case {"low": int(low), "high": int(high)}:
            return (high << 32) | (low & 0xFFFF_FFFF)
        case _:
            return None


def as_number(value: Any) -> float | None:
    """A finite number, also when it is written as text."""
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and not isinstance(value, bool) else None


def redacted(document: Any) -> bytes:
    """JSON without any credential; what is too long loses its long strings, then its end."""
    clean = _without_secrets(document)
    raw = _encode(clean)
    if len(raw) > RAW_LIMIT:
        raw = _encode(_shortened(clean))
    return raw[:RAW_LIMIT]


def redacted_text(body: bytes) -> bytes:
    """The same for what could not be decoded."""
    return _SECRET_IN_TEXT.sub(rb'\1"[redacted]"', body[: 2 * RAW_LIMIT])[:RAW_LIMIT]


def strings(document: Any) -> Iterable[str]:
    """Every string value, depth first."""
    if isinstance(document, str):
        yield document
    else:
        for child in _children(document):
            yield from strings(child)


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _deeper_than(document: Any, limit: int) -> bool:
    level = [document]
    for _ in range(limit):
        level = [
            child for node in level for child in _children(node) if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_secrets(item)
            for key, item in value.items()
            if key.lower() not in _SECRETS
        }
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    if isinstance(value, str) and _SECRET_IN_TEXT.search(value.encode("utf-8", "replace")):
        return redacted_text(value.encode("utf-8", "replace")).decode("utf-8", "replace")
    return value


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shortened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    if isinstance(value, str) and len(value) > _LONG_STRING:
        return f"{value[:_LONG_STRING]}…"
    return value


def _encode(document: Any) -> bytes:
    return msgspec.json.encode(document)


def compact(pairs: Mapping[str, Any]) -> Json:
    """Only what has a value."""
    return {name: value for name, value in pairs.items() if value not in (None, "")}
