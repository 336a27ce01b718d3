"""Find what a reply claims to have done, and whether this turn's tools can have done it."""

from collections.abc import Collection, Iterator
from typing import Final

from orbion.domain.claims import ActionClaim
from orbion.domain.clauses import Clause, clauses
from orbion.domain.own_deeds import own_deeds
from orbion.domain.receipts import Deed, deeds
from orbion.domain.results import find_results
from orbion.domain.signs import find_signs
from orbion.domain.states_of_things import is_general
from orbion.domain.text import compose, fold, sentences, visible
from orbion.domain.wording import Wording
from orbion.kit.pattern import Pattern

_FEWEST_WORDS: Final = 3
_WORDING: Final = Wording("action-claims", likely=0.6)
# «Assim que pagar, a vaga fica reservada»: what follows is not yet so.
_ONCE: Final = Pattern(
    r"^\W*(?:e |mas |ai )?(?:se|caso|quando|assim que|logo que|depois|apos|desde que|tao logo"
    r"|mediante)\b"
)
_DONE_ALREADY: Final = Pattern(
    r"\b(?:ja(?! (?:te |lhe )?(?:deixo|mando|envio|reservo|marco|agendo|fica))|agora|acab\w+)\b"
)
_ASKING: Final = Pattern(
    r"^\W*(?:quer\w*|poss?o|pode\w*|gostaria|deseja|prefere|qual|quais|quando|sera|voce|vc|onde"
    r"|como|que tal|ja (?:foi|esta|ta)|foi|esta|ta)\b"
)


def unreceipted(
    reply: str, receipts: Collection[str], *, free: str | None = None
) -> tuple[str, ...]:
    """The words of each claim that no tool named in `receipts` makes true.

    Where no rule knows a claim and no tool did anything, the wording of each sentence decides;
    `free` is the part of the reply that it may judge, what the business did not write itself.
    """
    done = frozenset(deed for tool in receipts for deed in deeds(tool))
    found = tuple(find_claims(reply))
    if found or done - {Deed.CHECK}:
        return tuple(claim.words for claim in found if not claim.backed_by & done)
    said = sentences(visible(reply if free is None else free))
    return tuple(
        each
        for each in said
        if len(each.split()) >= _FEWEST_WORDS and _WORDING.wants(each, by_rule=False)
    )


def find_claims(reply: str) -> Iterator[ActionClaim]:
    parts = list(clauses(fold(compose(visible(reply)))))
    for place, clause in enumerate(parts):
        is_last = place + 1 == len(parts) or parts[place + 1].sentence != clause.sentence
        start = next(each for each in parts if each.sentence == clause.sentence)
        is_asked = clause.is_asked and (is_last or _ASKING.match(start.text) is not None)
        yield from own_deeds(clause)
        if not is_asked and not (place and _is_conditional(parts[place - 1], clause)):
            yield from _states(clause)


def _is_conditional(before: Clause, clause: Clause) -> bool:
    return (
        before.sentence == clause.sentence
        and _ONCE.search(before.text) is not None
        and _DONE_ALREADY.search(clause.text) is None
    )


def _states(clause: Clause) -> Iterator[ActionClaim]:
    """«Está agendado», «visita confirmada», «segue o contrato»: said of the thing."""
    if not is_general(clause.text):
        yield from find_results(clause.text)
        yield from find_signs(clause.text)
