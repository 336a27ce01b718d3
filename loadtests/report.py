"""Writes the load report as Markdown, as JSON and as a picture."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from loadtests.grade import RULE, Knee, grade, percentile
from loadtests.picture import picture
from loadtests.play import Played

COLUMNS: Final = (
    "run",
    "msg/min",
    "sent",
    "acked",
    "answered",
    "lost",
    "twice",
    "disordered",
    "ack p50 ms",
    "ack p99 ms",
    "answer p50 s",
    "answer p95 s",
    "own p50 ms",
    "own p95 ms",
    "CPU %",
    "RSS MB",
    "history cache %",
    "grade",
)
NOTES: Final = (
    "Acknowledgements count every webhook, echoes and receipts too. An answer's time is the "
    "customer's, from the message to the gateway's accept of the first bubble; *own* is that less "
    "the quiet time and the model's, where both are known. CPU is the service's share of one core."
)


def figures(run: Played) -> dict[str, Any]:
    """One row; times in the unit of its column, None where nothing was measured."""
    tally = run.tally
    values = (
        run.scenario.name,
        run.scenario.rate,
        tally.sent,
        tally.acknowledged,
        tally.answered,
        tally.lost,
        tally.repeated,
        tally.disordered,
        *(_rounded(tally.acks, share, 1000, 1) for share in (0.5, 0.99)),
        *(_rounded(tally.answers, share, 1, 2) for share in (0.5, 0.95)),
        *(_rounded(run.own, share, 1000, 1) for share in (0.5, 0.95)),
        round(run.service_cpu * 100, 1),
        round(run.rss_mb, 1),
        round(run.cache_hits["history"] * 100, 1) if "history" in run.cache_hits else None,
        grade(run),
    )
    return dict(zip(COLUMNS, values, strict=True))


def _rounded(values: Sequence[float], share: float, unit: float, digits: int) -> float | None:
    return round(percentile(values, share) * unit, digits) if values else None


def line(run: Played) -> str:
    """One row for the terminal, under `heading`."""
    return "  ".join(_shown(value).rjust(len(name)) for name, value in figures(run).items())


def heading() -> str:
    return "  ".join(COLUMNS)


def _shown(value: object) -> str:
    return "-" if value is None else str(value)


def knee_line(found: Knee) -> str:
    holds = f"{found.holds.scenario.rate} messages a minute" if found.holds else "below the ramp"
    broke = f"; {found.breaks.scenario.rate} does not hold" if found.breaks else ""
    return f"Knee: {holds}{broke}: {found.why}."


def write(
    folder: Path, machine: Mapping[str, object], runs: Sequence[Played], found: Knee | None
) -> None:
    """Leave `load.md`, `load.json` and `load.svg` in the folder."""
    rows = [figures(run) for run in runs]
    document = {"machine": machine, "rule": RULE, "runs": rows}
    (folder / "load.json").write_text(
        json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    (folder / "load.svg").write_text(picture(rows), encoding="utf-8")
    (folder / "load.md").write_text(_markdown(machine, rows, found), encoding="utf-8")


def _markdown(
    machine: Mapping[str, object], rows: Sequence[Mapping[str, Any]], found: Knee | None
) -> str:
    facts = " · ".join(f"{name} {value}" for name, value in machine.items())
    lines = ["# Load report", "", f"Made by `make load`: {facts}.", "", NOTES, "", RULE, ""]
    lines += ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    lines += ["| " + " | ".join(map(_shown, row.values())) + " |" for row in rows]
    lines += ["", "![answers and acknowledgements by load](load.svg)"]
    if found is not None:
        lines += ["", knee_line(found)]
    return "\n".join(lines) + "\n"
