"""Sum up by code the part of a conversation that a prompt no longer holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from orbion.domain.media import shown_text
from orbion.domain.messages import Author, Message
from orbion.domain.text import normalise
from orbion.domain.turns import Facts

BY_CODE: Final = "code"
MOST_CHARACTERS: Final = 2_000
_MOST_OF_ONE: Final = 160
_MOST_LINES: Final = 10
_FEWEST_WORDS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """`upto` is the place (`seq`) of the first message that it does not tell of.

    `facts` are those that were known then, `maker` is `BY_CODE` or the model that wrote it;
    `version` counts the summaries that a conversation has had.
    """

    upto: int
    text: str
    maker: str
    facts: Facts
    version: int = 0

    def holds(self, upto: int, facts: Facts) -> bool:
        """Whether it tells of all before `upto`, and nothing known then was corrected since."""
        return self.upto == upto and all(
            facts.get(slot) == value for slot, value in self.facts.items()
        )


def sum_up(messages: Sequence[Message]) -> str:
    """What the customer asked and told, and what a person answered, in their own words.

    The assistant's answers are left out: what they rest on is in the data of the business.
    """
    heard = (shown_text(each) for each in messages if each.direction == "in")
    team = (shown_text(each) for each in messages if each.author is Author.PERSON)
    parts = (
        ("O cliente escreveu", _kept(text for text in heard if _tells(text))),
        ("A equipe escreveu", _kept(team)),
    )
    return "\n".join(f"{who}: {'; '.join(lines)}" for who, lines in parts if lines)


def _tells(text: str) -> bool:
    """Whether more is said than a greeting or a yes."""
    has_figure = any(letter.isdigit() for letter in text)
    return "?" in text or has_figure or len(text.split()) >= _FEWEST_WORDS


def _kept(texts: Iterable[str]) -> Sequence[str]:
    """The latest, each once and no longer than a glance."""
    once = {normalise(text): text for text in texts if text}
    short = (" ".join(text.split())[:_MOST_OF_ONE] for text in once.values())
    return [f"«{text}»" for text in short][-_MOST_LINES:]
