"""A labelled set is read line by line, scored, and its faults are named with their cure."""

import json
from pathlib import Path

import pytest

from orbion.cli.exits import Exit
from orbion.domain.errors import RejectedError
from orbion.evals.human_request import HUMAN_REQUEST
from orbion.evals.labelled import values
from orbion.evals.lines import measure
from orbion.evals.scores import Judged, count
from tests.support.commands import run

ASKS = '{"text": "quero falar com um atendente", "label": true}'
ASKS_NOT = '{"text": "oi", "label": false}'
WRONG = '{"text": "bom dia", "label": true}'


def judged(*lines: str) -> dict[tuple[str, str], int]:
    return dict(measure(HUMAN_REQUEST, "set.jsonl", "\n".join(lines).encode()).confusion)


def test_every_line_is_judged_and_blank_lines_and_a_byte_order_mark_are_skipped() -> None:
    scores = measure(
        HUMAN_REQUEST, "set.jsonl", f"\ufeff{ASKS}\r\n\r\n{WRONG}\n{ASKS_NOT}\n".encode()
    )
    assert (scores.cases, scores.decisions) == (3, 3)
    assert scores.of("true").recall == 0.5
    assert scores.of("true").precision == 1
    assert scores.of("true").false_share == 0
    assert scores.overall.f1 == pytest.approx(2 / 3)
    assert [(miss.line, miss.text) for miss in scores.misses] == [(3, "bom dia")]


def test_fields_that_nobody_asks_for_are_ignored() -> None:
    assert judged('{"id": 7, "text": "oi", "label": false}') == {("false", "false"): 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "set.jsonl: holds no case; write one JSON object a line"),
        (b"\n \n", "set.jsonl: holds no case; write one JSON object a line"),
        (b'{"text": "oi"}', "set.jsonl:1: label is missing; write true or false"),
        (
            b'{"text": "oi", "label": "yes"}',
            "set.jsonl:1: label is not a bool; write true or false",
        ),
        (b'{"label": true}', 'set.jsonl:1: text is missing; add "text" with what was written'),
        (b"[1]", "set.jsonl:1: is not an object; write one JSON object a line"),
        (b'\n{"text": "oi",', "set.jsonl:2: is not JSON ("),
        (b"[" * 100_000, "set.jsonl:1: is not JSON ("),
        (b'\n{"text": "\xe9"}', "set.jsonl:2: is not UTF-8; save the file as UTF-8"),
        (b"{}\n{}", "(and 3 more faults)"),
    ],
)
def test_a_fault_names_its_file_line_field_and_cure(content: bytes, message: str) -> None:
    with pytest.raises(RejectedError) as caught:
        measure(HUMAN_REQUEST, "set.jsonl", content)
    assert message in str(caught.value)


def test_a_wrong_value_is_missed_and_made_up() -> None:
    right, wrong = values("Ana", "Ana", "name"), values("Ana", "Bia", "name")
    scores = count([(1, "sou a Ana", right), (2, "sou a Ana", wrong), (3, "oi", values(1, 1, "x"))])
    name = scores.of("name")
    assert (name.right, name.missed, name.false) == (1, 1, 1)
    assert values(None, None, "name") == ()
    assert values(None, "Ana", "name") == (
        Judged(expected="-", predicted="name", note="found 'Ana'"),
    )


def test_a_share_of_nothing_is_not_measured() -> None:
    scores = measure(HUMAN_REQUEST, "set.jsonl", ASKS_NOT.encode())
    assert scores.of("true").recall is None
    assert scores.macro_f1 == 1
    assert all(bound.holds(scores) for bound in HUMAN_REQUEST.gate)


def test_the_command_prints_figures_misses_and_the_gate(tmp_path: Path) -> None:
    file = tmp_path / "set.jsonl"
    file.write_text(f"{ASKS}\n{WRONG}\n")
    done = run(tmp_path, "eval", "human-request", str(file))
    assert done.exit_code == Exit.BUG
    assert "line 2: true → false: bom dia" in done.stdout
    assert "FAILS: recall of true 0.5000 ≥ 0.95" in done.stdout
    assert "holds: precision of true 1.0000 ≥ 0.95" in done.stdout


def test_the_command_prints_the_same_as_one_json_object(tmp_path: Path) -> None:
    file = tmp_path / "set.jsonl"
    file.write_text(f"{ASKS}\n{ASKS_NOT}\n")
    done = run(tmp_path, "eval", "human-request", str(file), "--json")
    assert done.exit_code == Exit.OK
    report = json.loads(done.stdout)
    assert report["passed"]
    assert report["cases"] == 2
    assert report["classes"]["true"]["f1"] == 1
    assert report["misses"] == []
    assert report["gate"][0] == {
        "measure": "recall of true",
        "value": 1,
        "at_least": 0.95,
        "holds": True,
    }


def test_wrong_names_and_wrong_lines_have_their_exit_codes(tmp_path: Path) -> None:
    file = tmp_path / "set.jsonl"
    file.write_text("{}")
    assert run(tmp_path, "eval", "nonsense", str(file)).exit_code == Exit.USAGE
    assert run(tmp_path, "eval", "human-request", "none.jsonl").exit_code == Exit.USAGE
    done = run(tmp_path, "eval", "human-request", str(file))
    assert done.exit_code == Exit.REJECTED
    assert done.stderr.startswith(f"orbion: {file}:1: text is missing;")
