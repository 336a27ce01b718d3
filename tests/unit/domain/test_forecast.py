"""A forecast is the sum of value times probability, and says whom it leaves out."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from orbion.domain.forecast import StageRecord, StageSum, forecast
from orbion.domain.pipeline import LOST, WON
from tests.support.playbooks import solar

STAGES = [stage.key for stage in solar().stages]


def in_stage(stage: str, *, leads: int = 1, valued: int = 1, value: int = 1_000_000) -> StageSum:
    return StageSum(business="sol", stage=stage, leads=leads, valued=valued, value=value)


def test_each_stage_counts_by_its_probability_and_the_ends_are_not_expected() -> None:
    sums = [in_stage("novo"), in_stage("qualificado"), in_stage(WON), in_stage(LOST)]
    found = forecast("sol", solar(), sums, [])
    assert [(each.stage, each.probability, each.expected) for each in found.stages] == [
        ("novo", 5, 50_000),
        ("em_conversa", 10, 0),
        ("qualificando", 25, 0),
        ("qualificado", 45, 450_000),
        (WON, 100, 1_000_000),
        (LOST, 0, 0),
    ]
    assert (found.expected, found.left_out) == (500_000, 0)


def test_leads_without_a_value_or_a_weighed_stage_are_left_out_and_counted() -> None:
    book = solar()
    unsaid = replace(book, stages=(replace(book.stages[0], probability=None), *book.stages[1:]))
    sums = [in_stage("novo", leads=3), in_stage("qualificado", leads=4), in_stage("extinto")]
    found = forecast("sol", unsaid, sums, [])
    assert (found.expected, found.left_out) == (450_000, 3 + 3 + 1)
    assert [each.stage for each in found.stages][-1] == "extinto"
    assert found.stages[0].expected is None


def test_another_business_has_no_part_in_it() -> None:
    other = replace(in_stage("novo"), business="lua")
    past = StageRecord(business="lua", stage="novo", ended=3, won=1)
    found = forecast("sol", solar(), [other], [past])
    assert (found.expected, found.left_out, found.stages[0].ended) == (0, 0, 0)


def test_what_became_of_leads_stands_beside_what_is_expected() -> None:
    past = StageRecord(business="sol", stage="qualificado", ended=7, won=3)
    found = forecast("sol", solar(), [], [past])
    (rung,) = (each for each in found.stages if each.stage == "qualificado")
    assert (rung.probability, rung.won, rung.ended) == (45, 3, 7)


@given(st.dictionaries(st.sampled_from(STAGES), st.integers(0, 10**12)))
def test_no_more_is_expected_than_all_of_it(values: dict[str, int]) -> None:
    sums = [in_stage(stage, value=value) for stage, value in values.items()]
    found = forecast("sol", solar(), sums, [])
    assert 0 <= found.expected <= sum(values.values())
