"""Find the playbook's answer to what a sentence asks, by the words they share."""

import re
from typing import Final

from orbion.domain.playbook import Faq, Item, Playbook
from orbion.domain.text import contains_phrase, normalise
from orbion.domain.vocabulary import STOP_WORDS, spelled_out

_STEM: Final = 6
_ENOUGH: Final = 0.7
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


def find_faq(playbook: Playbook, said: str) -> Faq | None:
    """The entry with the question whose subject words are nearly all in `said`."""
    asked = subjects(said)
    ranked = (
        (_likeness(asked, known), entry) for entry in playbook.faq for known in entry.subjects
    )
    likeness, entry = max(ranked, key=lambda pair: pair[0], default=((0.0, 0), None))
    return entry if likeness[0] >= _ENOUGH else None


def find_items(playbook: Playbook, said: str) -> tuple[Item, ...]:
    """The items that are named."""
    return tuple(
        item
        for item in playbook.catalogue
        if any(contains_phrase(said, name) for name in (normalise(item.name), *item.aliases))
    )


def subjects(said: str) -> frozenset[str]:
    """Stems of the words that carry the subject; a plural is its singular."""
    return frozenset(_stem(word) for word in said.split() if word not in STOP_WORDS)


def _stem(word: str) -> str:
    return word.removesuffix("s")[:_STEM] if len(word) > 3 else word  # noqa: PLR2004 too short to bend


def _likeness(asked: frozenset[str], known: frozenset[str]) -> tuple[float, int]:
    shared = len(asked & known)
    return (shared / len(known) if known else 0.0, shared)
