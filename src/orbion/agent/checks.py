"""Judge a reply before it may leave: the chain of checks, each with a short name, versioned."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from orbion.agent.tools import TOOLS
from orbion.domain.action_claims import unreceipted
from orbion.domain.backing import Backing
from orbion.domain.figures import without_links
from orbion.domain.grounding import find_ungrounded
from orbion.domain.language import Language, language_of
from orbion.domain.placeholders import is_unrendered
from orbion.domain.reply import Reply
from orbion.domain.style import find_style_problems
from orbion.domain.text import normalise
from orbion.domain.turns import Facts

CHAIN: Final = "7"
"""The version of all checks together, kept with each verdict: raise it when a rule changes."""
MOST_BUBBLES: Final = 4
MOST_CHARACTERS: Final = 4096
LEAK_CHARACTERS: Final = 40
_RECORDED: Final = "record_facts"
_CALLED: Final = "request_human"
_INNER: Final = (*TOOLS, "fact_ids", "silence_reason")
_WORD: Final = re.compile(r"\w")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What a reply may rest on: the data of the business, the chat, what is known of the lead.

    `secret` are the `runs` of what the model was told and nobody else may read;
    `backing` is read only for a reply that says something; `receipts` are the tools of this turn,
    `own` what the business itself has written or its data make: word for word it needs no backing;
    nor does what is `written` to be said after a deed, which must have been done;
    `given_up` the slots that were asked for often enough; `language` is the one to write in.
    """

    secret: frozenset[str]
    backing: Callable[[], Backing]
    facts: Facts
    receipts: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    given_up: frozenset[str] = frozenset()
    language: Language | None = None


def find_problems(reply: Reply, grounds: Grounds) -> tuple[str, ...]:
    """Short names of all that is wrong; empty = it may leave."""
    texts = [bubble.text for bubble in reply.bubbles]
    return (
        *_shape(reply, texts, grounds),
        *find_style_problems(texts, without_links=[without_links(text) for text in texts]),
        *_substance(reply, texts, grounds),
    )


def _shape(reply: Reply, texts: Sequence[str], grounds: Grounds) -> tuple[str, ...]:
    found = {
        "empty": not texts and not reply.handoff and not reply.silence_reason,
        "too_many_bubbles": len(texts) > MOST_BUBBLES,
        "blank_bubble": not all(text.strip() for text in texts),
        "too_long": any(len(text) > MOST_CHARACTERS for text in texts),
        "placeholder": any(map(is_unrendered, texts)),
        "asks_known": reply.asked in {*grounds.facts, *reply.facts},
        "asks_again": reply.asked in grounds.given_up,
        "language": _speaks_another(texts, grounds.language),
    }
    return tuple(name for name, wrong in found.items() if wrong)


def _substance(reply: Reply, texts: Sequence[str], grounds: Grounds) -> tuple[str, ...]:
    """Claims that nothing backs; no text longer than a message is read."""
    said = "\n".join(text[:MOST_CHARACTERS] for text in texts[:MOST_BUBBLES])
    if any(_leaks(text, grounds.secret) for text in texts):
        return ("leak",)
    said = _without(said, grounds.own)
    if not _WORD.search(said):
        return ()
    free = _without(said, grounds.written)
    receipts = (
        *grounds.receipts,
        *((_RECORDED,) if reply.facts else ()),
        *((_CALLED,) if reply.handoff else ()),
    )
    return (
        *(find_ungrounded(free, grounds.backing()) if _WORD.search(free) else ()),
        *(("deed",) if unreceipted(said, receipts, free=free) else ()),
    )


def _without(said: str, texts: Sequence[str]) -> str:
    for each in texts:
        said = said.replace(each, " ")
    return said


def _speaks_another(texts: Sequence[str], language: Language | None) -> bool:
    spoken = language_of(" ".join(texts))
    return language is not None and spoken is not None and spoken is not language


def _leaks(text: str, secret: frozenset[str]) -> bool:
    return any(inner in text for inner in _INNER) or not secret.isdisjoint(runs(text))


def runs(text: str) -> frozenset[str]:
    """All pieces of `LEAK_CHARACTERS` of it, without accents, case and marks."""
    said = normalise(text)
    starts = range(len(said) - LEAK_CHARACTERS + 1)
    return frozenset(said[start : start + LEAK_CHARACTERS] for start in starts)
