"""Tell in which language a customer writes, and keep to it until asked for another.

The lock of a contact: the first message that is clearly in one language sets it; from then on only
an explicit wish changes it. Nothing clear yet = the playbook's language.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from orbion.domain.text import contains_phrase, normalise, words


class Language(StrEnum):
    PORTUGUESE = "pt"
    SPANISH = "es"
    ENGLISH = "en"


_FEWEST: Final = 2
_WORDS: Final[Mapping[Language, frozenset[str]]] = MappingProxyType(
    {
        Language.PORTUGUESE: frozenset(
            words(
                "não nao você vc vocês vcs uma com são obrigado obrigada oi olá bom boa tarde noite"
                " quanto custa preço quero queria meu minha em do da dos das ao isso aqui sim tem"
                " posso também qual quais ele ela pra pro tá é um os as mais conta gostaria saber"
                " sou eu fica até já está estou preciso"
            )
        ),
        Language.SPANISH: frozenset(
            words(
                "hola gracias quiero quisiera cuánto cuesta precio buenos buenas el los las con y"
                " pero muy hay del soy tengo puedo puede dónde tiene tienen necesito hasta usted"
                " ustedes habla hablan español quieren saber me gustaría información una está mi"
            )
        )
        - frozenset(["saber", "me", "esta", "uma"]),
        Language.ENGLISH: frozenset(
            words(
                "the you is are how much what does have want would like please hello thanks thank"
                " can my for with your price cost english speak it and hi need good morning i there"
                " this that of to get about know looking"
            )
        ),
    }
)
_WISHES: Final[Mapping[Language, re.Pattern[str]]] = MappingProxyType(
    {
        Language.PORTUGUESE: re.compile(
            r"\b(?:em portugues|fal(?:a|e|o|ar|amos) portugues|in portuguese|speak portuguese"
            r"|en portugues|hablo portugues)\b"
        ),
        Language.SPANISH: re.compile(
            r"\b(?:en espanol|habl\w+ espanol|em espanhol|fala\w* espanhol|in spanish"
            r"|speak spanish)\b"
        ),
        Language.ENGLISH: re.compile(
            r"\b(?:in english|speak english|em ingles|fala\w* ingles|en ingles|habl\w+ ingles)\b"
        ),
    }
)
NOTICES: Final[Mapping[Language, str]] = MappingProxyType(
    {
        Language.SPANISH: (
            "Por ahora solo puedo escribir en portugués. Si prefieres, pídeme hablar con una "
            "persona del equipo."
        ),
        Language.ENGLISH: (
            "For now I can only write in Portuguese. If you prefer, just ask me for "
            "a person of the team."
        ),
    }
)
"""What is said once to whom no model can answer in their own language."""


def language_of(text: str) -> Language | None:
    """The language of a text that is clearly in one: several of its small words, few of others'."""
    said = frozenset(words(text))
    hits = {language: len(said & small) for language, small in _WORDS.items()}
    best = max(hits, key=lambda language: hits[language])
    others = sum(count for language, count in hits.items() if language is not best)
    return best if hits[best] >= _FEWEST and hits[best] > 2 * others else None


def lock(current: Language | None, texts: Iterable[str]) -> Language | None:
    """The contact's language after these messages."""
    for text in texts:
        current = _wish(text) or current or language_of(text)
    return current


def language_in(tag: str) -> Language | None:
    """The language of a tag as «pt-BR», if it is one of these."""
    return next((each for each in Language if tag.lower().startswith(each)), None)


def _wish(text: str) -> Language | None:
    said = normalise(text)
    if contains_phrase(said, "nao"):
        return None
    return next((each for each, wish in _WISHES.items() if wish.search(said)), None)
