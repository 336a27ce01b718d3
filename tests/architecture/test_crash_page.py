"""The page of the crash drill names every point, every kind of fault and every reason."""

import pytest

from orbion.simulators.faults import SheetFault
from tests.crash import faults
from tests.crash.points import Point
from tests.crash.run import SCENES
from tests.support.hidden import REASONS, SENT_AGAIN, UNEXPLAINED
from tests.support.source import ROOT

PAGE = " ".join((ROOT / "docs/crash.md").read_text(encoding="utf-8").split())
KINDS = 10


@pytest.mark.parametrize(
    "name", [*Point, *SCENES, *REASONS, SENT_AGAIN, UNEXPLAINED, *faults.GATEWAY.send]
)
def test_a_name_stands_on_the_page(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_each_neighbour_misbehaves_in_ten_kinds_at_least() -> None:
    for kinds in (faults.GATEWAY.send, faults.MODEL.call, faults.SHEET.call):
        assert len(kinds) >= KINDS
        assert all(f"`{kind}`" in PAGE for kind in kinds)
    assert set(faults.SHEET.call) == set(SheetFault)
