"""Time survives a jump of the wall clock; ids and digests are what they say."""

import random
from collections.abc import Iterator

from orbion.kit.clock import SystemClock
from orbion.kit.ids import digest, mask_phone, new_trace


def test_a_jump_of_the_wall_clock_changes_nothing() -> None:
    walls: Iterator[float] = iter([1_700_000_000.0, 5.0])
    ticks = iter([10.0, 12.5, 13.0])
    clock = SystemClock(wall=lambda: next(walls), monotonic=lambda: next(ticks))
    assert clock.now() == 1_700_000_002_500
    assert clock.monotonic() == 13.0


def test_a_trace_is_thirty_two_hex_digits_and_follows_its_seed() -> None:
    trace = new_trace(random.Random(1))
    assert len(trace) == 32
    assert int(trace, 16) > 0
    assert trace == new_trace(random.Random(1))
    assert trace != new_trace(random.Random(2))


def test_moving_the_border_between_parts_changes_the_digest() -> None:
    assert digest("a", "bc") != digest("ab", "c")
    assert digest("ab") != digest("ab", "")
    assert digest("a", "bc") == digest("a", "bc")
    assert len(digest()) == 16


def test_a_lone_surrogate_has_a_digest() -> None:
    assert digest("\ud800") != digest("\ud801")


def test_a_phone_keeps_its_first_four_and_last_two_digits() -> None:
    assert mask_phone("5511900000042") == "5511*******42"
    assert mask_phone("to 5511900000042@s.whatsapp.net") == "to 5511*******42@s.whatsapp.net"
    assert mask_phone("a 1190000004 b") == "a 1190****04 b"


def test_short_and_very_long_numbers_are_not_phones() -> None:
    assert mask_phone("123456789") == "123456789"
    assert mask_phone("1234567890123456") == "1234567890123456"
