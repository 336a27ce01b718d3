"""Read what a playbook and a chat know into what a reply may rest on."""

from collections.abc import Iterable
from decimal import Decimal

from orbion.domain.backing import Backing, CatalogueFact, read_backing
from orbion.domain.playbook import Item, Playbook


def known_to(playbook: Playbook, texts: Iterable[str]) -> Backing:
    """`texts` are the data as text, the customer's words and what is known of the lead."""
    return read_backing(tuple(map(_fact, playbook.catalogue)), texts)


def _fact(item: Item) -> CatalogueFact:
    return CatalogueFact(name=item.name, price=Decimal(item.price) / 100, aliases=item.aliases)
