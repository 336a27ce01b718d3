"""Find the playbook's answer to what a sentence asks, by the words they share."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from itertools import dropwhile, takewhile
from typing import Final

from orbion.domain.playbook import Faq, Item, Playbook
from orbion.domain.text import contains_phrase, words
from orbion.domain.vocabulary import ABBREVIATIONS, COURTESY, GREETINGS, STOP_WORDS, THANKS

_ENOUGH: Final = 0.62
_SURE: Final = 0.85
_BESIDE: Final = 0.3
_SPOKEN: Final = 0.9
_SHORTEST_STEM: Final = 3
_LONGEST_THING: Final = 2
_COMMON: Final = 0.5
_SHORTEST_SLIP: Final = 5
_NO_SUBJECT: Final = (
    STOP_WORDS
    | GREETINGS
    | COURTESY
    | THANKS
    | frozenset(
        words(
            "consigo consegue conseguem conseguir usa usam usar ver deve acho favor quanto tambem"
            " alguem alguma coisa queremos podemos tenha qualquer cada depois antes ne hein pessoal"
            " senhor senhora moca moco amigo informacao informacoes duvida pergunta so sei"
        )
    )
) - {"noite", "tarde", "dia"}
_ENDINGS: Final = sorted(
    words(
        "amento imento acoe acao icoe icao coe cao encia ancia anca avel ivel mente adora ador edor"
        " idor ando endo indo aria eria iria aram eram iram amos emo imo amo ado ada ido ida ava"
        " eza ico ica oso osa inho inha ar er ir am em ou eu iu ei ao uel a e o i"
    ),
    key=len,
    reverse=True,
)
_ENDS_THING: Final = frozenset(["para", "com", "em", "se", "por", "no", "na"])
_PRICE: Final = re.compile(
    r"\bquanto (?:custa|custam|fica|ficaria|sai|sairia|e|eh|seria|vale|cobram|ta|esta|vou pagar)\b"
    r"|\b(?:precos?|tabela|orcamento)\b|\b(?:qual|quais) (?:o |os |e o |sao os )?valor(?:es)?\b"
    r"|\bvalores\b|^valor$|\bquanto$"
)
_HOURS: Final = re.compile(
    r"\bque horas\b|\bhorarios?\b|\b(?:abrem?|fecham?|abertos?|funcionamento|expediente)\b"
    r"|\bate que hora\b|\b(?:funcionam?|atendem?) (?:hoje|amanha|feriado|sabado|domingo"
    r"|no sabado|aos sabados|no domingo|aos domingos)\b"
)
_ADDRESS: Final = re.compile(
    r"\bendereco\b|\bonde (?:voces )?(?:fica|ficam|estao|e|eh)\b|\blocalizacao\b"
    r"|\b(?:qual|onde|tem) (?:a |e a |uma )?loja fisica\b|\bcomo (?:eu )?chego\b"
)
_IDENTITY: Final = re.compile(
    r"\b(?:voce|isso|vc) e (?:um |uma )?(?:robo|bot|humano|humana|pessoa|maquina|ia|real)\b"
    r"|\b(?:e|eh) (?:um )?(?:robo|bot)\b|\b(?:estou|to) falando com (?:um |uma )?"
    r"(?:robo|bot|pessoa|humano|maquina|quem)\b|\b(?:quem|qual) (?:e voce|seu nome)\b"
    r"|\bquem (?:fala|esta falando)\b|\bcomo voce se chama\b|\b(?:robo|bot)$"
)
_QUESTION: Final = re.compile(
    r"^(?:(?:e|mas|oi|ola|entao|bom dia|boa tarde|boa noite) )*(?:quanto|quantos|quantas|qual|quais"
    r"|como|onde|quando|quem|porque|por que|o que|que tipo|sera|voces|tem|aceitam?|fazem?|vendem?"
    r"|posso|da para|queria saber|quero saber|gostaria de saber)\b"
)


def spelled_out(sentence: str) -> str:
    """Normalised, with the abbreviations of chats written in full."""
    return " ".join(ABBREVIATIONS.get(word, word) for word in words(sentence))


def asks_price(said: str) -> bool:
    return bool(_PRICE.search(said))


def asks_hours(said: str) -> bool:
    return bool(_HOURS.search(said))


def asks_address(said: str) -> bool:
    return bool(_ADDRESS.search(said))


def asks_identity(said: str) -> bool:
    return bool(_IDENTITY.search(said))


def is_question(sentence: str) -> bool:
    return "?" in sentence or bool(_QUESTION.search(spelled_out(sentence)))


def find_faq(playbook: Playbook, said: str, *, surely: bool = False) -> Faq | None:
    """The entry that is most like `said`; None if none is like it enough.

    `surely` asks for more likeness, as does a question for a price to which the entry answers
    something else.
    """
    known = _frequencies(playbook)
    asked = frozenset(_corrected(stem, known) for stem in subjects(said))
    ranked = ((_entry_likeness(asked, entry, known), entry) for entry in playbook.knowledge)
    likeness, entry = max(ranked, key=lambda pair: pair[0], default=(0.0, None))
    if entry is None:
        return None
    strict = surely or (asks_price(said) and not answers_price(entry))
    return entry if likeness >= (_SURE if strict else _ENOUGH) else None


def find_items(playbook: Playbook, said: str) -> tuple[Item, ...]:
    """The items that are named."""
    return tuple(
        item
        for item in playbook.catalogue
        if any(contains_phrase(said, name) for name in map(spelled_out, (item.name, *item.aliases)))
    )


def names_unknown_thing(playbook: Playbook, said: str) -> bool:
    """Whether a question for a price is about something that the data never mention."""
    start = next(_PRICE.finditer(said), None)
    if start is None:
        return False
    named = takewhile(lambda word: word not in _ENDS_THING, said[start.end() :].split())
    thing = [stem for word in named for stem in subjects(word)][:_LONGEST_THING]
    known = _vocabulary(playbook)
    return any(_corrected(stem, known) not in known for stem in thing)


def subjects(said: str) -> frozenset[str]:
    """Stems of the words that carry the subject, all forms of a word having one stem."""
    return frozenset(_stem(word) for word in said.split() if word not in _NO_SUBJECT)


def _stem(word: str) -> str:
    """Without the plural and the commonest endings of verbs, nouns and adjectives."""
    single = word.removesuffix("s") if len(word) > _SHORTEST_STEM else word
    ending = next(
        (end for end in _ENDINGS if single.endswith(end) and len(single) - len(end) >= _SHORTEST_STEM),
        "",
    )
    return single.removesuffix(ending)


def answers_price(entry: Faq) -> bool:
    return any(asks_price(spelled_out(question)) for question in entry.questions)


def _entry_likeness(asked: frozenset[str], entry: Faq, known: Mapping[str, int]) -> float:
    """The best of its questions, or how much of what was said the entry speaks of at all."""
    best = max((_likeness(asked, question, known) for question in entry.subjects), default=0.0)
    shared = _weight(asked & frozenset().union(*entry.subjects), known)
    spoken = shared / _weight(asked, known) if shared >= 1 else 0.0
    return max(best, spoken * _SPOKEN)


def _likeness(asked: frozenset[str], question: frozenset[str], known: Mapping[str, int]) -> float:
    """How well the question is covered, less a part of what was said beside it."""
    whole = _weight(question, known) + _BESIDE * _weight(asked - question, known)
    return _weight(asked & question, known) / whole if question else 0.0


def _weight(stems: Iterable[str], known: Mapping[str, int]) -> float:
    """A word that many entries share tells less of the subject."""
    return sum(known.get(stem, 1) ** -_COMMON for stem in stems)


def _frequencies(playbook: Playbook) -> Mapping[str, int]:
    """In how many entries each stem stands."""
    return Counter(stem for entry in playbook.knowledge for stem in frozenset().union(*entry.subjects))


def _vocabulary(playbook: Playbook) -> frozenset[str]:
    """Stems of all that is for sale or asked about."""
    names = (name for item in playbook.catalogue for name in (item.name, *item.aliases))
    sold = (subjects(spelled_out(name)) for name in names)
    return frozenset().union(*sold, _frequencies(playbook))


def _corrected(stem: str, known: Collection[str]) -> str:
    """The known stem of which this one is a slip of the finger, else the stem itself."""
    if stem in known or len(stem) < _SHORTEST_SLIP:
        return stem
    return next((each for each in sorted(known) if _slipped(stem, each)), stem)


def _slipped(one: str, other: str) -> bool:
    """Whether one letter is wrong, missing, too much, or two have changed places."""
    if min(len(one), len(other)) < _SHORTEST_SLIP or abs(len(one) - len(other)) > 1:
        return False
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if start is None:
        return True
    rest, others = one[start:], other[start:]
    return (
        rest[1:] == others[1:]
        or rest[1:] == others
        or rest == others[1:]
        or (rest[:2] == others[1::-1] and rest[2:] == others[2:])
    )
