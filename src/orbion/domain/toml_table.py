"""Read a table or JSON object key by key, and collect every fault with its path and its cure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time
from difflib import get_close_matches
from enum import StrEnum
from math import inf
from typing import Any, Final, TypeGuard, TypeVar

_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")
_Choice = TypeVar("_Choice", bound=StrEnum)
_Value = TypeVar("_Value")


class TomlTable:
    """`faults` is shared by all tables of a file; a faulty key reads as an empty value."""

    def __init__(self, raw: Mapping[str, Any], *, path: str, faults: list[str]) -> None:
        self._raw = raw
        self._path = path
        self._faults = faults
        self._read: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._raw

    def names(self) -> tuple[str, ...]:
        return tuple(self._raw)

    def text(self, key: str, cure: str, *, default: str | None = None) -> str:
        found = self._typed(key, str, cure, default).strip()
        if key in self._raw and not found:
            self.fault(key, f"is empty; {cure}")
        return found

    def slug(self, key: str, cure: str) -> str:
        """A name for data: lower case letters, digits, «_» and «-»."""
        found = self.text(key, cure)
        if found and not _KEY.fullmatch(found):
            self.fault(key, "may hold only lower case letters, digits, _ and -")
        return found

    def number(self, key: str, cure: str, *, least: int = 0) -> int:
        found = self._typed(key, int, cure, None)
        if found < least:
            self.fault(key, f"is {found}; it must be at least {least}")
        return found

    def amount(self, key: str, cure: str) -> int:
        """Centavos from a number of reais with two decimals at most, as written in the file."""
        found = self._raw.get(key)
        self._read.add(key)
        if isinstance(found, bool) or not isinstance(found, int | float):
            self.fault(key, f"{'is missing' if found is None else 'is not a number'}; {cure}")
            return 0
        if found <= 0 or round(found * 100) != round(found * 100, 6):
            self.fault(key, "must be above zero, with two decimals at most")
        return round(found * 100)

    def optional_amount(self, key: str, cure: str) -> int | None:
        return self.amount(key, cure) if key in self else None

    def rate(self, key: str, cure: str) -> int:
        """Millionths from a number that is not negative."""
        found = self._raw.get(key)
        self._read.add(key)
        if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found < inf:
            self.fault(key, f"{'is missing' if found is None else 'is no such number'}; {cure}")
            return 0
        return round(found * 1_000_000)

    def day(self, key: str, cure: str) -> date:
        found = self._raw.get(key)
        self._read.add(key)
        if isinstance(found, date):
            return found
        self.fault(key, f"{'is missing' if found is None else 'is not a date'}; {cure}")
        return date.min

    def flag(self, key: str, *, default: bool | None) -> bool:
        return self._typed(key, bool, "write true or false", default)

    def clock(self, key: str, cure: str) -> time:
        """A time of day written "08:30"."""
        found = self.text(key, cure)
        try:
            return time.fromisoformat(found)
        except ValueError:
            if found:
                self.fault(key, f"is not a time of day; {cure}")
            return time()

    def choice(self, key: str, kind: type[_Choice]) -> _Choice:
        allowed = [member.value for member in kind]
        found = self.text(key, f"write one of {', '.join(allowed)}")
        if found in allowed:
            return kind(found)
        if found:
            self.fault(
                key, f"is {found!r}{_meant(found, allowed)}; write one of {', '.join(allowed)}"
            )
        return next(iter(kind))

    def texts(self, key: str, cure: str, *, least: int = 0) -> tuple[str, ...]:
        return tuple(item.strip() for item in self._items(key, str, cure, least) if item.strip())

    def numbers(self, key: str, cure: str) -> tuple[int, ...]:
        return tuple(self._items(key, int, cure, 1))

    def dates(self, key: str, cure: str) -> tuple[date, ...]:
        return tuple(self._items(key, date, cure, 0))

    def table(self, key: str, cure: str) -> "TomlTable":
        return self._child(self._typed(key, dict, cure, None), key)

    def optional_table(self, key: str, cure: str) -> "TomlTable | None":
        return self.table(key, cure) if key in self else None

    def prose(self, key: str) -> str:
        """Whatever text stands there, in lists and objects too; nothing if the key is missing."""
        self._read.add(key)
        return "\n".join(_texts(self._raw.get(key)))

    def tables(self, key: str, cure: str, *, least: int = 0) -> Iterator["TomlTable"]:
        for number, raw in enumerate(self._items(key, dict, cure, least)):
            yield self._child(raw, f"{key}[{number}]")

    def fault(self, key: str, what: str) -> None:
        self._faults.append(f"{self._path}{key} {what}")

    def close(self) -> None:
        """Complain about every key that nothing has read."""
        for key in sorted(self._raw.keys() - self._read):
            self.fault(key, f"is unknown{_meant(key, self._read)}; remove it or correct its name")

    def _child(self, raw: Mapping[str, Any], key: str) -> "TomlTable":
        return TomlTable(raw, path=f"{self._path}{key}.", faults=self._faults)

    def _typed(self, key: str, kind: type[_Value], cure: str, default: _Value | None) -> _Value:
        self._read.add(key)
        found = self._raw.get(key, default)
        if _is(found, kind):
            return found
        self.fault(key, f"{'is missing' if found is None else f'is not a {kind.__name__}'}; {cure}")
        return kind()

    def _items(self, key: str, kind: type[_Value], cure: str, least: int) -> list[_Value]:
        found = self._typed(key, list, cure, [] if least == 0 else None)
        good = [item for item in found if _is(item, kind)]
        if len(good) < len(found):
            self.fault(key, f"holds something else than {kind.__name__}; {cure}")
        elif key in self._raw and len(good) < least:
            self.fault(key, f"has {len(good)} of at least {least}; {cure}")
        return good


def _texts(found: object, name: str = "") -> Iterator[str]:
    if isinstance(found, Mapping):
        for key, each in found.items():
            yield from _texts(each, f"{key}: ")
    elif isinstance(found, list):
        for each in found:
            yield from _texts(each, name)
    elif found is not None:
        yield f"{name}{found}"


def _is(found: object, kind: type[_Value]) -> TypeGuard[_Value]:
    return isinstance(found, kind) and (kind is bool or not isinstance(found, bool))


def _meant(found: str, known: Iterable[str]) -> str:
    close = get_close_matches(found, sorted(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
