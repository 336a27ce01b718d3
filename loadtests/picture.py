"""Draws acknowledgement and own answer times over the load as a small SVG."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

WIDTH: Final = 760
HEIGHT: Final = 320
LEFT: Final = 60
TOP: Final = 24
BOTTOM: Final = 48
LOWEST_MS: Final = 1.0
HIGHEST_MS: Final = 10_000.0
_CURVES: Final = (
    ("ack p99 ms", "#1f77b4"),
    ("own p95 ms", "#d62728"),
)


def picture(rows: Sequence[Mapping[str, Any]]) -> str:
    """One point a run, in the order of the report; both axes of time are logarithmic."""
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"'
            ' font-family="sans-serif" font-size="11">'
        ),
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        *(_grid(milliseconds) for milliseconds in (1, 10, 100, 1_000, 10_000)),
        *(_label(index, len(rows), row) for index, row in enumerate(rows)),
    ]
    for number, (column, colour) in enumerate(_CURVES):
        parts += _curve(rows, column, colour)
        parts.append(f'<text x="{LEFT + 120 * number}" y="14" fill="{colour}">{column}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _curve(rows: Sequence[Mapping[str, Any]], column: str, colour: str) -> list[str]:
    points = [
        (_x(index, len(rows)), _y(row[column]))
        for index, row in enumerate(rows)
        if row[column] is not None
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)
    return [f'<polyline points="{path}" fill="none" stroke="{colour}"/>', *dots]


def _grid(milliseconds: float) -> str:
    y = _y(milliseconds)
    return (
        f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
        f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{milliseconds:g} ms</text>'
    )


def _label(index: int, count: int, row: Mapping[str, Any]) -> str:
    x, y = _x(index, count), HEIGHT - BOTTOM + 14
    return (
        f'<text x="{x:.1f}" y="{y}" text-anchor="end"'
        f' transform="rotate(-35 {x:.1f} {y})">{row["run"]}</text>'
    )


def _x(index: int, count: int) -> float:
    return LEFT + 20 + index * (WIDTH - LEFT - 40) / max(1, count - 1)


def _y(milliseconds: float) -> float:
    held = min(max(milliseconds, LOWEST_MS), HIGHEST_MS)
    share = math.log10(held / LOWEST_MS) / math.log10(HIGHEST_MS / LOWEST_MS)
    return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)
