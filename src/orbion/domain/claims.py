"""A claim of a deed, the verbs it is told with, and when such words claim nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from orbion.domain.action_words import DOCUMENTS, NOUNS, VERBS
from orbion.domain.clauses import is_denied
from orbion.domain.receipts import Deed
from orbion.kit.pattern import Pattern

STEMS: Final = "|".join(sorted(VERBS, key=len, reverse=True))
THINGS: Final = "|".join(NOUNS)
_IF: Final = Pattern(
    r"\b(?:se|caso|quando|assim que|logo que|depois que|depois d[aeo]s?|apos|ate"
    r"|antes d[eao]|desde que|como se|a medida que|so depois|somente apos|tao logo|enquanto"
    r"|que pena|infelizmente|sinto muito"
    r"|lament\w+|entendi que|vi que|pelo que"
    r"|(?:voce|vc) (?:disse|falou|comentou)|imagino|parece|quem|nada (?:foi|esta|ficou|ainda)"
    r"|ninguem|que eu (?:ja |te |lhe )*[a-z]+o)\b"
)
_EXCHANGED: Final = frozenset(("mud", "troqu", "troc"))
_MOVED: Final = frozenset(("transfer", "pass", "lev"))
_DATED: Final = Pattern(r"\b(?:visita|consulta|horario|reuniao|aula|dia|agenda|vistoria)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionClaim:
    """Words of the reply, and the deeds of which any would make them true."""

    words: str
    backed_by: frozenset[Deed]


def claim(found: re.Match[str], backed: frozenset[Deed]) -> ActionClaim:
    return ActionClaim(words=found.group().strip(), backed_by=backed)


def is_real(before: str) -> bool:
    """Whether what stands before neither denies nor supposes it."""
    return not is_denied(before) and _IF.search(before) is None


def real(pattern: Pattern, text: str) -> Iterator[re.Match[str]]:
    return (each for each in pattern.finditer(text) if is_real(text[: each.start()]))


def backing(stem: str, said: str) -> frozenset[Deed]:
    """What backs the verb.

    A link to pay may come from a tool that charges; a contract may not.
    """
    backed = VERBS[stem]
    if stem in _MOVED and _DATED.search(said):
        return backed | {Deed.BOOK, Deed.MOVE}
    if stem in _EXCHANGED and not _DATED.search(said):
        return backed | {Deed.NOTE, Deed.APPLY}
    if Deed.SEND in backed and Deed.PAY in backed and re.search(rf"\b(?:{DOCUMENTS})", said):
        return backed - {Deed.PAY}
    return backed
