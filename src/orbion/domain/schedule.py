"""Read on which days and at which times a text says that something is open."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from orbion.kit.pattern import Pattern

HOLIDAY: Final = 8
ALL_DAYS: Final = frozenset(range(1, HOLIDAY))
_DAYS: Final[Mapping[str, int]] = MappingProxyType(
    {"seg": 1, "ter": 2, "qua": 3, "qui": 4, "sex": 5, "sab": 6, "dom": 7}
)
_DAY: Final = (
    r"(?:segundas?|tercas?|quartas?|quintas?|sextas?)(?:[ -]feiras?)?|sabad(?:os?|ao)|domingos?"
    r"|seg|ter|qua|qui|sex|sab|dom"
)
# After «segunda» and the like, what is counted: no day.
COUNTED: Final = (
    r"(?:opcao|parcela|vez|vezes|via|etapa|fase|aula|mao|chance|unidade|visita|pergunta|dose|sessao"
    r"|semana|mensalidade|forma|linha|parte|casa|planta|serie|filha|turma|serie|prestacao"
    r"|tentativa)"
)
_COUNTED: Final = Pattern(rf"\s+{COUNTED}")
_SPAN: Final = Pattern(rf"\b({_DAY})\s*(?:ate|a|ao|-|\u2013|/)\s*(?:o |a )?({_DAY})\b")
_ONE: Final = Pattern(rf"\b({_DAY})\b")
_GROUPS: Final = (
    (
        Pattern(
            r"\btodos? os dias\b|\btodo (?:santo )?dia\b|\b7 dias (?:por|da|na) semana\b"
            r"|\bde domingo a domingo\b|\bdiariamente\b"
        ),
        ALL_DAYS,
    ),
    (
        Pattern(
            r"(?<!\d )\bdias? (?:uteis|util|de semana)\b|\bdurante a? ?semana\b"
            r"|(?<!vez )(?<!vezes )(?<!x )(?<!dias )\bna semana\b"
        ),
        frozenset(range(1, 6)),
    ),
    (Pattern(r"\b(?:fim|fins?|finais|final) de semana\b|\bfds\b"), frozenset((6, 7))),
    (Pattern(r"\bferiad(?:os?|ao)\b"), frozenset((HOLIDAY,))),
)
_MARK: Final = Pattern(
    r"&([1-8]*)&|@(\d+~?)|(?:[.;!?\n]+|\b(?:so|mas|somente|apenas|porem|ja)\b)|(fecha\w*|nao (?:abr"
    r"|atend|funcion|tem)\w*|descans\w+|folg\w+|sem (?:atendimento|expediente))"
)
_CLOCK: Final = r"(\d{1,2})(?:\s*(?:hs|hrs|horas?|h|:)\s*([0-5]\d)?(?:\s*min)?(?![a-z0-9]))"
_HALF: Final = r"(?:\s*(?:e|:)\s*(meia|[0-5]\d)(?![\d.]))?"
_PART: Final = r"\s*(?:d[ae]|de la da)\s*(manha|tarde|noite|madrugada)\b"
_TIME_PART: Final = Pattern(
    rf"(?<![\w@.,&/])(\d{{1,2}})(?:\s*(?:hs|hrs|horas?|h|:)\s*([0-5]\d)?)?{_HALF}{_PART}"
)
_RANGE: Final = Pattern(
    rf"(?<![\w@.,&/$])(?:{_CLOCK}|(\d{{1,2}}))\s*(?:as|ate as|ate|a|-|\u2013)\s*"
    rf"(?=(?:as )?{_CLOCK})"
)
_BARE_RANGE: Final = Pattern(
    r"(?<![\w@.,&/$])(?:(?:das|entre as|desde as)\s+)?(\d{1,2})\s+(?:as|e as|ate "
    r"as)\s+(\d{1,2})(?![\d.,:%@&/]|\s*(?:x|h))"
)
_AT: Final = Pattern(
    rf"\b(as|ate as|a partir das|apos as|depois das|antes das|das|pelas|ate|por volta das)\s+"
    rf"(?:{_CLOCK}|(\d{{1,2}})(?=\s*(?:[.,;!?)&@\n]\s|[.,;!?)&@\n]?$|&|@|(?:d[aeo]|e|em|hoje"
    rf"|amanha|n[ao]|pode|fica|com|p[ar]ra|para|ou"
    rf"|as|ate|certo|ok|serve)\b)))(?:\s+e\s+(meia))?"
)
_LASTING: Final = Pattern(
    r"(?:\b(?:em|de|dentro de|por|leva|dura|media|mais|cada|prazo|durante|umas?|uns|nas?"
    r"|proximas)\s+)$"
)
_STANDING: Final = Pattern(rf"(?<![\w@.,&/$]){_CLOCK}")
_SPOKEN: Final = Pattern(
    r"(?<![\w@.,&/$:])((?:das|as|ate as|pelas|desde as) )"
    r"(\d|1\d|2[0-3]) e ([1-5]?[05])(?![\d.,:]\d|\d)"
)
_ONE_OCLOCK: Final = Pattern(
    r"\b(?:a|(ate)(?: a)?) uma (?=(?:hora )?(?:d[ae] (?:tarde|manha|madrugada)|em ponto))"
)
_DURATIONS: Final = frozenset((24, 36, 48, 72))
_LAST_VAGUE: Final = 7
_LAST_HOUR: Final = 24
_NOON: Final = 12 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """`at` are minutes of the day; `vague` ones may be meant twelve hours later."""

    days: frozenset[int]
    at: int | None
    is_open: bool
    is_vague: bool = False


def mark_times(text: str) -> str:
    """Folded text in digits with every time of day as «@540» and every day as «&12345&»."""
    text = _ONE_OCLOCK.sub(lambda found: f"{found[1] or ''} as 1 ".lstrip(), text)
    text = _SPOKEN.sub(lambda found: f"{found[1]}{found[2]}:{found[3]:0>2}", text)
    text = re.sub(r"\bmeio[ -]?dia\b", "@720", text)
    text = re.sub(r"\bmeia[ -]?noite\b", "@0", text)
    text = _TIME_PART.sub(_part_of_day, text)
    text = _RANGE.sub(_range_start, text)
    text = _BARE_RANGE.sub(_bare_range, text)
    text = _AT.sub(_preposed, text)
    text = _STANDING.sub(lambda found: _standing(found, text), text)
    return _mark_days(text)


def _mark_days(text: str) -> str:
    for group, days in _GROUPS:
        text = group.sub(_days(days), text)
    text = _SPAN.sub(lambda found: _days(_span(_day(found[1]), _day(found[2]))), text)
    return _ONE.sub(lambda found: _named(found, text), text)


def _named(found: re.Match[str], text: str) -> str:
    """«segunda opção» and «quarta parcela» are no days."""
    word = found[1]
    if word in {"segunda", "quarta", "quinta", "terca", "sexta"}:
        after = text[found.end() :]
        if _COUNTED.match(after):
            return word
    return _days(frozenset((_day(word),)))


def _day(word: str) -> int:
    return _DAYS[word[:3]]


def _days(days: frozenset[int]) -> str:
    return f"&{''.join(map(str, sorted(days)))}&"


def _span(first: int, last: int) -> frozenset[int]:
    if last < first:
        last += 7
    return frozenset((day - 1) % 7 + 1 for day in range(first, last + 1))


def _at(hour: str, minute: str | None = None, part: str | None = None) -> int:
    minutes = int(hour) % 24 * 60 + (30 if minute == "meia" else int(minute or 0))
    is_later = part in {"tarde", "noite"} and minutes < _NOON
    return minutes + (_NOON if is_later else 0)


def _part_of_day(found: re.Match[str]) -> str:
    return f"@{_at(found[1], found[2] or found[3], found[4])}"


def _range_start(found: re.Match[str]) -> str:
    return f"@{_at(found[1] or found[3], found[2])} as "


def _bare_range(found: re.Match[str]) -> str:
    vague = "~" if int(found[2]) <= _LAST_VAGUE else ""
    return f"das @{_at(found[1])} as @{_at(found[2])}{vague}"


def _preposed(found: re.Match[str]) -> str:
    hour = found[2] or found[4]
    if found[1] == "ate" and (found[4] or int(hour) in _DURATIONS):
        return found.group()
    if int(hour) > _LAST_HOUR:
        return found.group()
    vague = "~" if found[4] and int(hour) <= _LAST_VAGUE else ""
    return f"{found[1]} @{_at(hour, found[3] or found[5])}{vague}"


def _standing(found: re.Match[str], text: str) -> str:
    hour = int(found[1])
    spelled = "hora" in found.group()
    lasts = _LASTING.search(text[: found.start()][-24:]) is not None
    if hour > _LAST_HOUR or ((hour in _DURATIONS or spelled or lasts) and found[2] is None):
        return (
            re.sub(r"\s*h\w*$", " horas ", found.group().rstrip())
            if ":" not in found.group()
            else found.group()
        )
    if lasts and found[2] and not re.search(r"\b(?:em|de|por|mais)\s+$", text[: found.start()]):
        return f"{hour * 60 + int(found[2])} minutos "
    return f"@{_at(found[1], found[2])} "


def openings(marked: str) -> Iterator[Opening]:
    """Each time of marked text with the days that it stands for; a day without a time too."""
    for part in _stretches(marked):
        yield from part


def _stretches(marked: str) -> Iterator[list[Opening]]:
    days: frozenset[int] = frozenset()
    times: list[str] = []
    is_open, used = True, False
    for found in _MARK.finditer(f"{marked}\n"):
        digits, at, closed = found.groups()
        if at is not None:
            times.append(at)
            if days:
                used = True
        elif closed:
            is_open = False
        elif digits is not None:
            named = frozenset(map(int, digits))
            if days and used:
                yield _opened(days, times, is_open=is_open)
                times, days, used, is_open = [], frozenset(), False, True
            days |= named
            used = used or bool(times)
        else:
            yield _opened(days, times, is_open=is_open)
            times, days, used, is_open = [], frozenset(), False, True


def _opened(days: frozenset[int], times: list[str], *, is_open: bool) -> list[Opening]:
    if not times:
        return [Opening(days=days, at=None, is_open=is_open)] if days else []
    return [
        Opening(days=days, at=int(at.rstrip("~")), is_open=True, is_vague=at.endswith("~"))
        for at in times
    ]
