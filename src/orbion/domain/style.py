"""How a reply must read on WhatsApp: short, one question, one emoji, no opener, no flat list."""

from collections.abc import Sequence
from typing import Final

from orbion.domain.text import normalise
from orbion.kit.pattern import Pattern

MOST_LINES: Final = 4
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
_EMOJI: Final = Pattern(
    "(?:[\U0001f1e6-\U0001f1ff]{2}|[\U0001f300-\U0001faff\u2600-\u27bf\u2b50\u2b55\u231a-\u23ff]"
    "(?:\ufe0f|[\U0001f3fb-\U0001f3ff]|\u200d[\U0001f300-\U0001faff\u2600-\u27bf]\ufe0f?)*)"
)
_LIST_MARK: Final = Pattern(r"\s*(?:[-•*\u2013▪✅]|\d{1,2}\s?[.)]|\d\ufe0f?\u20e3)\s")
_FLAT: Final = Pattern(
    r"(?:[•▪✅][^\n•▪✅]+){2}[•▪✅]|(?:^|\s)1\s?[.)]\s[^\n]+\s2\s?[.)]\s"
    r"|(?:\s[-\u2013*]\s?[^\n\u2013*-]{2,60}){3}(?=\s[-\u2013*]\s|$)"
)
_QUESTION: Final = Pattern(r"\?+")


def find_style_problems(texts: Sequence[str], *, without_links: Sequence[str]) -> tuple[str, ...]:
    """Short names; `without_links` are the texts with their links taken out."""
    found = {
        "questions": sum(len(_QUESTION.findall(text)) for text in without_links) > 1,
        "opener": any(map(_opens_badly, texts)),
        "lines": any(_lines(text) > MOST_LINES for text in texts),
        "emoji": sum(len(_EMOJI.findall(text)) for text in texts) > 1,
        "flat_list": any(_FLAT.search(text) for text in texts),
    }
    return tuple(name for name, wrong in found.items() if wrong)


def _opens_badly(text: str) -> bool:
    opening = f"{normalise(text[:60])} "
    return any(opening.startswith(f"{words} ") for words in FORBIDDEN_OPENERS)


def _lines(text: str) -> int:
    """A list is read at a glance: all its lines count as one."""
    lines = [line for line in text.splitlines() if line.strip()]
    listed = [_LIST_MARK.match(line) is not None for line in lines]
    return len(lines) - max(sum(listed) - 1, 0)
