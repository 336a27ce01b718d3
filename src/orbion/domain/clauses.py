"""Tell what a sentence asserts from what it asks, denies or leaves open."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from orbion.kit.pattern import Pattern

_SENTENCE: Final = Pattern(r"[^.!?;\n…]+(?:\.(?=\d)[^.!?;\n…]+)*[.!?;\n…]*")
_CLAUSE: Final = Pattern(
    r",|\s[-\u2013—]\s|\b(?:mas|porem|so que|entao|pois|porque|por isso|e ai|ja que|embora)\b|[():]"
)
_DENIED: Final = Pattern(
    r"\b(?:nao|nunca|nem|jamais|nenhum\w*|ninguem|n)\b(?! (?:so|apenas|somente|tem erro|se "
    r"preocup\w+"
    r"|precisa se preocup\w+|perca|deixe|vai se arrepender|tenha duvida|paga|paga nada|cobra\w*"
    r"|passa de|custa mais|sai (?:por )?mais|consult\w+ (?:o )?(?:spc|serasa))\b)"
)
_OPEN: Final = Pattern(
    r"\b(?:verificar|consultar|confirmar|conferir|checar|vou ver|posso ver|vejo|checo|confirmo se"
    r"|verifico"
    r"|consulto|se (?:tiver|houver|voce quiser|der|tem|existe|ha|da|rola|vale|consegu\w+|podemos)"
    r"|caso"
    r"|depende\w*|talvez|nao sei|sem saber|perguntar|pergunto|avaliar|avalia|avaliamos|analisar"
    r"|analisa|quem (?:confirma|define|decide|passa|informa)"
    r"|precis\w+ (?:confirmar|ver|checar|consultar)|ainda nao|combinad[oa] com|antes de "
    r"(?:prometer|garantir))\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """Folded text; what is asserted is neither denied nor left open nor asked."""

    text: str
    start: int
    sentence: int
    is_asked: bool


def clauses(folded: str) -> Iterator[Clause]:
    for number, sentence in enumerate(_SENTENCE.finditer(folded)):
        asked = "?" in sentence.group()
        place = sentence.start()
        for part in _parts(sentence.group()):
            yield Clause(text=part, start=place, sentence=number, is_asked=asked)
            place += len(part)


def _parts(sentence: str) -> Iterator[str]:
    start = 0
    for found in _CLAUSE.finditer(sentence):
        yield sentence[start : found.start()]
        start = found.start()
    yield sentence[start:]


def is_denied(clause: str, until: int | None = None) -> bool:
    """Whether a «não» stands before the place."""
    return _DENIED.search(clause[:until]) is not None


def is_open(clause: str) -> bool:
    """Whether somebody has yet to find out."""
    return _OPEN.search(clause) is not None
