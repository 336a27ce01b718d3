"""After any outage nothing is lost, doubled or out of order: the gap is read back (promise P5)."""

import asyncio
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.simulation.outages import Day, Story, everybody_writes, told

Playing = tuple[ProcessPoolExecutor, Path]
HALF_AN_HOUR = 1_800.0
MARIA, JOAO = "5511900000000", "5511900000001"


async def half_an_hour_without_orbion(day: Day) -> None:
    day.says(MARIA, 0, 0)
    await asyncio.sleep(5)
    writing = day.loop.outside(everybody_writes(day, seconds=HALF_AN_HOUR - 60))
    await day.dies(0, HALF_AN_HOUR)
    await writing


async def half_an_hour_without_the_gateway(day: Day) -> None:
    await asyncio.sleep(5)
    writing = day.loop.outside(everybody_writes(day, seconds=HALF_AN_HOUR - 60))
    await day.gateway_is_dead(HALF_AN_HOUR)
    await writing


async def a_restart_of_the_gateway_that_drops_its_retries(day: Day) -> None:
    await asyncio.sleep(5)
    writing = day.loop.outside(everybody_writes(day, seconds=60))
    dead = day.loop.outside(day.dies(0, 75))
    await asyncio.sleep(70)
    day.gateway.restart()
    await dead
    await writing
    assert day.unheard()
    await asyncio.sleep(400)
    assert not day.unheard()


async def a_reader_that_dies_again_and_again(day: Day) -> None:
    """What it had stored when it died it finds again, and knows."""
    await asyncio.sleep(5)
    writing = day.loop.outside(everybody_writes(day, seconds=HALF_AN_HOUR - 60))
    await day.dies(0, HALF_AN_HOUR)
    for steps in (20, 40, 60, 80, 100, 150, 200, 300):
        await day.dies(steps, 0.1)
    await writing


@pytest.mark.parametrize(
    ("story", "fate"),
    [
        (half_an_hour_without_orbion, "exhausted"),
        (half_an_hour_without_the_gateway, "delivered"),
        (a_restart_of_the_gateway_that_drops_its_retries, "lost"),
        (a_reader_that_dies_again_and_again, "exhausted"),
    ],
)
def test_after_an_outage_every_message_is_answered_once_and_in_order(
    story: Story, fate: str, playing: Playing
) -> None:
    with told(story, playing[1]) as (day, verdict):
        assert fate in day.fates()
        assert not verdict.violations, verdict.explain()
        assert day.answered == day.said
        assert day.reasons() == {}


def test_what_is_too_old_after_it_is_stored_and_says_so(playing: Playing) -> None:
    async def hours_without_orbion(day: Day) -> None:
        await asyncio.sleep(5)
        dead = day.loop.outside(day.dies(0, 3 * 3_600))
        day.says(MARIA, 0, 0)
        await asyncio.sleep(2.9 * 3_600)
        day.says(JOAO, 1, 0)
        await dead
        day.evidence.said = [each for each in day.evidence.said if each.phone == JOAO]

    with told(hours_without_orbion, playing[1]) as (day, verdict):
        assert not verdict.violations, verdict.explain()
        assert list(day.answered) == [JOAO]
        assert day.reasons() == {"stale": 1}


def test_what_a_person_answered_meanwhile_is_left_to_the_person(playing: Playing) -> None:
    async def a_person_helps_out(day: Day) -> None:
        await asyncio.sleep(5)
        dead = day.loop.outside(day.dies(0, HALF_AN_HOUR))
        day.says(MARIA, 0, 0)
        day.says(JOAO, 1, 0)
        await asyncio.sleep(120)
        day.takes_over(MARIA, "Oi, aqui é a Ana! Já vi para você.")
        await asyncio.sleep(60)
        day.says(MARIA, 0, 1)
        await dead

    with told(a_person_helps_out, playing[1]) as (day, verdict):
        assert not verdict.violations, verdict.explain()
        assert list(day.answered) == [JOAO]
        assert day.reasons() == {"human_mode": 2}


def test_after_the_idle_time_the_bot_answers_only_what_came_after_the_person(
    playing: Playing,
) -> None:
    async def a_person_who_went_home(day: Day) -> None:
        await asyncio.sleep(5)
        dead = day.loop.outside(day.dies(0, HALF_AN_HOUR))
        day.says(MARIA, 0, 0)
        await asyncio.sleep(60)
        day.takes_over(MARIA, "Oi, aqui é a Ana! Já vi para você.")
        await asyncio.sleep(900)
        day.says(MARIA, 0, 1)
        await dead

    with told(a_person_who_went_home, playing[1], idle=600.0) as (day, verdict):
        assert not verdict.violations, verdict.explain()
        assert day.answered == {MARIA: day.said[MARIA]}
