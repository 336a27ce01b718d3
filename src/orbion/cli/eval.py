"""`orbion eval`: measures a labelled set of your own and says whether its gate holds."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from orbion.cli.exits import Exit
from orbion.cli.output import plain, print_json, table
from orbion.evals.labelled import EvalSet
from orbion.evals.lines import measure
from orbion.evals.registry import SETS
from orbion.evals.scores import Scores, Share

_NAMES = ", ".join(SETS)


@click.command(epilog=f"Sets: {_NAMES}.")
@click.argument("name", metavar="NAME", type=click.Choice(list(SETS)))
@click.argument(
    "file", metavar="FILE.jsonl", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def eval(name: str, file: Path, *, as_json: bool) -> int:  # noqa: A001 the verb's name
    """Measure a labelled set: precision, recall, F1, and each miss.

    Each line of the file is one JSON object; docs/evals.md shows the fields of each set. Nothing
    leaves this machine and no model is asked. Exit code 1 says that the gate of the set fails.

    \b
    orbion eval opt-out tests/corpora/opt-out.jsonl
    """  # noqa: D301 \b is click's mark for lines that keep their breaks
    asked = SETS[name]
    scores = measure(asked, str(file), file.read_bytes())
    if as_json:
        print_json(_report(asked, file, scores), str)
    else:
        for line in _told(asked, scores):
            click.echo(line)
    return Exit.OK if _passes(asked, scores) else Exit.BUG


def _passes(asked: EvalSet[Any], scores: Scores) -> bool:
    return all(bound.holds(scores) for bound in asked.gate)


def _report(asked: EvalSet[Any], file: Path, scores: Scores) -> Mapping[str, Any]:
    return {
        "set": asked.name,
        "file": str(file),
        "cases": scores.cases,
        "decisions": scores.decisions,
        "classes": {label: _figures(scores.of(label)) for label in scores.labels},
        "overall": {**_figures(scores.overall), "macro_f1": _rounded(scores.macro_f1)},
        "confusion": [
            {"expected": expected, "predicted": predicted, "times": times}
            for (expected, predicted), times in sorted(scores.confusion.items())
        ],
        "misses": [
            {
                "line": miss.line,
                "expected": miss.judged.expected,
                "predicted": miss.judged.predicted,
                "note": miss.judged.note,
                "text": miss.text,
            }
            for miss in scores.misses
        ],
        "gate": [
            {
                "measure": bound.measure,
                "value": _rounded(bound.of(scores)),
                "at_least" if bound.is_floor else "at_most": bound.limit,
                "holds": bound.holds(scores),
            }
            for bound in asked.gate
        ],
        "passed": _passes(asked, scores),
    }


def _figures(share: Share) -> Mapping[str, Any]:
    return {
        "right": share.right,
        "missed": share.missed,
        "false": share.false,
        "precision": _rounded(share.precision),
        "recall": _rounded(share.recall),
        "f1": _rounded(share.f1),
        "false_share": _rounded(share.false_share),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _told(asked: EvalSet[Any], scores: Scores) -> Iterator[str]:
    yield f"{asked.name}: {asked.purpose}; {scores.cases} cases, {scores.decisions} decisions"
    yield ""
    yield table(
        ("class", "right", "missed", "false", "precision", "recall", "F1", "false share"),
        [
            *(_row(label, scores.of(label)) for label in scores.labels),
            _row("all", scores.overall),
        ],
    )
    yield ""
    yield _matrix(scores)
    if scores.misses:
        yield ""
        yield f"{len(scores.misses)} misses:"
    for miss in scores.misses:
        judged = miss.judged
        note = f" ({judged.note})" if judged.note else ""
        said = f"{judged.expected} → {judged.predicted}{note}: {miss.text}"
        yield f"  line {miss.line}: {plain(said)}"
    yield ""
    for bound in asked.gate:
        sign = "≥" if bound.is_floor else "≤"
        verdict = "holds" if bound.holds(scores) else "FAILS"
        yield f"{verdict}: {bound.measure} {_shown(bound.of(scores))} {sign} {bound.limit:g}"


def _row(label: str, share: Share) -> tuple[object, ...]:
    rates = (share.precision, share.recall, share.f1, share.false_share)
    return (label, share.right, share.missed, share.false, *map(_shown, rates))


def _shown(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.4f}"


def _matrix(scores: Scores) -> str:
    """Expected classes down, predicted ones across."""
    down = sorted({expected for expected, _ in scores.confusion})
    across = sorted({predicted for _, predicted in scores.confusion})
    return table(
        ("expected \\ predicted", *across),
        [(label, *(scores.confusion.get((label, each), 0) for each in across)) for label in down],
    )
