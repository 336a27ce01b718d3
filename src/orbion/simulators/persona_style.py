"""Writes a persona's words as it types: short, formal, without accents, mistyped."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from orbion.domain.text import compose, contains_phrase, fold

_WORD: Final = re.compile(r"[^\W\d_]+")
_ABBREVIATED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "você": "vc",
        "vocês": "vcs",
        "também": "tb",
        "porque": "pq",
        "quanto": "qto",
        "não": "n",
        "está": "tá",
        "para": "pra",
        "obrigado": "obg",
        "obrigada": "obg",
        "quando": "qdo",
        "hoje": "hj",
        "mensagem": "msg",
        "mensagens": "msgs",
    }
)
_MISTYPED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "quero": "qero",
        "não": "naum",
        "quanto": "qnto",
        "queria": "qeria",
        "preço": "presso",
        "você": "vose",
        "vocês": "voses",
        "obrigado": "obrigdo",
        "obrigada": "obrigda",
        "valor": "vlaor",
        "energia": "enrgia",
        "saber": "sabe",
        "muito": "mto",
        "prefiro": "prefiru",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How somebody types."""

    greeting: str
    folded: bool
    abbreviates: bool
    mistypes: bool
    shouts: bool

    def __call__(self, text: str) -> str:
        """The same words as they leave these fingers; names, numbers and links keep theirs."""
        written = _WORD.sub(self._typed, compose(text))
        if self.folded:
            written = fold(written)
        return written.upper() if self.shouts else written

    def _typed(self, found: re.Match[str]) -> str:
        word = found.group()
        if self.mistypes and word in _MISTYPED:
            return _MISTYPED[word]
        return _ABBREVIATED.get(word, word) if self.abbreviates else word


def style_of(said: str) -> Style:
    """Read normalised words, Portuguese or English; an object's keys stand before its values."""
    formal = _any(said, "formal|formais|polite|educado|educada|culto")
    typos = _any(said, "typo|typos|erros|errado|errinhos|misspellings|digitacao") and not _any(
        said, "typos false|sem erros|no typos|sem typos|erros false"
    )
    bare = _any(
        said,
        "sem acento|sem acentos|sem acentuacao|no accents|without accents|unaccented"
        "|accents false|acentos false",
    )
    return Style(
        greeting=_greeting(said, formal=formal),
        folded=bare or typos,
        abbreviates=not formal
        and (
            typos
            or _any(
                said,
                "abreviado|abreviada|abreviacoes|abreviaturas|abbreviations"
                "|abbreviated|abbrev|girias|giria|slang|informal|casual|internetes",
            )
        ),
        mistypes=typos,
        shouts=_any(said, "caps|maiusculas|caixa alta|uppercase|gritando|all caps"),
    )


def _greeting(said: str, *, formal: bool) -> str:
    if formal:
        return "Bom dia!"
    if _any(said, "short|curto|curta|curtas|direto|direta|seco|seca|terse|brief|objetivo"):
        return "oi"
    return "oi, tudo bem?"


def _any(said: str, phrases: str) -> bool:
    return any(contains_phrase(said, phrase) for phrase in phrases.split("|"))
