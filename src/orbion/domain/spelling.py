"""Write out the forms of Portuguese words, and tell words that merely are misspelled alike."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Final

_ENDINGS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "ar": ("ar", "arem", "armos", "a", "asse", "assem", "ando", "e", "em"),
        "er": ("er", "erem", "ermos", "e", "esse", "essem", "endo", "a", "am"),
        "ir": ("ir", "irem", "irmos", "i", "e", "isse", "issem", "indo", "a", "am"),
    }
)
_LONG: Final = 8
_SOFT: Final[Mapping[str, str]] = MappingProxyType({"c": "qu", "g": "gu"})  # marcar, marque
_SPELLINGS: Final = (
    (re.compile(r"([a-qs-z])\1"), r"\1"),
    (re.compile(r"^h|(?<=[^cnlps])h"), ""),
    (re.compile(r"qu?(?=[ei])"), "k"),
    (re.compile(r"gu?(?=[ei])"), "j"),
    (re.compile(r"x?s?c(?=[ei])|z|x(?=[ckptl])"), "s"),
    (re.compile(r"sh|ch"), "x"),
    (re.compile(r"[ck]|qu?"), "k"),
    (re.compile(r"y"), "i"),
    (re.compile(r"o(?=$)|o(?=s$)"), "u"),
    (re.compile(r"m(?=[^aeiou]|$)"), "n"),
    (re.compile(r"^in|^en"), "in"),
    (re.compile(r"l(?=$|[^aeiou])"), "u"),
)


def written_out(word: str) -> Iterator[str]:
    """«mandar+» with all forms in which it is an order, a wish or a gerund; «dado/s» with plural.

    The past and «mandam» are left out: they tell what others do.
    """
    if word.endswith("+"):
        yield from _forms(word[:-1])
    elif "/" in word:
        stem, _, plural = word.partition("/")
        yield stem
        yield stem + plural
    else:
        yield word


def sound(word: str) -> str:
    """Alike for words that are spoken alike: «reseber» and «receber»."""
    for written, spoken in _SPELLINGS:
        word = written.sub(spoken, word)
    return word


class Lexicon:
    """Words that are known again when they are misspelled: «mesagem», «atendnte»."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = tuple(words)

    def meant_by(self, word: str) -> str | None:
        """The word that sounds alike; of a long one, a letter may be left out, put in or wrong."""
        heard = self._alike.get(word) or self._alike.get(sound(word))
        ways = (word, *_shorter(word)) if len(word) >= _LONG - 1 else ()
        return heard or next((self._near[way] for way in ways if way in self._near), None)

    @cached_property
    def _alike(self) -> Mapping[str, str]:
        return {way: word for word in self._words for way in (sound(word), word)}

    @cached_property
    def _near(self) -> Mapping[str, str]:
        long = [word for word in self._words if len(word) >= _LONG]
        return {way: word for word in long for way in (*_shorter(word), word)}


def _shorter(word: str) -> Iterator[str]:
    return (word[:place] + word[place + 1 :] for place in range(len(word)))


def clipped(word: str) -> Iterator[str]:
    """Without one of its vowels, as in hasty writing: «mandm», «retir»."""
    return (
        word[:place] + word[place + 1 :]
        for place, letter in enumerate(word)
        if place and letter in "aeiou"
    )


def _forms(verb: str) -> Iterator[str]:
    stem, kind = verb[:-2], verb[-2:]
    softened = stem[:-1] + _SOFT[stem[-1]] if kind == "ar" and stem[-1] in _SOFT else stem
    for ending in _ENDINGS[kind]:
        yield (softened if kind == "ar" and ending.startswith("e") else stem) + ending
