"""Personas are read from anybody's file, and what became of them is judged by a written gate."""

import json
from pathlib import Path
from typing import Any

import pytest

from orbion.domain.errors import RejectedError
from orbion.evals.outcomes import Result, State, Usage, endings, gate, prefix_share
from orbion.evals.personas import Ending, Persona, Vertical, read_personas

SHIPPED = Path(__file__).parents[2] / "corpora" / "personas.jsonl"
ANA: dict[str, Any] = {
    "id": "ana",
    "vertical": "solar",
    "goal": "quero um orçamento",
    "expected_outcome": "qualified",
}


def read(*personas: dict[str, Any]) -> list[Persona]:
    content = "\n".join(json.dumps(each) for each in personas).encode()
    return list(read_personas("p.jsonl", content))


def test_there_are_ten_shipped_personas_of_each_business() -> None:
    verticals = [each.vertical for each in read_personas(str(SHIPPED), SHIPPED.read_bytes())]
    assert all(verticals.count(vertical) >= 10 for vertical in Vertical)


def test_facts_style_and_hints_may_be_written_in_many_ways() -> None:
    facts = {"nome": "Ana", "conta": 450.0, "decide": True, "casa": False, "cidade": None}
    style = {"typos": True, "length": "short"}
    (ana,) = read(ANA | {"facts": facts, "style": style, "script_hints": "oi\n\ntem desconto?"})
    assert dict(ana.facts) == {
        "nome": "Ana",
        "conta": "450",
        "decide": "sim",
        "casa": "não",
        "cidade": None,
    }
    assert ana.style == "typos true length short"
    assert ana.hints == ("oi", "tem desconto?")


@pytest.mark.parametrize(
    ("field", "written", "meant"),
    [
        ("vertical", "energia solar", Vertical.SOLAR),
        ("vertical", "Escola", Vertical.SCHOOL),
        ("vertical", "imobiliária", Vertical.REALESTATE),
        ("vertical", "real_estate", Vertical.REALESTATE),
        ("expected_outcome", "handoff", Ending.HANDED_OVER),
        ("expected_outcome", "opt-out", Ending.OPTED_OUT),
        ("expected_outcome", "Agendado", Ending.SCHEDULED),
        ("expected_outcome", "not_interested", Ending.LOST),
    ],
)
def test_obvious_synonyms_are_understood(field: str, written: str, meant: str) -> None:
    (ana,) = read(ANA | {field: written})
    assert meant in {ana.vertical, ana.expected}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vertical": "padaria"}, "p.jsonl:1: vertical is 'padaria', which is none; write one of"),
        ({"expected_outcome": "qualifed"}, "did you mean 'qualified'?"),
        ({"expected_outcome": ""}, "p.jsonl:1: expected_outcome is missing; write one of"),
        ({"goal": None}, "p.jsonl:1: goal is missing; write what the customer wants"),
        ({"facts": "Ana"}, "p.jsonl:1: facts is not a dict; write an object"),
    ],
)
def test_a_fault_names_line_field_and_cure(change: dict[str, Any], message: str) -> None:
    with pytest.raises(RejectedError) as caught:
        read(ANA | change)
    assert message in str(caught.value)


def test_an_id_stands_only_once() -> None:
    with pytest.raises(RejectedError, match=r"p\.jsonl:2: id 'ana' stands on line 1 too"):
        read(ANA, ANA)


@pytest.mark.parametrize(
    ("state", "reached"),
    [
        (State(opted_out=True, with_person=True, qualified=True, lost=True), ["opted_out"]),
        (State(opted_out=False, with_person=False, qualified=True, lost=True), ["lost"]),
        (
            State(opted_out=False, with_person=True, qualified=True, lost=False),
            ["handed_over", "qualified"],
        ),
        (State(opted_out=False, with_person=False, qualified=False, lost=False), ["answered"]),
    ],
)
def test_the_weightiest_ending_stands_first(state: State, reached: list[str]) -> None:
    assert list(endings(state)) == reached


UNUSED = Usage()


def result(
    expected: str, *reached: Ending, usage: Usage = UNUSED, unanswered: bool = False
) -> Result:
    (persona,) = read(ANA | {"expected_outcome": expected})
    return Result(
        persona=persona,
        reached=reached,
        turns=4,
        unanswered=unanswered,
        third=0,
        again=0,
        questions=4,
        usage=usage,
    )


@pytest.mark.parametrize(
    ("judged", "is_expected"),
    [
        (result("qualified", Ending.HANDED_OVER, Ending.QUALIFIED), True),
        (result("scheduled", Ending.HANDED_OVER), True),
        (result("answered", Ending.ANSWERED), True),
        (result("answered", Ending.ANSWERED, unanswered=True), False),
        (result("opted_out", Ending.ANSWERED), False),
    ],
)
def test_what_was_expected_is_looked_for_in_all_that_was_reached(
    judged: Result, *, is_expected: bool
) -> None:
    assert judged.is_expected is is_expected


def test_a_model_is_judged_only_where_one_was_asked() -> None:
    silent = [result("answered", Ending.ANSWERED)]
    asked = [result("answered", Ending.ANSWERED, usage=Usage(calls=4, tokens_in=9_000))]
    assert len(gate(silent)) == 4
    assert {limit.measure: limit.holds for limit in gate(asked)} == {
        "as expected": True,
        "left without an answer": True,
        "questions asked a third time": True,
        "questions put again although answered": True,
        "model calls a conversation": False,
        "prompt tokens a conversation": True,
    }


def test_prompts_share_their_beginning_with_the_one_before() -> None:
    assert prefix_share(["só um"]) is None
    assert prefix_share(["aaaa", "aaab", "b"]) == 3 / 5
