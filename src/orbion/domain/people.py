"""Find who writes, for which company, and which child it is about."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from orbion.domain.gazetteer import CITIES, FIRST_NAMES, QUARTERS, SURNAMES
from orbion.domain.numbers import WORDS, number
from orbion.domain.proper import CLAUSE, CONNECTIVES, proper, titled
from orbion.domain.text import fold, normalise
from orbion.domain.vocabulary import GREETINGS, NO_NAME, STOP_WORDS, THANKS, TRADES
from orbion.kit.pattern import Pattern

_NO_PERSON: Final = NO_NAME | frozenset((*TRADES, *WORDS))
_TITLE: Final = r"(?:(?:d\.|dr\.?|dra\.?|sr\.?|sra\.?|dona|seu|senhora?|prof\.?|professora?)\s+)?"
_NAMED: Final = Pattern(
    r"\b(?:meu nome(?: completo)?\s*(?:(?:e|eh)\b|[:=?])|me chamam de|pode anotar"
    r"|(?:no|em) nome d[eoa]|my name is|me llamo|mi nombre es|assina(?:do|tura)?\s*:|att\s*[,:.]"
    r"|(?:eu )?me chamo|(?:pode |podem )?me chamar? de|pode chamar de"
    rf"|(?:^|(?<=[\n.,!]\s))chamo(?!-me\b)|^\s*nome(?: completo)?\s*(?::|(?=[a-z]+$))"
    rf"|chamo[- ]me)\s*(?:[oa]\s+)?{_TITLE}",
    re.MULTILINE,
)
_INTRODUCED: Final = Pattern(
    r"(?:\b(?:a(?:qui|ki) (?:e|eh)|aqui quem fala (?:e|eh)|quem (?:fala|escreve"
    r"|(?:es)?ta falando) (?:aqui )?(?:e|eh)"
    r"|sou)\s+(?:eu\s*,?\s+)?[oa]\s+"
    r"|\b(?:(?:aqui )?quem (?:fala|escreve)|aqui) (?:e|eh)\s+(?:[oa]\s+)?"
    rf"|(?:^|[,.!?\n]\s*|\b(?:oi+e?|ola|opa|eu|dia|tarde|noite)\s+)(?:sou|(?:e|eh) [oa]"
    rf"|prazer,?)\s+(?:[oa]\s+)?){_TITLE}",
    re.MULTILINE,
)
_HERE: Final = Pattern(r"\s+(?:aqui|falando|na area|por aqui)(?:\s+d[aeo]\s.*)?$")
_ANOTHER: Final = Pattern(
    r"\b(?:esposa|marido|mulher|mae|pai|filh[oa]|secretaria"
    r"|noiv[oa])\s+d[oae]\s*$"
)
_COMPANY: Final = Pattern(
    r"\b(?:(?:minha|nossa|a) empresa\s*(?:e|eh|se chama|chama|:|,)\s*(?:[oa]\s+)?"
    r"|(?:meu negocio|minha loja|nossa loja|meu comercio)\s*(?:e|eh|se chama|chama)\s+(?:[oa]\s+)?"
    r"|^\s*(?:empresa|razao social|loja)\s*:\s*|^\s*empresa\s+(?=[a-z])"
    r"|\b(?:rh|financeiro|compras|comercial|marketing|administrativo|ti|setor \w+) d[oa]\s+"
    r"|(?:represento|represent\w+|em nome d)\s*[oae]\s+(?:empresa\s+)?"
    r"|(?:trabalho|trabalhamos)\s+(?:n[oa]|pr[oa]|para [oa])\s+(?:empresa\s+)?"
    r"|\b(?:sou|somos|falo|falamos)\s+(?:d|pel)[oa]\s+(?!rh\b|financeiro\b|ti\b)(?:empresa\s+"
    r"|loja\s+)?"
    r"|\b(?:soci[oa]|don[oa]|proprietari[oa]|gerente|diretora?|compras|financeiro|rh"
    r"|funcionari[oa])"
    r"\s+d[oa]\s+(?:empresa\s+)?"
    r"|\b(?:pra|para a|da|na) empresa\s+(?=[a-z])"
    r"|\baqui e d[oa]\s+(?:empresa\s+)?)",
    re.MULTILINE,
)
_OWNED: Final = Pattern(
    rf"\b(?:tenho|temos) (?:um|uma) (?:{'|'.join(TRADES)})\s*,\s*(?:[oa]\s+|chamad[oa]\s+)?"
)
_KIND_OF_TRADE: Final = Pattern(rf"(?:{'|'.join(TRADES)})\s+(?:d[aeo]s?\s+)?")
_TRADE: Final = Pattern(rf"\bd[ao]\s+(?=(?:{'|'.join(TRADES)})\s+\w)")
_NO_COMPANY: Final = (STOP_WORDS | GREETINGS) - frozenset(
    ["bom", "boa", "dia", "noite", "sao", "por", "mais", "tudo", "bem", "nova"]
)
_KID: Final = (
    r"(?:filh[oa]|filhinh[oa]|primogenit[oa]|filhot[ea]|menin[oa]|menininh[oa]|garot[oa]"
    r"|pequen[oa]|bebe|nenem|crianca"
    r"|net[oa]|netinh[oa]|sobrinh[oa]|afilhad[oa]|entead[oa]|guri|guria|cacula|molequ[ea]"
    r"|mocinh[oa]|gemeos|gemeas|irmaozinho|irmazinha|alun[oa])"
)
_ADULT: Final = 18
_SMALL: Final = "|".join(word for word, value in WORDS.items() if value < _ADULT)
_AGE: Final = rf"(?P<age>\d{{1,2}}|{_SMALL})"
_AGED: Final = (
    Pattern(
        rf"\b{_KID}\b[^.!?\n]{{0,40}}?\b(?:tem|de|com|fez|faz|fara|completa|completou|vai fazer"
        rf"|vai completar|esta com|idade)\s*:?\s+{_AGE}\s*(?:an(?:os?|inhos?)\b|(?=$|[,.;!?\n]))"
        r"(?!\s+de (?:garantia|uso|casad|mercado))"
    ),
    Pattern(
        rf"\b(?:el[ea]|[oa] (?:mais (?:velh|nov)[oa]|maior|menor|outr[oa]|primeir[oa]|segund[oa])"
        rf"|(?:[oae]|pr[oa]|d[oa]|para)\s+(?P<who>(?!el[ea]\b)[a-z]+)(?:\s+[a-z]+)?)\s+(?:ja\s+"
        rf"|so\s+)?(?:tem"
        rf"|fez|faz|fara|completa|completou"
        rf"|vai fazer|vai completar|esta com|ta com|de)\s+{_AGE}\s*(?:an(?:os?|inhos?)\b|(?=$"
        rf"|[,.;!?\n]))"
    ),
    Pattern(
        rf"\b(?:{_KID}|el[ea])\b[^.!?\n]{{0,40}}?\be (?:ja |so )?(?:tem|fez|esta com|ta com)\s+"
        rf"{_AGE}\s*an(?:os?|inhos?)\b"
    ),
    Pattern(
        r"\b(?:pr[oa]|para(?:\s+[oa])?|d[oa])\s+(?P<who>[a-z]+)(?:\s+[a-z]+)?\s*,\s*"
        rf"(?:que |e )?el[ea]\s+(?:tem|fez|esta com|ta com)\s+{_AGE}\b"
    ),
    Pattern(
        rf"(?:^|[.!?,\n]\s*)(?P<who>[a-z]+)(?:\s+[a-z]+){{0,3}}\s*,\s*(?:de\s+)?{_AGE}"
        r"\s+an(?:os?|inhos?)\b"
    ),
    Pattern(
        rf"\b(?:vaga|turma|matricula|bercario|maternal)\b[^.!?\n]{{0,15}}?(?:pra|para|de)\s+{_AGE}"
        r"\s+an(?:os?|inhos?)\b"
    ),
    Pattern(rf"\bel[ea]\s+(?:fez|faz|completou|completa)\s+{_AGE}\b(?!\s*(?:x|mil|reais|horas))"),
    Pattern(rf"\b{_KID}\b[^.!?\n]{{0,25}}?\s(?:de\s+)?{_AGE}\s+an(?:os?|inhos?)\b"),
    Pattern(
        r"\b(?:matricular|inscrever|rematricular|vaga|matricula)\b[^.!?\n]{0,30}?,\s*"
        rf"{_AGE}\s*an(?:os?|inhos?)\b"
    ),
    Pattern(rf"\b{_KID}\b[^.!?\n]{{0,25}},\s*(?:de\s+)?{_AGE}\s+an(?:os?|inhos?)\b"),
)
_NAMED_KID: Final = Pattern(
    rf"\b(?:{_KID}(?:\b[^.!?\n]{{0,25}}?\s(?:se chama|chama-se|chamad[oa]|chama)"
    rf"|(?:\s+\w+)?\s*,?\s+e [oa])"
    rf"|el[ea] se chama|nome (?:d(?:el[ea]|[oa] (?:meu |minha )?{_KID})(?: e| eh)?"
    rf"|d[ao] {_KID})\s*:?"
    rf"|(?:{_KID}\s*:)|d[oa] (?:meu|minha) {_KID} (?:e|eh)\b|\b(?:mae|pai|avo|tia"
    rf"|tio) d[oa]\b)\s*(?:e |eh )?(?:[oa]\s+)?"
)
_PUPIL: Final = Pattern(
    r"\b(?:matricular|inscrever|rematricular|matricula|rematricula|vaga|inscricao)\s+"
    r"(?:d[oa]|pr[oa]|para(?:\s+[oa])?|[oa])\s+(?=[^\W\d_])"
)
_KID_THEN_NAME: Final = Pattern(rf"\b{_KID}\s*,?\s+(?:[oa]\s+)?(?=[^\W\d_])")
# After the name, what a customer tells of themselves: «Paulo, conta de 800».
_TOLD: Final = Pattern(r"(?:conta|luz|moro|sou|quero|\d+ (?:quartos|dorm)|apto|casa|bairro)\b")
_OF_TRADE: Final = Pattern(rf"\b(?:{'|'.join(TRADES)})\s+$")  # «Escola Pequeno Mundo»
_OF_HOUSE: Final = Pattern(r"d[ao] [A-ZÀ-Ý]")
_SHORTEST: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    name: str | None = None
    age: int | None = None


def find_name(text: str, *, answering: bool = False) -> str | None:
    """The writer's own name as written; `answering` a question for it needs no capital letter."""
    folded = fold(text)
    for found in _NAMED.finditer(folded):
        name = _name_at(text, found.end(), capital=False)
        if name:
            return name
    for found in _INTRODUCED.finditer(folded):
        name = _name_at(text, found.end(), capital=False)
        if name and (answering or _looks_like_name(name)):
            return name
    return next(_signed(text), None) or _alone(text)


