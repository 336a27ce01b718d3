"""Bring what people type to a form in which it can be compared."""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


def _fold_letter(letter: str) -> str:
    return unicodedata.normalize("NFKD", letter)[:1].lower()[:1] or letter


_LATIN: Final[Mapping[int, str]] = MappingProxyType(
    {code: _fold_letter(chr(code)) for code in range(0x250)}
)
_BEYOND_LATIN: Final = re.compile(r"[^\x00-\u024f]")
_WORD: Final = re.compile(r"[a-z0-9]+")
_STRETCHED: Final = re.compile(r"([a-z])\1{2,}")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_UNSEEN: Final = re.compile(
    r"[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200e\u200f\u202a-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
    r"|(?<![\u2190-\U0010ffff])\u200d"  # elsewhere it joins the parts of an emoji
)
_CLAUSE_END: Final = re.compile(r"[,.;:!?\n()…]+|\s[-\u2013\u2014]+\s")
_SENTENCE_END: Final = re.compile(r"(?<=[!?;\n])|(?<=\.)\s")


def compose(text: str) -> str:
    """Unicode NFC, so that a letter and its accent are one character."""
    return unicodedata.normalize("NFC", text)


def printable(text: str) -> str:
    """Without control characters and lone surrogates; lines end with a line feed alone.

    NUL is the dangerous one: Evolution fails on it after WhatsApp took the message.
    """
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def visible(text: str) -> str:
    """What is printable and seen; an invisible character could hide a word from a check."""
    return _UNSEEN.sub("", printable(text))


def fold(text: str) -> str:
    """Lower case without accents; as long as composed `text`, so that spans are the same."""
    if text.isascii():
        return text.lower()
    return _BEYOND_LATIN.sub(lambda found: _fold_letter(found.group()), text.translate(_LATIN))


def words(text: str) -> tuple[str, ...]:
    """Folded words in order; stretched letters («oiiii») count once."""
    return tuple(_WORD.findall(_STRETCHED.sub(r"\1", fold(compose(text)))))


def normalise(text: str) -> str:
    """The words, separated by one space."""
    return " ".join(words(text))


def contains_phrase(normalised: str, phrase: str) -> bool:
    """Whether `phrase` stands in `normalised` text as whole words; both are normalised."""
    return bool(phrase) and f" {phrase} " in f" {normalised} "


def sentences(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in _SENTENCE_END.split(compose(text)) if part.strip())


def clauses(text: str) -> tuple[str, ...]:
    """The parts between punctuation marks, the end of a line being one."""
    return tuple(part for each in _CLAUSE_END.split(compose(text)) if (part := each.strip()))
