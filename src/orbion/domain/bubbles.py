"""Split long text into messages of the size in which people write on WhatsApp."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from orbion.domain.text import printable

NATURAL: Final = 480
"""Characters that still read as one message on a phone."""
LONGEST: Final = 4096
MOST_BUBBLES: Final = 5
"""An answer in more messages than this feels like an attack: they become longer instead."""

_MARK: Final = r"[ \t]*(?:[-•*\u2013▪✅]|\d{1,2}[ ]?[.)\-\u2013]|\d\ufe0f?\u20e3)[ \t]+"
_ITEM: Final = re.compile(rf"^{_MARK}\S", re.MULTILINE)
_PARAGRAPH: Final = re.compile(rf"\n[ \t]*\n(?:[ \t]*\n)*+(?!{_MARK}\S)")
_LINE: Final = re.compile(r"\n")
_WORD: Final = re.compile(r"(?:\{\{[^{}\n]*\}\}|\S)+")
_SPACE: Final = re.compile(r"[ \t]+")
_ENDS: Final = (".", "!", "?", "…", ";", ":")
_ABBREVIATIONS: Final = frozenset(
    ("av.", "r.", "al.", "dr.", "dra.", "sr.", "sra.", "prof.", "profa.", "eng.", "n.", "tel.")
)

Piece: TypeAlias = tuple[str, str]
"""What separated it from the piece before, and its text."""
Cut: TypeAlias = Callable[[str], Iterator[Piece]]


def split_answer(texts: Sequence[str]) -> tuple[str, ...]:
    """Split each text where a person would press «send»; words and their order stay.

    A list with the line above it stays whole, and so does every line of it, every link and every
    `{{…}}`. No message is longer than `LONGEST`, and there are at most `MOST_BUBBLES` of them
    unless the words need more or came in more texts.
    """
    whole = [printable(text).strip() for text in texts]
    size = NATURAL
    while True:
        parts = (part.strip() for text in whole for part in _split(text, size, _CUTS))
        found = tuple(part for part in parts if part)
        if size >= LONGEST or len(found) <= MOST_BUBBLES:
            return found
        size = min(size * 2, LONGEST)


def _split(text: str, size: int, cuts: Sequence[Cut]) -> list[str]:
    if len(text) <= (LONGEST if _is_list(text) else size):
        return [text]
    if not cuts:
        return [text[start : start + LONGEST] for start in range(0, len(text), LONGEST)]
    bubbles = [""]
    for gap, piece in cuts[0](text):
        if len(bubbles[-1]) + len(gap) + len(piece) <= size:
            bubbles[-1] += gap + piece if bubbles[-1] else piece
        else:
            bubbles += _split(piece, size, cuts[1:])
    return bubbles


def _is_list(text: str) -> bool:
    return _ITEM.search(text) is not None and _PARAGRAPH.search(text) is None


def _at(gap: re.Pattern[str]) -> Cut:
    def cut(text: str) -> Iterator[Piece]:
        end, before = 0, ""
        for found in gap.finditer(text):
            yield before, text[end : found.start()]
            end, before = found.end(), found.group()
        yield before, text[end:]

    return cut


def _words(text: str) -> Iterator[Piece]:
    end = 0
    for found in _WORD.finditer(text):
        yield text[end : found.start()], found.group()
        end = found.end()


def _sentences(text: str) -> Iterator[Piece]:
    before, sentence, last = "", "", ""
    for gap, word in _words(text):
        if last.endswith(_ENDS) and last.casefold() not in _ABBREVIATIONS:
            yield before, sentence
            before, sentence = gap, word
        else:
            sentence += gap + word
        last = word
    yield before, sentence


_CUTS: Final[Sequence[Cut]] = (_at(_PARAGRAPH), _at(_LINE), _sentences, _words)