def find_company(text: str) -> str | None:
    folded = fold(text)
    starts = [
        found.end() for pattern in (_COMPANY, _OWNED, _TRADE) for found in pattern.finditer(folded)
    ]
    for start in starts:
        name = proper(text, start, _NO_COMPANY, capital=True)
        trade = _KIND_OF_TRADE.match(folded, start)
        if trade and text[start].islower():
            rest = proper(text, trade.end(), _NO_COMPANY, capital=True)
            name = f"{text[start : trade.end()]}{rest}" if rest else None
        if name and normalise(name) not in CITIES and normalise(name) not in (*QUARTERS, *TRADES):
            return name
    return None


def find_child(text: str) -> Child:
    folded = fold(text)
    return Child(name=_child_name(text, folded), age=_child_age(folded))


def _name_at(text: str, start: int, *, capital: bool) -> str | None:
    name = proper(text, start, _NO_PERSON, capital=capital)
    return _without_home(name) if name else None


def _without_home(name: str) -> str:
    """«Gustavo de Pelotas» without the city."""
    said = name.split()
    for place in range(len(said) - 2, 0, -1):
        if fold(said[place]) in CONNECTIVES and _is_home(" ".join(said[place + 1 :])):
            return " ".join(said[:place])
    return name


def _is_home(place: str) -> bool:
    key = normalise(place)
    return key in CITIES and key not in SURNAMES


