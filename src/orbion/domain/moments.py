"""Find the day and the time of day that people mean, seen from a given day."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from orbion.domain.numbers import WORDS, number
from orbion.domain.schedule import COUNTED
from orbion.domain.text import compose, fold, words
from orbion.kit.pattern import Pattern

_MONTHS: Final[Mapping[str, int]] = MappingProxyType(
    {
        word[:cut]: month
        for month, word in enumerate(
            words(
                "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro"
                " dezembro"
            ),
            1,
        )
        for cut in (3, len(word))
    }
)
_WEEKDAYS: Final[Mapping[str, int]] = MappingProxyType(
    {
        word[:3]: day
        for day, word in enumerate(
            ["segunda", "terca", "quarta", "quinta", "sexta", "sabado", "domingo"]
        )
    }
)
_LONGEST_MONTH: Final = 31
_SMALL: Final = "|".join(word for word, value in WORDS.items() if value <= _LONGEST_MONTH)
_ORDINARY: Final = rf"(?:\d{{1,2}}|{_SMALL})"
_NUMERIC: Final = Pattern(
    r"(?<![\d/.,])(?P<day>\d{1,2})(?:/(?P<month>\d{1,2})(?:/(?P<year>\d{4}|\d{2}))?"
    r"|\.(?P<dotted>\d{1,2})\.(?P<century>\d{4}|\d{2}))(?![\d/])"
)
_ISO: Final = Pattern(r"(?<!\d)(20\d\d)-(\d\d)-(\d\d)(?!\d)")
_FRACTIONS: Final = frozenset(["1/2", "3/4", "1/4", "1/3", "2/3", "24/7", "4/4"])
_WRITTEN: Final = Pattern(
    rf"\b(?P<day>\d{{1,2}}|primeiro|1o|1º|{_SMALL})\s*(?:de\s+|/)?(?P<month>{'|'.join(_MONTHS)})\b"
    r"(?:\s+(?:de\s+)?(?P<year>20\d\d))?"
)
_DAY: Final = Pattern(
    rf"\bdia\s+(?P<day>\d{{1,2}}|primeiro|1o|1º|{_SMALL})\b"
    r"(?!\s*(?:/|h\b|de cada|do mes|todo|dias|anos|quartos))"
)
_RECURRING: Final = Pattern(
    r"\b(?:tod[oa]s?(?: [oa]s?)?|vence|vencimento|vencem|fecha|pagamento|recebo|cada)(?: no)?\s*$"
)
_NEAR: Final = Pattern(r"\b(?P<after>depois de )?(?P<word>amanha|hoje|hj)\b(?! em dia)")
_WEEKDAY: Final = Pattern(
    r"\b(?P<next>proxim[oa]\s+)?"
    r"(?:(?P<day>segunda|terca|quarta|quinta|sexta|sabado|domingo)(?:[\s-]*feira)?"
    r"|(?P<short>seg|ter|qua|qui|sex|sab|dom)(?=\s*(?:,|$|\d|as\s|que vem|de manha|a tarde|cedo)))"
    r"(?![\w-])(?P<coming>\s+(?:que vem|da semana que vem|da proxima semana|da outra semana))?"
    rf"(?!\s+(?:{COUNTED}|a (?:terca|quarta|quinta|sexta|sabado|domingo)|ate|feiras|do)\b)"
)
_EVERY: Final = Pattern(
    r"\b(?:tod[oa]s?(?: [oa]s?)?|aos?|bom|boa|otimo|otima|(?:segunda|terca|quarta|quinta"
    r"|sexta)(?:[ -]feira)? (?:a"
    r"|ate))\s*$"
)
_SHORT_PLACE: Final = Pattern(r"(?:^|[,;]\s*|\b(?:na|no|pra|ou|pode ser)\s+)$")
_IMPOSSIBLE: Final = Pattern(
    r"\bnao (?:posso|consigo|da|pode ser|vou poder|quero)(?: \w+)??(?: n[oa]| amanha| hoje)?"
    r" (?:amanha|hoje|segunda|terca|quarta|quinta|sexta|sabado|domingo|dia \d+)\b"
    r"|\b(?:amanha|hoje|segunda|terca|quarta|quinta|sexta|sabado|domingo|dia \d+)(?:[ -]feira)?"
    r" (?:eu )?nao (?:posso|consigo|da|vou|rola|tenho|estou|pode)\b"
)
_AHEAD: Final = Pattern(
    rf"\bdaqui\s+(?:a\s+|uns\s+"
    rf"|umas\s+)*(?P<count>{_ORDINARY})\s+(?P<unit>dias?|semanas?)\b"
)
_PERIOD: Final = r"(?:\s*(?:d[ae]|a|pela|na)\s+(?P<period>manha|tarde|tardinha|noite|madrugada))?"
_CLOCK: Final = Pattern(
    rf"(?<![\d/.,:])(?P<hour>\d{{1,2}})\s*(?:[:h]\s*(?P<minute>[0-5]\d)(?:\s*(?:h|hs|hrs|min))?"
    rf"|h(?:s|r|rs|oras?)?|\s+hor(?:as?|inhas?)(?P<half> e meia)?)(?![\w:]){_PERIOD}"
    r"(?!\s*(?:de (?:carro|viagem|aula|onibus|distancia|duracao|servico)|por (?:dia|semana)"
    r"|/|semana|ao dia|atras))"
)
_AT: Final = Pattern(
    rf"\b(?P<at>as|pelas|umas|perto das|por volta das|la pras)\s+(?P<hour>{_ORDINARY})"
    rf"(?P<half>\s+e\s+(?:meia|quinze|trinta|\d\d))?{_PERIOD}"
    r"(?=\s*(?:$|[,.;!?)\n]|em ponto|horas|pra\b|para\b|na\b|no\b|pode|da\b|ta\b|ok\b|hoje|amanha"
    r"|d[eo]\b|se\b|por favor|com\b|fica|consigo|eu\b|e\b))"
)
_OF_DAY: Final = Pattern(
    rf"(?<![\d/.,:])\b(?P<hour>{_ORDINARY})(?P<half>\s+e\s+(?:meia|quinze|trinta|\d\d))?"
    r"\s+(?:horas\s+)?d[ae]\s+(?P<period>manha|tarde|tardinha|noite|madrugada)\b"
)
_HALF: Final = Pattern(
    rf"(?<![\d/.,:])\b(?P<hour>{_ORDINARY})(?P<half>\s+e\s+meia)\b(?P<period>(?!))?"
)
_IN_WORDS: Final = Pattern(
    rf"\b(?P<hour>{_SMALL})\s+horas?(?P<half>\s+e\s+meia)?\b{_PERIOD}(?!\s+(?:de|por|depois))"
)
_DAY_AFTER: Final = Pattern(
    r"\s*,?\s*(?:dia\s+)?(?P<day>\d{1,2})\b(?!\s*(?:h|:|/|hor|d[ae]\b|e meia|as\b))"
)
_MIDDAY: Final = Pattern(
    r"\bmei[oa][\s-]*dia(?P<half>\s+e\s+(?:meia|quinze))?\b|\bmeia[\s-]*noite\b"
)
_SPAN: Final = Pattern(
    rf"\b(?:de|das|entre)\s+(?:as\s+)?{_ORDINARY}\s*(?:h\w*|:\d\d|horas)?\s*(?:as|a|ate|e|-)\s+"
    rf"(?:as\s+)?{_ORDINARY}(?:h|\b)(?! meia)"
)
_VAGUE: Final = Pattern(
    r"\b(?:depois|antes|a partir|ate|apos|em|durante|por|cerca de|mais de|menos de|faz|ha|leva"
    r"|levam|gasto|demora)(?: d?as| de| umas?)?\s*$"
)
_NOON: Final = 12
_LAST_HOUR: Final = 23
_HOUR: Final = 60
_LATE: Final = frozenset(["tarde", "tardinha", "noite"])
_MINUTES: Final[Mapping[str, int]] = MappingProxyType({"meia": 30, "quinze": 15, "trinta": 30})


def find_date(text: str, today: date) -> date | None:
    """The day that `text` names; «semana que vem» names none, a past day is next year's."""
    said = fold(compose(text))
    return next(_dates(said, today), None)


