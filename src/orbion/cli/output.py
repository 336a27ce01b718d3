"""Prints what commands found: aligned tables for people, JSON for scripts, phones masked."""

import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click
import msgspec

from orbion.kit.ids import mask_phone

Shown = Callable[[str], str]
"""What a text looks like on the screen: masked, or as it is."""

_WIDE: Final = frozenset({"W", "F"})
_ELLIPSIS: Final = "…"


def shown(*, unmasked: bool) -> Shown:
    return str if unmasked else mask_phone


def plain(text: str) -> str:
    """One line without what moves a terminal's cursor: customers write these texts."""
    kept = (c if c.isprintable() or c == "\u200d" else " " for c in text)
    return " ".join("".join(kept).split())


def width(text: str) -> int:
    """Columns on a terminal."""
    return sum(_columns(character) for character in text)


def cut(text: str, columns: int) -> str:
    if width(text) <= columns:
        return text
    kept = ""
    for character in text:
        if width(kept + character) >= columns:
            break
        kept += character
    return kept.rstrip() + _ELLIPSIS


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Align by the widest cell of each column; ends without a line break."""
    lines = [list(head), *([plain(str(cell)) for cell in row] for row in rows)]
    widths = [max(width(line[place]) for line in lines) for place in range(len(head))]
    return "\n".join(
        "  ".join(
            cell + " " * (wide - width(cell)) for cell, wide in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def local(at: int | None) -> str:
    """A time (ms UTC) as the clock on this wall shows it."""
    if not at:
        return "-"
    return datetime.fromtimestamp(at / 1000, UTC).astimezone().strftime("%d.%m. %H:%M:%S")


def print_json(value: Any, as_shown: Shown) -> None:
    """Every string goes through `as_shown`; dataclasses become objects, bytes text."""
    built = msgspec.to_builtins(value, builtin_types=(bytes,), str_keys=True)
    click.echo(json.dumps(_through(built, as_shown), ensure_ascii=False, indent=2))


def _through(value: Any, as_shown: Shown) -> Any:
    match value:
        case str():
            return as_shown(value)
        case bytes():
            return as_shown(value.decode("utf-8", "replace"))
        case Mapping():
            return {key: _through(each, as_shown) for key, each in value.items()}
        case list():
            return [_through(each, as_shown) for each in value]
        case _:
            return value


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Cf", "Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1
