"""Tell of which product the texts of a business say a figure, so that it is said of no other."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from orbion.domain.clauses import Clause, clauses
from orbion.domain.figures import Figure, Figures
from orbion.domain.products import Mention, Named, find_mentions
from orbion.domain.promises import Promise

Owners = Mapping[tuple[Decimal, str | None], frozenset[str]]


def owned(figure: Figure) -> tuple[Decimal, str | None]:
    """Amounts are the same with and without their sign."""
    return figure.value, None if figure.is_money else figure.unit


def read_owners(figures: Figures, products: Sequence[Named]) -> Owners:
    """Nothing of a figure that is also said of no product in particular."""
    mentions = find_mentions(products, figures.text)
    found: defaultdict[tuple[Decimal, str | None], list[frozenset[str]]] = defaultdict(list)
    for figure, keys in _said(figures, mentions):
        found[owned(figure)].append(keys)
    return {each: frozenset().union(*sets) for each, sets in found.items() if all(sets)}


def _said(figures: Figures, mentions: Sequence[Mention]) -> Iterator[tuple[Figure, frozenset[str]]]:
    """The last product that the sentence names before the figure, else those of its clause."""
    parts = list(clauses(figures.text))
    own = [each for each in figures.numbers if not _is_in_name(each, mentions)]
    for figure in own:
        clause = next((each for each in reversed(parts) if each.start <= figure.start), None)
        if clause is None:
            continue
        same = [each for each in parts if each.sentence == clause.sentence]
        begin, end = same[0].start, same[-1].start + len(same[-1].text)
        inside = [each for each in mentions if begin <= each.start < end]
        is_led = any(begin <= each.start < inside[0].start for each in own) if inside else False
        yield figure, _about(figure, clause, inside, is_led=is_led)


def _is_in_name(figure: Figure, mentions: Sequence[Mention]) -> bool:
    return any(each.start <= figure.start < each.end for each in mentions)


def _about(
    figure: Figure, clause: Clause, inside: Sequence[Mention], *, is_led: bool
) -> frozenset[str]:
    """«18 meses na bateria e 3 na embreagem»: where a figure leads, what follows is meant."""
    before = [each for each in inside if each.start < figure.start]
    after = [each for each in inside if each.start > figure.start]
    if is_led and len(inside) > 1:
        return frozenset(each.key for each in after if each.start == after[0].start)
    if before:
        return frozenset(each.key for each in before if each.start == before[-1].start)
    end = clause.start + len(clause.text)
    return frozenset(each.key for each in after if each.start < end)


def read_bounds(
    promises: Iterable[Promise], figures: Figures, products: Sequence[Named]
) -> Mapping[int, frozenset[str]]:
    """The products that the clause of a promise names, by where it stands."""
    mentions = find_mentions(products, figures.text)
    return {
        each.start: frozenset(
            other.key
            for other in mentions
            if each.clause.start <= other.start < each.clause.start + len(each.clause.text)
        )
        for each in promises
    }
