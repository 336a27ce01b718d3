"""Read every figure of a Brazilian text: amounts, percentages, instalments, dates, contacts."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from orbion.domain.numerals import in_digits
from orbion.domain.schedule import mark_times
from orbion.domain.text import compose, fold, visible, words
from orbion.kit.pattern import Pattern

_LINK: Final = Pattern(
    r"https?://\S+|www\.\S+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|net|org|br|io|me|ly|app|site|shop"
    r"|store|online|link|info|biz|xyz|tv|co|gle|be|page|dev|ai|pay)\b(?:/\S*)?"
    r"|\b[a-z0-9-]+ (?:ponto|\[?\.\]?|\(ponto\)) (?:com|net|org|site|br|me|ly)\b(?: ponto br)?"
)
_EMAIL: Final = Pattern(
    r"[a-z0-9._%+-]+\s?(?:@|\(?\barroba\b\)?)\s?[a-z0-9-]+(?:(?:\.| ponto )[a-z0-9-]+)+"
)
_HANDLE: Final = Pattern(r"(?<![\w@])@[a-z][a-z0-9._]{2,}")
_PHONE: Final = Pattern(
    r"(?<![\w/])(?:\+?\d{2}\s?)?(?:\(?0?\d{2}\)?[\s.-]?)?9?[\s.]?\d{4}[\s.-]\d{4}(?!\d)"
    r"|(?<![\w/])0[38]00[\s.-]?\d{3}[\s.-]?\d{3,4}(?!\d)|(?<![\w/])\+?\d{10,13}(?!\d)"
    r"|(?<![\w/.,])9\d{8}(?!\d)"
)
_SPELLED_PHONE: Final = Pattern(r"(?<![\w.,])\d{1,2}(?:\s\d{1,2}){5,}(?![\w.,])")
_DOCUMENT: Final = Pattern(
    r"\b\d{5}-\d{3}\b|\b\d{2}\.?\d{3}\.?\d{3}/\d{4}-?\d{2}\b|\b\d{3}\.\d{3}\.\d{3}-\d{2}\b"
)
_MONTHS: Final = words("janeiro fevereiro marco abril maio junho julho agosto setembro outubro")
_MONTH: Final[Mapping[str, int]] = MappingProxyType(
    {month: place for place, month in enumerate((*_MONTHS, "novembro", "dezembro"), 1)}
)
_DATE: Final = Pattern(
    r"(?<![\w.,/])(\d{4})-(\d{2})-(\d{2})\b"
    r"|(?<![\w.,/])(\d{1,2})/(\d{1,2})(?:/(?:\d{4}|\d{2}))?(?![\d/])"
    rf"|(?<![\w.,/])(\d{{1,2}}|1o|primeiro) de ({'|'.join(_MONTH)})\b"
    r"|\bdias? (\d{1,2})(?![\w:%/]|[.,]\d|\s*(?:x|por|a \d)"
    rf"|\s+de (?:{'|'.join(_MONTH)})\b)"
)
_PERCENT: Final = Pattern(r"(?<![\w.,])(\d+(?:\.\d+)?)\s*%")
_FREQUENCY: Final = r"(?!\s*(?:por|ao|na|a|/)\s*(?:semana|dia|mes|ano|aula))"
_INSTALMENT: Final = Pattern(
    r"(?<![\w.,@])(\d{1,3})\s*(?:x(?![a-z0-9]{2})|vezes\b|vez\b|parcelas?\b(?! em\b)|parcelinhas?\b"
    rf"|prestacoes\b|prestacao\b|mensalidades\b|boletos\b|cheques\b){_FREQUENCY}"
    r"(?:\s*(?:mensais|iguais|fixas|fixinhas|sem juros|s/ juros|no cartao|no boleto|no credito))*"
    r"(?:\s*(?:de|por|d|=)?\s*(?:apenas |so |uns |umas )?(?:r\$\s*)?(\d+(?:\.\d+)?)(?!\s*(?:%"
    r"|x\b)))?"
)
_NUMBER: Final = Pattern(
    r"(?<![\w.,@&/$-])(?:r\$\s*|\$\s*)?(\d+(?:\.\d+)?)(?![\w@&]|[.,:/]\d)|"
    r"(?:r\$|\brs)\s*(\d+(?:\.\d+)?)|(?<![\w.,@&/])(\d+(?:\.\d+)?)(?=[a-z])"
)
_MONEY_AFTER: Final = Pattern(
    r"\s*(?:,00)?\s*(?:reais|real|reaus|contos?|pilas?|mangos?|pratas?|paus?|dinheiros|brl"
    r"|temers)\b"
    r"|\s*(?:/|por|ao|a|cada)\s*(?:mes|pessoa|noite|hora|aula|sessao|cabeca|ano|semestre|diaria"
    r"|unidade)\b"
    r"|\s*(?:mensais|mensal|anuais|no pix|via pix|pelo pix|a vista|avista|no dinheiro|no cartao"
    r"|no debito"
    r"|no boleto|de entrada|de sinal|de taxa|de matricula|de frete|de desconto|off|cada|a menos"
    r"|no total"
    r"|fechado|redondo|instalad[oa])\b"
)
_MONEY_BEFORE: Final = Pattern(
    r"(?:\b(?:cust\w+|sai\w*|saem|fic[ao]\w*|apenas|somente|valor\w*|precos?|precinho|val[eh]\w*"
    r"|cobr\w+|pag\w+"
    r"|mensalidades?|entrada|sinal|taxa|frete|matricula|investimento|orcamento|total|promocao"
    r"|fech\w+"
    r"|fac[oa]\w*|consigo|partir|anuidade|aluguel|parcelas?|parcelinhas?|economi\w+|desconto"
    r"|deixo|libero"
    r"|baix\w+|tabela|reajuste|diaria|condominio|multa|caucao|oferta|por|no pix|a vista)"
    r"\W+(?:(?:de|so|por|e|eh|era|uns|em|r\$|o|a|os|pra|para|voce|vc|hoje|sera|seria|apenas|cerca"
    r"|volta"
    r"|ate|mes|agora|entre|quase|no|pix|isso|tudo|foi|vira|sao|esta|ta|ai|do|da|dele|dela"
    r"|aproximadamente"
    r"|mais|menos|pelo|com|meros?)\W+){0,3}|\br\$\s*)$"
)
_UNIT: Final = Pattern(r"\s*-?\s*([a-z]+[23]?)")
_STEM: Final = 5
UNITS: Final[Mapping[str, tuple[str, int]]] = MappingProxyType(
    {
        **dict.fromkeys(("minut", "min", "mins"), ("minute", 1)),
        **dict.fromkeys(("hora", "horas", "horin", "hr", "hrs"), ("minute", 60)),
        **dict.fromkeys(("dia", "dias", "diaz", "diazi"), ("minute", 1_440)),
        **dict.fromkeys(("seman",), ("minute", 10_080)),
        **dict.fromkeys(("mes", "meses"), ("month", 1)),
        **dict.fromkeys(("ano", "anos", "aninh"), ("month", 12)),
        **dict.fromkeys(("quart", "dorm", "dorms", "dormi"), ("room", 1)),
        **dict.fromkeys(("m2", "metro", "mts", "m"), ("metre", 1)),
        **dict.fromkeys(("km", "kms"), ("km", 1)),
        **dict.fromkeys(("noite", "diari", "perno"), ("night", 1)),
        **dict.fromkeys(("kg", "kgs", "kilo", "quilo"), ("kg", 1)),
    }
)
_RANGE: Final = Pattern(
    r"(?<![\w.,@&/])(\d+(?:\.\d+)?)(\s*(?:a|ou|-|\u2013|e|ate|em)\s*)(\d+(?:\.\d+)?)\s*"
    r"(dias?|semanas?|mes|meses|anos?|horas?|minutos?|min|km|%|reais|quartos|m2)(?![a-z])"
)
_ONE: Final = Pattern(
    r"\b(em|leva|dura|prazo de|garantia de|dentro de|ate|apos|daqui a?|durante|com|menos de|de)\s+"
    r"(?:so |apenas |no maximo )?(?:um|uma|1)\s+(?=(?:dia|semana|mes|ano|hora)\b(?!\s+(?:desses"
    r"|qualquer|d[ao])))"
)
_ONE_THING: Final = Pattern(
    r"\b(tem|com|e|sao|inclui|so)\s+(?:um|uma)\s+(?=(?:vaga|quarto|suite|banheiro|dormitorio)\b)"
)
_HUNDRED: Final = Pattern(r"(?<!por )\bcentos?(?= de [a-z])")  # «dois centos de doces» are sold so
_SHORTENED: Final = Pattern(  # its full stop ends no sentence
    r"\b(av|al|rod|jd|pca|dr|dra|sr|sra|sta|sto|prof|profa|conj|min|max|tel|cap)\.(?=\s)"
)
_SINGLE: Final = Pattern(r"\b(?:um|uma) (?:so|unic[oa]) (?=[a-z])")
_KILO_AND_HALF: Final = Pattern(r"(?<![\w.])(\d+|um) (quilos?|kg|litros?|metros?) e mei[oa]\b")
_LISTED: Final = Pattern(r"(?m)^\s*\d{1,2}\s*(?:[.)\-]|\ufe0f?\u20e3)\s")
_HOURS_AND: Final = Pattern(r"(?<![\w.])(\d+) +horas? +e +(\d+) +min(?:utos?)?\b")
_AND_HALF: Final = Pattern(r"(?<![\w.])(\d+) +horas? +e +meia\b")
_CENTS: Final = 2
_DIGIT: Final = re.compile(r"\d")
_SHORTEST_CONTACT: Final = 8  # digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number and where it stands; `unit` is what it counts, money or nothing that is told.

    `written` is the number itself: 10 of «10 anos», whose value is 120 months.
    """

    value: Decimal
    unit: str | None
    start: int
    is_money: bool = False
    written: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalment:
    count: int
    amount: Decimal | None
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """`text` is the whole in folded words and digits, in which the figures stand at `start`."""

    text: str
    links: frozenset[str]
    emails: frozenset[str]
    phones: frozenset[str]
    documents: frozenset[str]
    dates: frozenset[tuple[int, int | None]]
    percents: tuple[Figure, ...]
    instalments: tuple[Instalment, ...]
    numbers: tuple[Figure, ...]