def day_of(at: int, zone: str) -> date:
    """The day of a time (ms UTC) on the calendar of `zone`."""
    return datetime.fromtimestamp(at / 1000, ZoneInfo(zone)).date()


def find_time(text: str) -> time | None:
    """The exact time that `text` names; a span or «de manhã» names none."""
    said = fold(compose(text))
    return None if _SPAN.search(said) else next(_times(said), None)


def _dates(said: str, today: date) -> Iterator[date]:
    kept = _IMPOSSIBLE.sub(" ", said)
    for reader in (_iso, _numeric, _written, _day, _near, _weekday, _ahead):
        yield from reader(kept, today)


def _iso(said: str, _: date) -> Iterator[date]:
    days = (_made(*map(int, found.groups())) for found in _ISO.finditer(said))
    return (day for day in days if day)


def _numeric(said: str, today: date) -> Iterator[date]:
    for found in _NUMERIC.finditer(said):
        year = found["year"] or found["century"]
        day = _dated(
            today,
            int(found["day"]),
            int(found["month"] or found["dotted"]),
            int(year) % 100 + 2000 if year else None,
        )
        if day and found.group() not in _FRACTIONS:
            yield day


def _written(said: str, today: date) -> Iterator[date]:
    for found in _WRITTEN.finditer(said):
        year = int(found["year"]) if found["year"] else None
        day = _dated(today, _ordinal(found["day"]), _MONTHS[found["month"]], year)
        if day:
            yield day


