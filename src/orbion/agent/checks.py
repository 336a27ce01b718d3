"""Judge a reply before it may leave: what it claims must stand in the data or the chat."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from orbion.domain.money import find_amounts
from orbion.domain.reply import Reply
from orbion.domain.text import fold, normalise
from orbion.domain.turns import Facts

MOST_BUBBLES: Final = 4
MOST_CHARACTERS: Final = 4096
LEAK_CHARACTERS: Final = 40
FORBIDDEN_OPENERS: Final = (
    "claro",
    "com certeza",
    "certamente",
    "perfeito",
    "otimo",
    "excelente",
    "entendo",
    "compreendo",
    "que otimo",
    "otima pergunta",
    "excelente pergunta",
    "como uma ia",
    "como um modelo",
    "como modelo de linguagem",
)
_Claim = TypeVar("_Claim")
_LINK: Final = re.compile(
    r"https?://\S+|www\.\S+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|net|org|br|io|me|ly|app|site)\b\S*"
)
_PHONE: Final = re.compile(r"\+?\(?\d[\d ().-]{6,}\d")
_PERCENT: Final = re.compile(r"\d+(?:[.,]\d+)?\s*%")
_DIGIT: Final = re.compile(r"\d")
_FEWEST_DIGITS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What a reply may rest on: the data of the business, the chat, what is known of the lead.

    `sources` are read only for a reply that claims something.
    """

    instructions: str
    sources: Callable[[], Sequence[str]]
    facts: Facts


def find_problems(reply: Reply, grounds: Grounds) -> tuple[str, ...]:
    """Short names of all that is wrong; empty = it may leave."""
    texts = [bubble.text for bubble in reply.bubbles]
    secret = normalise(grounds.instructions)
    found = {
        "empty": not texts and not reply.handoff and not reply.silence_reason,
        "too_many_bubbles": len(texts) > MOST_BUBBLES,
        "blank_bubble": not all(text.strip() for text in texts),
        "too_long": any(len(text) > MOST_CHARACTERS for text in texts),
        "questions": sum(len(re.findall(r"\?+", _LINK.sub("", text))) for text in texts) > 1,
        "asks_known": reply.asked in {*grounds.facts, *reply.facts},
        "opener": any(map(_opens_badly, texts)),
        "amount": _unfounded(_amounts, texts, grounds.sources),
        "percent": _unfounded(_percents, texts, grounds.sources),
        "link": _unfounded(_links, texts, grounds.sources),
        "phone": _unfounded(_phones, texts, grounds.sources),
        "leak": any(_leaks(text, secret) for text in texts),
    }
    return tuple(name for name, wrong in found.items() if wrong)


def _opens_badly(text: str) -> bool:
    opening = f"{normalise(text[:60])} "
    return any(opening.startswith(f"{words} ") for words in FORBIDDEN_OPENERS)


def _unfounded(
    claims: Callable[[Iterable[str]], set[_Claim]],
    texts: Sequence[str],
    sources: Callable[[], Sequence[str]],
) -> bool:
    claimed = claims(texts)
    return bool(claimed) and not claimed <= claims(sources())


def _amounts(texts: Iterable[str]) -> set[int]:
    """Centavos of every amount that is written as money."""
    return {found.centavos for text in texts for found in find_amounts(text) if found.marked}


def _percents(texts: Iterable[str]) -> set[str]:
    return {found.replace(" ", "") for text in texts for found in _PERCENT.findall(fold(text))}


def _links(texts: Iterable[str]) -> set[str]:
    return {found.rstrip(".,;!?)") for text in texts for found in _LINK.findall(fold(text))}


def _phones(texts: Iterable[str]) -> set[str]:
    runs = (
        "".join(_DIGIT.findall(found)) for text in texts for found in _PHONE.findall(fold(text))
    )
    return {digits for digits in runs if len(digits) >= _FEWEST_DIGITS}


def _leaks(text: str, instructions: str) -> bool:
    said = normalise(text)
    starts = range(len(said) - LEAK_CHARACTERS + 1)
    return any(said[start : start + LEAK_CHARACTERS] in instructions for start in starts)