def read_figures(text: str) -> Figures:
    plain = fold(compose(unicodedata.normalize("NFKC", visible(text)))).replace("º", "o")
    plain = _SHORTENED.sub(r"\1", plain)
    is_addressed = "@" in plain or "arroba" in plain
    emails, plain = _taken(_EMAIL, plain) if is_addressed else ([], plain)
    links, plain = _taken(_LINK, plain)
    handles, plain = _taken(_HANDLE, plain) if is_addressed else ([], plain)
    is_numbered = len(_DIGIT.findall(plain)) >= _SHORTEST_CONTACT
    documents, plain = _taken(_DOCUMENT, plain) if is_numbered else ([], plain)
    phones, plain = _taken(_PHONE, plain) if is_numbered else ([], plain)
    plain = in_digits(_HUNDRED.sub("centena", _LISTED.sub("\n", plain)))
    spelled, plain = _taken(_SPELLED_PHONE, plain)
    found_dates = list(_DATE.finditer(plain))
    dates = frozenset(map(_date, found_dates))
    plain = mark_times(_DATE.sub(" # ", plain) if found_dates else plain)
    plain = _KILO_AND_HALF.sub(_and_half, _SINGLE.sub("1 ", plain))
    plain = _ONE_THING.sub(r"\1 1 ", plain)
    plain = _RANGE.sub(r"\1 \4\2\3 \4", _ONE.sub(r"\1 1 ", plain))
    if "hora" in plain:
        plain = _HOURS_AND.sub(lambda each: f"{int(each[1]) * 60 + int(each[2])} minutos", plain)
        plain = _AND_HALF.sub(lambda each: f"{int(each[1]) * 60 + 30} minutos", plain)
    percents = tuple(
        Figure(value=Decimal(found[1]), unit="%", start=found.start())
        for found in _PERCENT.finditer(plain)
    )
    plain = _PERCENT.sub(_blank, plain)
    instalments = tuple(map(_instalment, _INSTALMENT.finditer(plain)))
    return Figures(
        text=plain,
        links=frozenset(found.rstrip(".,;!?)") for found in (*links, *handles)),
        emails=frozenset(found.replace(" ", "") for found in emails),
        phones=frozenset(re.sub(r"\D", "", found) for found in (*phones, *spelled)),
        documents=frozenset(re.sub(r"\D", "", found) for found in documents),
        dates=dates,
        percents=percents,
        instalments=instalments,
        numbers=_numbers(_INSTALMENT.sub(_blank, plain)),
    )


