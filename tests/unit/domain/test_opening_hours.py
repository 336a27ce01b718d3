"""A business is open by its own clock, holidays and daylight saving included."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orbion.domain.opening_hours import (
    away_text,
    brazilian_holidays,
    closed_since,
    handoff_text,
    is_open,
    reopens,
    write_reopening,
)
from orbion.domain.playbook import Opening, Playbook
from tests.support.playbooks import shipped

SOLAR = shipped("solar")
ZONES = (
    "America/Sao_Paulo",
    "America/Manaus",
    "America/Noronha",
    "America/New_York",
    "Europe/Lisbon",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "UTC",
)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 hypothesis adds the zone


def at(text: str, zone: str = "America/Sao_Paulo") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


@st.composite
def businesses(draw: st.DrawFn) -> Playbook:
    rows = draw(
        st.lists(
            st.tuples(
                st.lists(st.integers(1, 7), min_size=1, max_size=7, unique=True),
                st.times(),
                st.times(),
            ),
            min_size=1,
            max_size=3,
        )
    )
    hours = tuple(
        Opening(
            label="x",
            days=tuple(days),
            opens=min(one, other).replace(second=0, microsecond=0),
            closes=max(one, other).replace(second=0, microsecond=0),
        )
        for days, one, other in rows
    )
    return replace(SOLAR, hours=hours, timezone=draw(st.sampled_from(ZONES)))


@given(businesses(), MOMENTS)
def test_it_opens_when_it_is_said_to_and_was_closed_until_then(
    playbook: Playbook, moment: datetime
) -> None:
    opens = reopens(playbook, moment)
    if opens is not None:
        assert opens > moment
        assert is_open(playbook, opens)
        assert not is_open(playbook, opens - timedelta(minutes=1)) or is_open(playbook, moment)
    since = closed_since(playbook, moment)
    assert since is None or not is_open(playbook, moment)
    if since is not None:
        assert since <= moment
        assert not is_open(playbook, since)


@given(businesses(), MOMENTS, st.sampled_from(ZONES))
def test_a_moment_is_open_or_not_in_whichever_zone_it_is_told(
    playbook: Playbook, moment: datetime, zone: str
) -> None:
    assert is_open(playbook, moment) == is_open(playbook, moment.astimezone(ZoneInfo(zone)))


@given(st.sampled_from(["America/Sao_Paulo", "America/Manaus", "Asia/Kathmandu"]), MOMENTS)
def test_without_daylight_saving_the_wall_clock_decides(zone: str, moment: datetime) -> None:
    here = moment.astimezone(ZoneInfo(zone))
    playbook = replace(SOLAR, timezone=zone, holidays=(), national_holidays=False)
    open_days = {1: (8, 18), 2: (8, 18), 3: (8, 18), 4: (8, 18), 5: (8, 18), 6: (8, 12)}
    opens, closes = open_days.get(here.isoweekday(), (0, 0))
    assert is_open(playbook, moment) == (
        time(opens) <= here.time() < time(closes) if closes else False
    )


@given(MOMENTS)
def test_a_holiday_is_closed_all_day(moment: datetime) -> None:
    here = moment.astimezone(ZoneInfo(SOLAR.timezone))
    if here.date() in brazilian_holidays(here.year) | set(SOLAR.holidays):
        assert not is_open(SOLAR, moment)


def test_the_spring_hour_that_is_skipped_shortens_the_day() -> None:
    night = replace(
        SOLAR,
        timezone="America/New_York",
        national_holidays=False,
        hours=(Opening(label="x", days=(7,), opens=time(1), closes=time(4)),),
    )
    before = datetime(2026, 3, 8, 5, 59, tzinfo=UTC)
    assert [is_open(night, before + timedelta(hours=hours)) for hours in range(4)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("year", "easter_days"),
    [
        (2026, ["2026-02-16", "2026-02-17", "2026-04-03", "2026-06-04"]),
        (2027, ["2027-02-08", "2027-02-09", "2027-03-26", "2027-05-27"]),
        (2030, ["2030-03-04", "2030-03-05", "2030-04-19", "2030-06-20"]),
    ],
)
def test_the_holidays_of_brazil_move_with_easter(year: int, easter_days: list[str]) -> None:
    found = brazilian_holidays(year)
    assert {date.fromisoformat(day) for day in easter_days} <= found
    assert date(year, 11, 20) in found
    assert len(found) == 13


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("2026-11-25 07:00", "hoje às 8h"),
        ("2026-11-25 20:00", "amanhã às 8h"),
        ("2026-11-28 15:00", "na segunda às 8h"),
        ("2026-12-23 19:00", "no sábado às 8h"),
    ],
)
def test_the_reopening_is_told_as_people_say_it(now: str, told: str) -> None:
    assert write_reopening(SOLAR, at(now)) == told


def test_who_never_opens_again_says_soon() -> None:
    never = replace(SOLAR, hours=(replace(SOLAR.hours[0], closes=SOLAR.hours[0].opens),))
    assert reopens(never, at("2026-11-25 20:00")) is None
    assert write_reopening(never, at("2026-11-25 20:00")) == "em breve"


def test_the_closed_hours_are_told_once_in_each_of_them() -> None:
    night = at("2026-11-25 20:00")
    assert "volta amanhã às 8h" in away_text(SOLAR, ms(night), None)
    assert away_text(SOLAR, ms(night), ms(at("2026-11-25 17:59"))) != ""
    assert away_text(SOLAR, ms(night), ms(at("2026-11-25 18:30"))) == ""
    assert away_text(SOLAR, ms(at("2026-11-26 19:00")), ms(at("2026-11-25 18:30"))) != ""
    assert away_text(SOLAR, ms(at("2026-11-25 10:00")), None) == ""


def test_a_person_is_promised_for_when_there_is_one() -> None:
    assert handoff_text(SOLAR, ms(at("2026-11-25 10:00"))) == SOLAR.handoff.message
    assert "no sábado às 8h" in handoff_text(SOLAR, ms(at("2026-12-23 19:00")))
