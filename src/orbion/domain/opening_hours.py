"""Tell whether a business is open, in its own time zone, and when it opens again."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from orbion.domain.playbook import Playbook

_FIXED: Final = ((1, 1), (4, 21), (5, 1), (9, 7), (10, 12), (11, 2), (11, 15), (11, 20), (12, 25))
_FROM_EASTER: Final = (-48, -47, -2, 60)  # two days of carnival, Good Friday, Corpus Christi
_DAYS_AHEAD: Final = 30
_WEEK: Final = 7
_SOON: Final = ("hoje", "amanhã")
_DAYS: Final = (
    "na segunda",
    "na terça",
    "na quarta",
    "na quinta",
    "na sexta",
    "no sábado",
    "no domingo",
)
_MIDNIGHT: Final = time()
_LAST_MINUTE: Final = time(23, 59)
_Span = tuple[datetime, datetime]


def local_time(playbook: Playbook, at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(playbook.timezone))


def is_open(playbook: Playbook, at: datetime) -> bool:
    """Whether people work at this moment, given in any zone; the closing minute is closed."""
    return any(opens <= at < closes for opens, closes in _spans(playbook, _today(playbook, at)))


def reopens(playbook: Playbook, at: datetime) -> datetime | None:
    """When it next opens after `at`, in its zone; None if not within a month."""
    days = (_today(playbook, at) + timedelta(days=ahead) for ahead in range(_DAYS_AHEAD))
    starts = (opens for day in days for opens, _ in _spans(playbook, day) if opens > at)
    return _first_local(playbook, starts)


def closed_since(playbook: Playbook, at: datetime) -> datetime | None:
    """When it last closed before `at`, in its zone; None if it is open or long closed."""
    if is_open(playbook, at):
        return None
    days = (_today(playbook, at) - timedelta(days=back) for back in range(_DAYS_AHEAD))
    ends = (closes for day in days for _, closes in reversed(_spans(playbook, day)) if closes <= at)
    return _first_local(playbook, ends)


def away_text(playbook: Playbook, at_ms: int, last_out_ms: int | None) -> str:
    """What to say of the closed hours, once in each of them; "" when nothing is to be said."""
    at = local_time(playbook, at_ms)
    if not playbook.texts.away or is_open(playbook, at):
        return ""
    since = closed_since(playbook, at)
    told = last_out_ms is not None and (since is None or last_out_ms >= since.timestamp() * 1000)
    return "" if told else _filled(playbook, playbook.texts.away, at)


def handoff_text(playbook: Playbook, at_ms: int) -> str:
    """What is said when a person is called: while it is closed, when that person comes."""
    at = local_time(playbook, at_ms)
    away = playbook.texts.handoff_away
    if not away or is_open(playbook, at):
        return playbook.handoff.message
    return _filled(playbook, away, at)


def write_reopening(playbook: Playbook, at: datetime) -> str:
    """«hoje às 8h», «amanhã às 8h», «na segunda às 8h30», «em 03/03 às 8h»."""
    opens = reopens(playbook, at)
    if opens is None:
        return "em breve"
    ahead = (opens.date() - _today(playbook, at)).days
    if ahead < len(_SOON):
        day = _SOON[ahead]
    else:
        day = _DAYS[opens.weekday()] if ahead < _WEEK else f"em {opens:%d/%m}"
    return f"{day} {'à' if opens.hour == 1 else 'às'} {write_clock(opens.time())}"


def write_clock(at: time) -> str:
    """«8h», «8h30»."""
    return f"{at.hour}h{at.minute:02d}" if at.minute else f"{at.hour}h"


def is_holiday(playbook: Playbook, day: date) -> bool:
    return day in playbook.holidays or (
        playbook.national_holidays and day in brazilian_holidays(day.year)
    )


def brazilian_holidays(year: int) -> frozenset[date]:
    """The national ones, with carnival and Corpus Christi, on which shops close as well."""
    easter = _easter(year)
    return frozenset(date(year, month, day) for month, day in _FIXED) | frozenset(
        easter + timedelta(days=days) for days in _FROM_EASTER
    )


def _filled(playbook: Playbook, text: str, at: datetime) -> str:
    return text.replace("{reopens}", write_reopening(playbook, at))


def _today(playbook: Playbook, at: datetime) -> date:
    return at.astimezone(ZoneInfo(playbook.timezone)).date()


def _first_local(playbook: Playbook, moments: Iterator[datetime]) -> datetime | None:
    found = next(moments, None)
    return None if found is None else found.astimezone(ZoneInfo(playbook.timezone))


def _easter(year: int) -> date:
    """The Gregorian computus (Meeus, Jones and Butcher)."""
    golden, (century, rest) = year % 19, divmod(year, 100)
    skipped, leap = divmod(century, 4)
    moon = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - skipped - moon + 15) % 30
    fours, ones = divmod(rest, 4)
    weekday = (32 + 2 * leap + 2 * fours - epact - ones) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _spans(playbook: Playbook, day: date) -> list[_Span]:
    """The open times of one day in order, in UTC; hours that touch are one span."""
    if is_holiday(playbook, day):
        return []
    zone = ZoneInfo(playbook.timezone)
    spans: list[_Span] = []
    for opening in sorted(playbook.hours, key=lambda each: each.opens):
        if day.isoweekday() not in opening.days or opening.opens == opening.closes:
            continue
        opens = _moment(day, opening.opens, zone)
        closes = _end(day, opening.closes, zone)
        if spans and opens <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], closes))
        elif opens < closes:
            spans.append((opens, closes))
    return spans


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """A wall clock's time in UTC, for times of one zone are compared by the clock alone."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def _end(day: date, at: time, zone: ZoneInfo) -> datetime:
    """23:59 means until midnight, which no wall clock of the same day can say."""
    if at == _LAST_MINUTE:
        return _moment(day + timedelta(days=1), _MIDNIGHT, zone)
    return _moment(day, at, zone)
