"""Tell of which products the texts say a feature, so that it is said of no other."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from orbion.domain.clauses import clauses, is_denied, is_open
from orbion.domain.figures import Figures
from orbion.domain.products import Mention, Named, find_mentions
from orbion.domain.statements import read_spans, stems_in_order
from orbion.kit.pattern import Pattern

_HAS: Final = Pattern(r"\b(?:tem|vem com|possui|conta com|inclui|oferece|traz)\b")


def read_features(figures: Figures, products: Sequence[Named]) -> dict[str, frozenset[str]]:
    """The products by each word of the texts that stands in no sentence without a product."""
    mentions = find_mentions(products, figures.text)
    found: defaultdict[str, list[frozenset[str]]] = defaultdict(list)
    for begin, end in read_spans(figures.text):
        keys = frozenset(each.key for each in mentions if begin <= each.start < end)
        for stem in frozenset(stems_in_order(figures.text[begin:end])):
            found[stem].append(keys)
    return {stem: frozenset().union(*keys) for stem, keys in found.items() if all(keys)}


def find_foreign_features(
    text: str, mentions: Sequence[Mention], features: Mapping[str, frozenset[str]]
) -> Iterator[str]:
    """«A casa do Jardim Europa tem piscina» where only the other one has it."""
    for clause in clauses(text):
        has = _HAS.search(clause.text)
        if has is None or clause.is_asked or is_denied(clause.text) or is_open(clause.text):
            continue
        place = clause.start + has.start()
        about = {each.key for each in mentions if clause.start <= each.start < place}
        for stem in stems_in_order(clause.text[has.end() :]):
            if about and stem in features and not features[stem] & about:
                yield stem
