"""Each set says what is wrong with a line of its own, and judges what the turn would judge."""

import pytest

from orbion.domain.errors import RejectedError
from orbion.evals.lines import measure
from orbion.evals.registry import SETS


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        (
            "opt-out",
            '{"text": "oi"}',
            "s:1: label is missing; write one of opt_out, ambiguous, none",
        ),
        (
            "opt-out",
            '{"text": "oi", "label": "optout"}',
            "s:1: label is 'optout' (did you mean 'opt_out'?); write one of opt_out,",
        ),
        ("opt-out", '{"text": 5, "label": "none"}', "s:1: text is not a str"),
        ("human-request", '{"text": "oi", "label": 1}', "s:1: label is not a bool"),
        ("entities", '{"text": "oi"}', "s:1: expected is missing"),
        (
            "entities",
            '{"text": "oi", "expected": {"nome": "Ana"}}',
            "s:1: expected.nome is unknown; remove it or correct its name",
        ),
        (
            "entities",
            '{"text": "oi", "expected": {"bill_brl": "450"}}',
            "s:1: expected.bill_brl is not a number; write reais as a number, such as 1234.56",
        ),
        ("entities", '{"text": "oi", "expected": {"bedrooms": 2.5}}', "expected.bedrooms is not a"),
        ("intents", '{"text": "oi", "label": "preco"}', "s:1: label is 'preco'"),
    ],
)
def test_a_wrong_line_is_named_with_its_field_and_cure(name: str, line: str, message: str) -> None:
    with pytest.raises(RejectedError) as caught:
        measure(SETS[name], "s", line.encode())
    assert message in str(caught.value)


def test_a_wrong_value_is_told_and_writing_does_not_matter_for_names() -> None:
    line = '{"text": "me chamo JOAO, 2 quartos", "expected": {"name": "João", "bedrooms": 3}}'
    scores = measure(SETS["entities"], "s", line.encode())
    assert [
        (miss.judged.expected, miss.judged.predicted, miss.judged.note) for miss in scores.misses
    ] == [
        ("bedrooms", "-", "expected 3"),
        ("-", "bedrooms", "found 2"),
    ]


def test_every_set_says_what_it_is_for_and_has_a_gate() -> None:
    for name, each in SETS.items():
        assert each.name == name
        assert each.purpose
        assert each.gate