def _looks_like_name(name: str) -> bool:
    """Known, or written like a name of two words: «sou Flamengo» is none."""
    first, *others = name.split()
    if fold(first) in FIRST_NAMES:
        return True
    is_place = normalise(name) in CITIES or normalise(name) in QUARTERS
    return first.istitle() and not is_place and (bool(others) or len(first) > _SHORTEST)


def _signed(text: str) -> Iterator[str]:
    """«Patrícia aqui», «Gustavo falando»."""
    for clause in CLAUSE.findall(text):
        said = clause.split()
        while said and fold(said[0]) in GREETINGS | {"dona", "seu", "sr", "sra"}:
            said.pop(0)
        rest = " ".join(said)
        here = _HERE.search(fold(rest))
        name = rest[: here.start()] if here else ""
        if (
            name
            and proper(name, 0, NO_NAME, capital=False) == name
            and fold(said[0]) in FIRST_NAMES
        ):
            yield name


def _alone(text: str) -> str | None:
    """«Rodrigo Alves, prazer», «Rafael, Curitiba»: a name before all else."""
    said = [part.strip() for part in CLAUSE.findall(text)]
    name, *rest = [part for part in said if part and not _is_greeting(part)] or [""]
    is_name = _name_at(name, 0, capital=True) == name and fold(name.split()[0]) in FIRST_NAMES
    if not is_name:
        return None
    is_whole = not rest and len(name.split()) > 1 and "?" not in text
    return name if is_whole or (rest and _is_from(rest[0])) else None


