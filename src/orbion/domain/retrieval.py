"""Find the playbook's answer to what a sentence asks, by the words they share."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Final

from orbion.domain.playbook import Faq, Item, Playbook
from orbion.domain.questions import after_price, asks_price
from orbion.domain.text import contains_phrase, words
from orbion.domain.vocabulary import COURTESY, GREETINGS, STOP_WORDS, THANKS, spelled_out

_ENOUGH: Final = 0.62
_SURE: Final = 0.85
_BESIDE: Final = 0.35
_SPOKEN: Final = 0.9
_TOPICAL: Final = 0.75
_TIE: Final = 0.2
_STRANGE: Final = 0.15
_SHORTEST_STEM: Final = 3
_LONGEST_THING: Final = 2
_SHORTEST_SLIP: Final = 6
_NO_SUBJECT: Final = (
    STOP_WORDS
    | GREETINGS
    | COURTESY
    | THANKS
    | frozenset(
        words(
            "consigo consegue conseguem conseguir usa usam usar ver deve acho favor quanto tambem"
            " alguem alguma coisa queremos podemos tenha qualquer cada entender ne hein pessoal"
            " senhor senhora moca moco amigo informacao informacoes duvida pergunta so sei"
            " rola negocio explica la ali tipo"
        )
    )
) - {"noite", "tarde", "dia", "quantos", "quantas"}
_ENDINGS: Final = frozenset(
    words(
        "amento imento acoe acao icoe icao coe cao encia ancia anca avel ivel mente adora ador edor"
        " idor ando endo indo aria eria iria aram eram iram amos emo imo amo ado ada ido ida ava"
        " eza ico ica oso osa inho inha zinho zinha ar er ir am em ou eu iu ei ao uel a e o i"
    )
)
_LONGEST_ENDING: Final = max(map(len, _ENDINGS))
_PURPOSE: Final = re.compile(r"^ para (?=\w+[aei]r\b)")
_ENDS_THING: Final = frozenset(["para", "com", "em", "se", "por", "no", "na"])


def find_faq(playbook: Playbook, said: str, *, surely: bool = False) -> Faq | None:
    """The entry that is most like `said`; None if none is like it enough.

    `surely` asks for more likeness, as does a question for a price to which the entry answers
    something else.
    """
    asked = subjects(corrected(playbook, said))
    weights = playbook.stem_weights
    ranked = ((_likeness(asked, entry, weights), entry) for entry in playbook.knowledge)
    likeness, entry = max(ranked, key=lambda pair: pair[0], default=(0.0, None))
    if entry is None or likeness < _ENOUGH:
        return None
    if surely or (asks_price(said) and not answers_price(entry)):
        return entry if _is_asked(asked, entry, weights) else None
    return entry


def corrected(playbook: Playbook, said: str) -> str:
    """With each slip of the finger in a word that the playbook knows put right."""
    return " ".join(_right(word, playbook.known_words) for word in said.split())


def find_items(playbook: Playbook, said: str) -> tuple[Item, ...]:
    """The items that are named."""
    return tuple(
        item
        for item in playbook.catalogue
        if any(contains_phrase(said, name) for name in playbook.item_names[item.id])
    )


def names_unknown_thing(playbook: Playbook, said: str) -> bool:
    """Whether a question for a price is about something that the data never mention."""
    told = _PURPOSE.sub("", after_price(said)).split()
    named = takewhile(lambda word: word not in _ENDS_THING, told)
    thing = [stem for word in named for stem in subjects(word)][:_LONGEST_THING]
    if not thing:
        return False
    names = (name for names in playbook.item_names.values() for name in names)
    offered = map(subjects, (*names, *map(spelled_out, playbook.offers)))
    return not frozenset(thing) <= frozenset().union(*offered)


def subjects(said: str) -> frozenset[str]:
    """Stems of the words that carry the subject, all forms of a word having one stem."""
    return frozenset(_stem(word) for word in said.split() if word not in _NO_SUBJECT)


def _stem(word: str) -> str:
    """Without the plural and the commonest endings of verbs, nouns and adjectives."""
    single = word.removesuffix("s") if len(word) > _SHORTEST_STEM else word
    first = max(_SHORTEST_STEM, len(single) - _LONGEST_ENDING)
    begins = (at for at in range(first, len(single)) if single[at:] in _ENDINGS)
    return single[: next(begins, len(single))]


def answers_price(entry: Faq) -> bool:
    return any(asks_price(spelled_out(question)) for question in entry.questions)


def _likeness(asked: frozenset[str], entry: Faq, weights: Mapping[str, float]) -> float:
    """The best of: its questions, its topics, how much of what was said it speaks of at all."""
    shared = asked & entry.stems
    if not shared:
        return 0.0
    spoken = _weight(shared, weights) / _weight(asked, weights) if len(shared) > 1 else 0.0
    questions = (_covered(asked, question, weights) for question in entry.subjects)
    topical = max((len(topic) for topic in entry.topics if topic <= asked), default=0)
    strange = sum(stem not in weights for stem in asked)
    sure = _TOPICAL + _TIE * spoken - (_STRANGE * max(0, strange - 2) if topical == 1 else 0.0)
    return max(*questions, _SPOKEN * spoken, sure if topical else 0.0)


def _covered(
    asked: frozenset[str], question: frozenset[str], weights: Mapping[str, float]
) -> float:
    """How much of the question was said, less a part of what was said beside it."""
    said = asked & question
    if not said:
        return 0.0
    whole = _weight(question, weights) + _BESIDE * _weight(asked - question, weights)
    return _weight(said, weights) / whole


def _is_asked(asked: frozenset[str], entry: Faq, weights: Mapping[str, float]) -> bool:
    """Whether it is the subject by more than one word, with hardly anything else said."""
    return any(len(topic) > 1 and topic <= asked for topic in entry.topics) or any(
        len(question) > 1 and _covered(asked, question, weights) >= _SURE
        for question in entry.subjects
    )


def _weight(stems: Iterable[str], weights: Mapping[str, float]) -> float:
    return sum([weights.get(stem, 1.0) for stem in stems])


def _right(word: str, known: Mapping[str, Sequence[str]]) -> str:
    if len(word) < _SHORTEST_SLIP:
        return word
    alike = known.get(word[0], ())
    return word if word in alike else next((each for each in alike if _slipped(word, each)), word)


def _slipped(one: str, other: str) -> bool:
    """Whether one letter after the first is wrong, missing, too much, or two changed places.

    Another last letter makes another form or word: it is no slip.
    """
    if len(other) < _SHORTEST_SLIP or abs(len(one) - len(other)) > 1:
        return False
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if start is None or start >= min(len(one), len(other)) - 1:
        return False
    rest, others = one[start:], other[start:]
    return (
        rest[1:] == others[1:]
        or rest[1:] == others
        or rest == others[1:]
        or (rest[:2] == others[1::-1] and rest[2:] == others[2:])
    )
