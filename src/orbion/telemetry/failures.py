"""Tell failures apart by cause and place, and say which were never seen before."""

import hashlib
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_MOST_KINDS: Final = 200
_NEW_MS: Final = 15 * 60 * 1000
_PACKAGE: Final = Path(__file__).resolve().parents[1]
_OURS: Final = f"{_PACKAGE}/"


@dataclass(slots=True, kw_only=True)
class _Kind:
    code: str
    type: str
    where: str
    first_ms: int
    last_ms: int
    count: int = 0


class Failures:
    """Failures since the start, by fingerprint: cause, type and the functions of ours it passed.

    Lines and messages are left out, so the same failure keeps its fingerprint in the next release
    and nothing of a person is shown. Beyond `_MOST_KINDS` a new kind is only counted by its cause.
    """

    def __init__(self, count: Callable[[str], None]) -> None:
        self._count = count
        self._kinds: dict[str, _Kind] = {}

    def add(self, error: BaseException, code: str, at: int) -> None:
        """`at` is in ms UTC."""
        self._count(code)
        name, frames = type(error).__name__, _frames(error)
        fingerprint = hashlib.sha256("\n".join([code, name, *frames]).encode()).hexdigest()[:12]
        kind = self._kinds.get(fingerprint)
        if kind is None:
            if len(self._kinds) >= _MOST_KINDS:
                return
            where = frames[-1] if frames else ""
            kind = _Kind(code=code, type=name, where=where, first_ms=at, last_ms=at)
            self._kinds[fingerprint] = kind
        kind.last_ms = at
        kind.count += 1

    def render(self, now: int) -> list[dict[str, Any]]:
        """The most frequent first; `new` were first seen in the last quarter of an hour."""
        ordered = sorted(self._kinds.items(), key=lambda item: -item[1].count)
        return [
            {
                "fingerprint": fingerprint,
                "code": kind.code,
                "type": kind.type,
                "where": kind.where,
                "count": kind.count,
                "first_ms": kind.first_ms,
                "last_ms": kind.last_ms,
                "new": now - kind.first_ms < _NEW_MS,
            }
            for fingerprint, kind in ordered
        ]


def _frames(error: BaseException) -> list[str]:
    """Our own functions from the catcher to the raiser, each as `file:function`."""
    return [
        f"{frame.f_code.co_filename.removeprefix(_OURS)}:{frame.f_code.co_name}"
        for frame, _ in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename.startswith(_OURS)
    ]
