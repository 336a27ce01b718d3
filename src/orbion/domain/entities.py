"""Read out of one message everything that a seller would note down."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from types import MappingProxyType
from typing import Final

from orbion.domain.moments import find_date, find_time
from orbion.domain.money import Amount, find_amounts
from orbion.domain.numbers import WORDS, number
from orbion.domain.people import find_child, find_company, find_name
from orbion.domain.phones import find_phones
from orbion.domain.places import find_city, find_quarter
from orbion.domain.proper import titled
from orbion.domain.text import compose, fold
from orbion.kit.pattern import Pattern

EMAIL: Final = Pattern(r"[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_SPOKEN_EMAIL: Final = Pattern(
    r"\b[a-z0-9._%+-]+(?:\s(?:ponto|underline|traco)\s[a-z0-9._%+-]+)*\s?(?:@|\(?arroba\)?)\s?"
    r"[a-z0-9-]+(?:\s?(?:\.|ponto)\s?[a-z0-9-]+)+"
)
_SPOKEN_SIGNS: Final[Mapping[str, str]] = MappingProxyType(
    {"ponto": ".", "underline": "_", "traco": "-", "arroba": "@", "(arroba)": "@"}
)
_MOST_ROOMS: Final = 10
_COUNTED: Final = "|".join(word for word, value in WORDS.items() if value <= _MOST_ROOMS)
_BEDROOMS: Final = (
    Pattern(
        rf"(?<![\d/.,])\b(?P<count>\d{{1,2}}|{_COUNTED})\s*"
        r"(?:bons\s+)?(?:quart(?:o|inho)s?|q(?:u?ar)?to?s?|q|dorms?|dormit\w*|qtos?"
        r"|qts?)\b(?!\s+andar)"
    ),
    Pattern(rf"(?<![\d/.,])\b(?P<count>\d{{1,2}}|{_COUNTED})\s+suites?\b"),
)
_ONE_COUNT: Final = Pattern(rf"(?<![\d.,/])\b(\d{{1,2}}|{_COUNTED})\b(?![.,/]?\d)")
_EITHER: Final = Pattern(rf"(?:\d|\b(?:{_COUNTED}))\s*(?:ou|a)\s*$")
_NO_MONEY: Final = Pattern(
    r"\b\d{1,2}/\d{1,2}(?:/\d{2,4})?\b|\b\d{1,2}[:h]\d{2}\b|\bdia \d{1,2}\b"
    r"|\b\d{3}\.\d{3}\.\d{3}-\d{2}\b"
    r"|\b\d{5}-\d{3}\b|\b(?:numero|n|nº|apto|bloco|casa|pedido|protocolo|rua [\w ]+,)\s*\d+\b"
)
_CLAUSE: Final = Pattern(
    r"[;!?\n]|[,.](?=\s|$)|\s(?:mas|e (?=moro|quero|procuro|tenho|minha"
    r"|meu))\b"
)
_BILL: Final = Pattern(
    r"\b(?:contas?|luz|energia|faturas?|cpfl|enel|light|cemig|copel|coelba|celpe|celesc"
    r"|equatorial|energisa|neoenergia|elektro|edp|consumo)\b"
    r"|\b(?:vem|veio|vindo)\s+(?:(?:uns?|umas|em|cerca|torno|media|mais|menos|ou|volta|por|de|quase"
    r"|na|faixa|dos?)\s+)*(?:r\$\s*)?\d"
)
_BUDGET: Final = Pattern(
    r"\b(?:orcamento|budget|ate|maximo|max|teto|limite|faixa|investir|investimento|gastar|pagar"
    r"|tenho|disponho|disposto|disposta|pretendo|verba|alugar|aluguel|bolso|passa|passe|passar"
    r"|passo de|menos de|abaixo de|na casa d[eo]s?|mensalidade|posso|consigo|procuro|valor"
    r"|guardad[oa]s?)\b"
)
_NOT_BUDGET: Final = Pattern(
    r"\b(?:entrada|vi|anuncio|desconto|taxa|iptu|condominio|fgts|salario|renda|ganho|kit|custa"
    r"|cobram|divida|devo|multa|carta|matricula|parcela|concorrente|sai por|car[oa]|barat[oa]"
    r"|pedindo|pedem)\b"
)
_NOT_BILL: Final = Pattern(r"\b(?:kit|vi|anuncio|desconto|taxa|multa|economi\w+|placas?)\b")
_LONGEST: Final = 2_000
_LEAST_BILL: Final = 20_00
_LEAST_BUDGET: Final = 100_00
_YEARS: Final = range(2020_00, 2036_00)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entities:
    """What one message says; amounts in centavos, names and places as a person would write them."""

    name: str | None = None
    company: str | None = None
    email: str | None = None
    phone_e164: str | None = None
    budget: int | None = None
    bill: int | None = None
    day: date | None = None
    at: time | None = None
    bedrooms: int | None = None
    child_age: int | None = None
    child_name: str | None = None
    city: str | None = None
    neighborhood: str | None = None


def read_entities(text: str, today: date) -> Entities:
    """Days are meant as seen from `today` in the zone of the business."""
    said = compose(text[:_LONGEST])
    email, phones = find_email(said), find_phones(said)
    rest = _without(said, [quote for _, quote in phones] + ([email[1]] if email else []))
    bill, budget = _amounts(rest)
    child, name, city = find_child(rest), find_name(rest), find_city(rest)
    return Entities(
        name=titled(name) if name else None,
        company=find_company(rest),
        email=email[0] if email else None,
        phone_e164=phones[0][0] if phones else None,
        budget=budget,
        bill=bill,
        day=find_date(rest, today),
        at=find_time(rest),
        bedrooms=find_bedrooms(rest),
        child_age=child.age,
        child_name=child.name,
        city=city.name if city else None,
        neighborhood=find_quarter(rest),
    )


def find_email(text: str) -> tuple[str, str] | None:
    """(address in lower case, quote)."""
    folded = fold(text)
    found = EMAIL.search(folded) or _SPOKEN_EMAIL.search(folded)
    if found is None:
        return None
    address = "".join(_SPOKEN_SIGNS.get(word, word) for word in found.group().split())
    return address, text[found.start() : found.end()]


def find_bedrooms(text: str) -> int | None:
    folded = fold(text)
    found = next((each for pattern in _BEDROOMS if (each := pattern.search(folded))), None)
    if found is None or _EITHER.search(folded, 0, found.start()):
        return None
    return number(found["count"])


def find_count(text: str) -> int | None:
    """The small number that answers «quantos?», if there is no other."""
    found = _ONE_COUNT.findall(fold(text))
    return number(found[0]) if len(found) == 1 else None


def _without(text: str, quotes: list[str]) -> str:
    for quote in quotes:
        text = text.replace(quote, " ")
    return text


def _amounts(text: str) -> tuple[int | None, int | None]:
    """(bill, budget): an amount is of what its own clause speaks of, else of what the rest does."""
    found: dict[str, int] = {}
    around = _subject(fold(text))
    for clause, amounts in _claims(text):
        said = fold(clause)
        subject = _subject(said) or around
        for amount in amounts:
            if subject == "bill" and not _NOT_BILL.search(said):
                if amount.marked or amount.centavos >= _LEAST_BILL:
                    found.setdefault(subject, amount.centavos)
            elif subject == "budget" and not _NOT_BUDGET.search(said) and _is_much(amount):
                found[subject] = max(found.get(subject, 0), amount.centavos)
    return found.get("bill"), found.get("budget")


def _subject(said: str) -> str | None:
    if _BILL.search(said):
        return "bill"
    return "budget" if _BUDGET.search(said) else None


def _claims(text: str) -> Iterator[tuple[str, tuple[Amount, ...]]]:
    kept = _NO_MONEY.sub(lambda found: " " * len(found.group()), fold(text))
    plain = "".join(" " if mark == " " else letter for letter, mark in zip(text, kept, strict=True))
    return ((clause, find_amounts(clause)) for clause in _CLAUSE.split(plain))


def _is_much(amount: Amount) -> bool:
    bare = amount.centavos >= _LEAST_BUDGET and not (
        amount.quote.isdigit() and amount.centavos in _YEARS
    )
    return amount.marked or bare
