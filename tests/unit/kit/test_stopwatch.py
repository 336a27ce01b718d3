"""A stopwatch sums up each part, also those that come again or lie within each other."""

from orbion.kit.stopwatch import Stopwatch
from tests.unit.kit.manual_clock import ManualClock


def test_each_part_is_summed_up() -> None:
    clock = ManualClock()
    watch = Stopwatch(clock)
    assert watch.parts == {}
    whole = watch.start()
    for seconds in (1.5, 2.5):
        part = watch.start()
        clock.advance(seconds)
        assert watch.stop("model", part) == seconds
        clock.advance(1)
    assert watch.stop("whole", whole) == 6
    assert watch.parts == {"model": 4, "whole": 6}