def without_links(text: str) -> str:
    """Folded text; a question mark in a link asks nothing."""
    return _LINK.sub("", fold(compose(text)))


def _taken(pattern: Pattern, text: str) -> tuple[list[str], str]:
    found = pattern.findall(text)
    return found, pattern.sub(" # ", text) if found else text


def _and_half(found: re.Match[str]) -> str:
    return f"{1 if found[1] == 'um' else found[1]}.5 {found[2]}"


def _blank(found: re.Match[str]) -> str:
    return "#".ljust(found.end() - found.start())


def _date(found: re.Match[str]) -> tuple[int, int | None]:
    _, month, day, slashed, slashed_month, named, name, alone = found.groups()
    if alone:
        return int(alone), None
    if named:
        return (int(named) if named.isdigit() else 1), _MONTH[name]
    return int(day or slashed), int(month or slashed_month)


def _instalment(found: re.Match[str]) -> Instalment:
    amount = Decimal(found[2]) if found[2] else None
    return Instalment(count=int(found[1]), amount=amount, start=found.start())


def _numbers(text: str) -> tuple[Figure, ...]:
    return tuple(_figure(found, text) for found in _NUMBER.finditer(text))


def _figure(found: re.Match[str], text: str) -> Figure:
    written = found[1] or found[2] or found[3]
    before, after = text[max(0, found.start() - 60) : found.start()], text[found.end() :]
    unit = _unit(after)
    is_signed = "$" in found.group() or found[2] is not None
    has_cents = "." in written and len(written.partition(".")[2]) == _CENTS
    is_priced = unit is None and _MONEY_BEFORE.search(before) is not None
    is_money = is_signed or is_priced or (has_cents and unit is None)
    value = Decimal(written)
    if is_money or _MONEY_AFTER.match(after):
        return Figure(value=value, unit="money", start=found.start(), is_money=True)
    name, times = unit or (None, 1)
    return Figure(value=value * times, unit=name, start=found.start(), written=value)


_NO_UNIT: Final = frozenset(
    words(
        "e ou a o as os no na nos nas por com em para pra pro ja mas se que de do da ate cada mes "
        "so"
        " tambem tb instalado instalada ta eh sim nao mensal mensais fixo fixos certo ok hoje "
        "amanha"
        " quer posso ai viu ne reais real avista pix vc voce e entao porque pq sem tudo incluso"
    )
)


def _unit(after: str) -> tuple[str, int] | None:
    found = _UNIT.match(after)
    if found is None or found[1] in _NO_UNIT:
        return None
    word = "km" if found[1].startswith(("quilom", "kilom")) else found[1]
    return UNITS.get(word[:_STEM]) or UNITS.get(word) or (word.removesuffix("s")[:_STEM], 1)