def _day(said: str, today: date) -> Iterator[date]:
    for found in _DAY.finditer(said):
        if _RECURRING.search(said, 0, found.start()):
            continue
        yield from _next(today, _ordinal(found["day"]))


def _next(today: date, wanted: int) -> Iterator[date]:
    """The days of this and the coming months that have this number."""
    months = (today.month - 1 + ahead for ahead in range(_NOON + 1))
    days = (_made(today.year + month // _NOON, month % _NOON + 1, wanted) for month in months)
    return (day for day in days if day and day >= today)


def _near(said: str, today: date) -> Iterator[date]:
    for found in _NEAR.finditer(said):
        ahead = 0 if found["word"] in ("hoje", "hj") else 1
        yield today + timedelta(days=ahead + bool(found["after"] and ahead))


def _weekday(said: str, today: date) -> Iterator[date]:
    for found in _WEEKDAY.finditer(said):
        before = said[: found.start()]
        if _EVERY.search(before) or (found["short"] and not _SHORT_PLACE.search(before)):
            continue
        wanted = _WEEKDAYS[(found["day"] or found["short"])[:3]]
        ahead = (wanted - today.weekday()) % 7 or 7
        if found["coming"]:
            ahead = 7 - today.weekday() + wanted
        numbered = _DAY_AFTER.match(said, found.end())
        named = _next(today, int(numbered["day"])) if numbered else ()
        same = (day for day in named if day.weekday() == wanted)
        yield next(same, today + timedelta(days=ahead))


def _ahead(said: str, today: date) -> Iterator[date]:
    for found in _AHEAD.finditer(said):
        weeks = found["unit"].startswith("semana")
        yield today + timedelta(days=number(found["count"]) * (7 if weeks else 1))


def _ordinal(said: str) -> int:
    return 1 if said in ("primeiro", "1o", "1º") else number(said)


def _dated(today: date, day: int, month: int, year: int | None) -> date | None:
    """Without a year the next such day, today being one."""
    if year is not None:
        return _made(year, month, day)
    this_year = _made(today.year, month, day)
    return (
        this_year if this_year is None or this_year >= today else _made(today.year + 1, month, day)
    )


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _times(said: str) -> Iterator[time]:
    midday = _MIDDAY.search(said)
    if midday and midday.group().startswith(("meio", "meia dia", "meia-dia")):
        yield time(_NOON, _MINUTES[midday["half"].split()[-1]] if midday["half"] else 0)
    elif midday:
        yield time()
    for pattern in (_CLOCK, _OF_DAY, _AT, _IN_WORDS, _HALF):
        for found in pattern.finditer(said):
            if not _VAGUE.search(said, 0, found.start()):
                yield from _time(found.groupdict(), found.group())


def _time(parts: Mapping[str, str | None], said: str) -> Iterator[time]:
    hour, minute, period = number(parts["hour"] or ""), 0, parts["period"]
    half = (parts.get("half") or "").split()
    if parts.get("minute"):
        minute = int(parts["minute"] or 0)
    elif half:
        minute = int(half[-1]) if half[-1].isdigit() else _MINUTES.get(half[-1], 0)
    if (period in _LATE and hour < _NOON) or (
        period is None and parts.get("minute") is None and _is_afternoon(hour, said)
    ):
        hour += _NOON
    is_guess = period is None and said.startswith("umas")
    if hour <= _LAST_HOUR and minute < _HOUR and not is_guess:
        yield time(hour, minute)


def _is_afternoon(hour: int, said: str) -> bool:
    """Nobody means three or six in the night when they say «às 3»; «6h» is in the morning."""
    return 1 <= hour <= 5 or (hour == 6 and "h" not in said)  # noqa: PLR2004 hours
