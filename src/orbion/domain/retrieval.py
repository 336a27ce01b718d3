"""Find the playbook's answer to what a sentence asks, by the words they share."""

from typing import Final

from orbion.domain.playbook import Faq, Item, Playbook
from orbion.domain.text import contains_phrase, normalise
from orbion.domain.vocabulary import STOP_WORDS

_STEM: Final = 6
_ENOUGH: Final = 0.7


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
