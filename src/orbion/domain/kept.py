"""Say whether the data keep what a reply promises, of that product and in that case."""

from decimal import Decimal
from typing import Final

from orbion.domain.backing import Backing, subjects
from orbion.domain.prices import Told
from orbion.domain.promise_words import INTEREST_FREE
from orbion.domain.promises import Promise, is_backed
from orbion.kit.pattern import Pattern

_BOUND: Final = frozenset(("included", "payment", "attribute", "warranty"))
_FROM: Final = Pattern(r"\b(?:acima|a partir|mais) de (?:r\$ ?)?(\d+(?:\.\d+)?)")
_INCLUSIVE: Final = Pattern(r"\binclu(?:s|id)[oa]s?\b")
_CHEAPEST: Final = Pattern(r"\bmais (?:em conta|barat\w+|acessive\w+)|\bmenor (?:preco|valor)")
_COMPARED: Final = frozenset(("discount", "superlative"))
_NUMBER: Final = Pattern(r"\d+")


def _is_of_others(promise: Promise, told: Told, backing: Backing) -> bool:
    """«Passagem inclusa» of Gramado where the texts say it of Porto de Galinhas alone."""
    about, said = told.about(promise.start), promise.words | promise.around
    alike = [
        backing.bounds[each.start]
        for each in backing.promises.get(promise.family, ())
        if (each.words | each.around) & said
    ]
    return bool(about and alike) and all(keys and not keys & about for keys in alike)


def _is_cheapest(promise: Promise, told: Told, backing: Backing) -> bool:
    """«O mais em conta é o Studio» where nothing that is sold costs less."""
    if promise.family not in _COMPARED or not _CHEAPEST.search(promise.clause.text):
        return False
    end = promise.clause.start + len(promise.clause.text)
    named = {each.key for each in told.mentions if promise.clause.start <= each.start < end}
    least = min((each.price for each in backing.prices.values()), default=None)
    return bool(named) and all(backing.prices[key].price == least for key in named)


def _is_for_more(promise: Promise, told: Told, backing: Backing) -> bool:
    """«Frete grátis no monitor» of R$ 799, where it is free above R$ 1.000."""
    said = told.sentence_at(promise.start)
    keys = told.about(promise.start) if told.names(promise.start) else frozenset()
    if promise.family != "free" or not keys or _FROM.search(said) or _NUMBER.search(said):
        return False
    least = [
        Decimal(found[1])
        for each in backing.promises.get("free", ())
        if each.around & promise.around and (found := _FROM.search(each.clause.text))
    ]
    return bool(least) and all(backing.prices[key].price < min(least) for key in keys)


def _is_said_otherwise(promise: Promise, told: Told, backing: Backing) -> bool:
    """«Não tem fidelidade» of «fidelidade não há», «sem custo» of what is included in the price."""
    about = subjects(told.sentence_at(promise.start))
    if promise.family == "waiver":
        return any(not each.is_plain and promise.words <= each.about for each in backing.statements)
    if promise.family == "free":
        return any(
            _INCLUSIVE.search(each.text) and each.about & about for each in backing.statements
        )
    end = promise.clause.start + len(promise.clause.text)
    offs = [each for each in told.figures.percents if promise.clause.start <= each.start < end]
    return promise.family == "discount" and bool(offs)  # which are judged as percentages


def is_kept(promise: Promise, told: Told, backing: Backing) -> bool:
    """Whether what the business says backs it, for the product and the case that it is said of."""
    if promise.family in _BOUND and _is_of_others(promise, told, backing):
        return False
    if is_backed(promise, backing.promises, backing.words, backing.text):
        return not _is_for_more(promise, told, backing)
    return (
        _is_said_otherwise(promise, told, backing)
        or _is_cheapest(promise, told, backing)
        or _is_without_interest(promise, told, backing)
    )


def _is_without_interest(promise: Promise, told: Told, backing: Backing) -> bool:
    """Where the instalments come to the price."""
    if promise.family != INTEREST_FREE:
        return False
    about = told.about(promise.clause.start + len(promise.clause.text) - 1)
    prices = [backing.prices[key] for key in about] or list(backing.prices.values())
    split = [(price, each) for price in prices for each in price.instalments]
    return bool(split) and all(count * amount == price.price for price, (count, amount) in split)