def _is_from(clause: str) -> bool:
    return any((normalise(clause) in CITIES, _OF_HOUSE.match(clause), _TOLD.match(fold(clause))))


def _is_greeting(clause: str) -> bool:
    return all(fold(word) in GREETINGS | THANKS | {"prazer"} for word in clause.split())


def _child_age(folded: str) -> int | None:
    for pattern in _AGED:
        for found in pattern.finditer(folded):
            who = found.groupdict().get("who")
            age = number(found["age"])
            if (who is None or who in FIRST_NAMES or re.fullmatch(_KID, who)) and age < _ADULT:
                return age
    return None


def _child_name(text: str, folded: str) -> str | None:
    for found in _NAMED_KID.finditer(folded):
        name = _name_at(text, found.end(), capital=False)
        if name:
            return titled(name)
    for found in (*_KID_THEN_NAME.finditer(folded), *_PUPIL.finditer(folded)):
        name = _name_at(text, found.end(), capital=False)
        if name and _is_kid(name, folded[: found.start()]):
            return titled(name)
    for pattern in _AGED:
        for found in pattern.finditer(folded):
            if found.groupdict().get("who") in FIRST_NAMES and number(found["age"]) < _ADULT:
                return _name_at(text, found.start("who"), capital=False)
    return None


def _is_kid(name: str, before: str) -> bool:
    """«Escola Pequeno Mundo» is none."""
    is_known = fold(name.split(maxsplit=1)[0]) in FIRST_NAMES or name[0].isupper()
    return is_known and _OF_TRADE.search(before) is None
