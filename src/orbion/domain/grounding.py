"""Say what of a reply stands in no fact: amounts, times, contacts, places, products, promises."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from orbion.domain.addresses import find_addresses
from orbion.domain.backing import Backing, before, subjects
from orbion.domain.clauses import Clause, clauses, is_denied, is_open
from orbion.domain.contradictions import contradictions
from orbion.domain.counted import is_counted
from orbion.domain.features import find_foreign_features
from orbion.domain.figures import Figure, Figures, Instalment, read_figures
from orbion.domain.kept import is_kept
from orbion.domain.owners import owned
from orbion.domain.periods import MONTH, periods
from orbion.domain.prices import Told, derived, fits
from orbion.domain.products import (
    Mention,
    find_mentions,
    find_offers,
    find_strangers,
)
from orbion.domain.promise_words import INTEREST_FREE
from orbion.domain.promises import find_promises
from orbion.domain.schedule import HOLIDAY, Opening, openings
from orbion.domain.text import words
from orbion.kit.pattern import Pattern

_OPENS: Final = Pattern(
    r"\b(?:abr\w+|abert\w+|atend\w+|funcion\w+|estamos|horario|expediente|aula\w*|plantao|tem gente"
    r"|pode (?:vir|passar|aparecer|ligar)|esper\w+|visit\w+|agend\w+|marc\w+)\b"
)
_HALF_DAY: Final = 12 * 60
_NEXT: Final = 4
_DOZEN: Final = 12
_ARTICLE: Final = Pattern(r"\b[dn]?[oa]s $")
_WHO: Final = Pattern(
    r"\b(?:estudant|idos|irma|profess|mulher|funcion|aposent|pix|dinheir|vista|grup|casal|famil"
    r"|aniver|indic|primei|nov[oa]|antig|crianc|client|assin|debit|credit|boleto|recorr|trimestr"
    r"|semestr|anual|mensal)\w*"
)
_ECHO: Final = Pattern(
    r"\b(?:voce|vc|vcs|seu|sua|seus|suas|te|lhe|disse\w*|fal(?:ou|aram)|coment\w+|inform\w+"
    r"|cont(?:a|ou))\b"
)
_DEAL: Final = Pattern(
    r"\b(?:fech\w+|fa[cz]\w*|sai\w*|deix\w+|consig\w+|cust\w+|fic\w+|vend\w+|cobr\w+|aceit\w+"
    r"|combinad\w+"
    r"|desconto|preco|valor|por apenas|liber\w+|promoc\w+)\b"
)
_YOURS: Final = Pattern(
    r"\b(?:te (?:chamo|ligo|ligamos|chamamos|mando|retorno|retornamos)|seu (?:numero|telefone|zap"
    r"|e-?mail|contato|cep))\b"
)
_GROWS: Final = Pattern(r"\b(?:valoriz|rend|cresc|sob|aument|lucr|economi|reduz|reduc)\w+")
_GROWTH: Final = frozenset(
    words("valor rende rendi cresc sobe aumen lucro lucra econo reduz reduc")
)
_PERIODS: Final = frozenset(words("mes mensa semes trime ano anual seman diari sessa aula hora"))
_WITH: Final = Pattern(r"\b(?:com|vem|ganha|leva)\b")
_INCLUDED: Final = frozenset(words("inclu"))
_MODEL: Final = Pattern(r"\d+")


def find_ungrounded(reply: str, backing: Backing) -> tuple[str, ...]:
    """Short names of what is not backed; empty = all of it is."""
    figures = read_figures(reply)
    mentions = find_mentions(backing.products, figures.text)
    numbers = [each for each in figures.numbers if not _is_name(each.start, mentions)]
    told = Told(
        figures=figures,
        mentions=mentions,
        places=sorted(
            [each.start for each in numbers if each.is_money]
            + [each.start for each in figures.instalments if each.amount is not None]
        ),
    )
    checks: Mapping[str, Callable[[], bool]] = {
        "amount": lambda: any(not _is_priced(each, told, backing) for each in numbers),
        "percent": lambda: any(not _is_percent(each, told, backing) for each in figures.percents),
        "instalment": lambda: any(
            not _is_split(each, told, backing) for each in figures.instalments
        ),
        "date": lambda: not all(_is_date(each, backing) for each in figures.dates),
        "time": lambda: not _is_scheduled(figures.text, backing),
        "link": lambda: not figures.links <= backing.links,
        "phone": lambda: not _is_reachable(figures, backing),
        "place": lambda: any(find_addresses(reply, figures.text, backing.words | backing.said)),
        "product": lambda: any(
            find_strangers(reply, figures.text, backing.words | backing.said, backing.heads)
        ),
        "offer": lambda: any(find_offers(figures.text, backing.words)),
        "denied": lambda: any(_is_denied_fact(each, backing) for each in clauses(figures.text)),
        "feature": lambda: any(find_foreign_features(figures.text, mentions, backing.features)),
        "otherwise": lambda: any(contradictions(figures, backing.statements)),
        "promise": lambda: any(
            not is_kept(each, told, backing)
            for each in find_promises(figures.text)
            if not _is_name(each.start, mentions)
        ),
    }
    return tuple(name for name, wrong in checks.items() if wrong())


def _is_name(start: int, mentions: Sequence[Mention]) -> bool:
    """The 5 of «Kit 5» is no amount."""
    return any(each.start <= start < each.end for each in mentions)


def _is_priced(figure: Figure, told: Told, backing: Backing) -> bool:
    if _is_anothers(figure, told, backing):
        return told.refuses(figure.start)
    if not figure.is_money and figure.unit is not None:
        return is_counted(figure, told, backing)
    about = told.about(figure.start)
    prices = [backing.prices[key] for key in about] or list(backing.prices.values())
    if any(figure.value in each.amounts for each in prices) or _is_told(figure, told, backing):
        return True
    named = {each.key for each in told.mentions}
    every = [backing.prices[key] for key in named] if len(named) > 1 else backing.prices.values()
    return (
        derived(
            figure,
            list(every),
            [backing.prices[key] for key in named],
            told,
            offs=backing.percents,
            extras=backing.amounts,
            sizes=backing.numbers,
        )
        or _is_bare(figure, told, backing)
        or _is_at_house(figure, told, backing)
        or _is_of_another_period(figure, told, backing)
        or _has_extra(figure, told, backing)
        or told.refuses(figure.start)
        or _is_echo(figure, told, backing)
    )


def _is_told(figure: Figure, told: Told, backing: Backing) -> bool:
    """An amount of the texts; beside a product it must be about what the texts say it of."""
    if figure.value not in backing.amounts:
        return False
    said = told.sentence_at(figure.start)
    about = backing.contexts.get(figure.value)
    if about and _differ(about & _PERIODS, subjects(said) & _PERIODS):
        return False
    if about is None or not told.about(figure.start) or _ECHO.search(said):
        return True
    return bool(about & subjects(said)) or not told.names(figure.start)


def _is_anothers(figure: Figure, told: Told, backing: Backing) -> bool:
    """«O Air tem 16 GB» where the texts say that of the Pro."""
    bare = backing.owners.get((figure.value, None), frozenset())
    owners, about = backing.owners.get(owned(figure), bare), told.about(figure.start)
    priced = {key for key in about if figure.value in backing.prices[key].amounts}
    return bool(owners and about and not owners & about and not priced)


def _is_bare(figure: Figure, told: Told, backing: Backing) -> bool:
    """A number of the texts; beside a product, one that is an amount there is its price."""
    if figure.is_money or figure.value not in backing.numbers | backing.written:
        return False
    if figure.value <= _DOZEN and _ARTICLE.search(told.figures.text[: figure.start]):
        return True  # «levando os quatro»
    if any(
        each.end + 1 == figure.start and _is_other_model(figure, each) for each in told.mentions
    ):
        return False
    return figure.value not in backing.contexts or not told.names(figure.start)


def _is_other_model(figure: Figure, mention: Mention) -> bool:
    """The 15 of «Air 15» where an «Air 13» is sold."""
    models = _MODEL.findall(mention.key)
    return bool(models) and str(figure.value) not in models


def _is_at_house(figure: Figure, told: Told, backing: Backing) -> bool:
    near = backing.houses.get(figure.value, frozenset()) | {"numero"}
    return figure.value in backing.houses and bool(near & before(figure, told.figures.text, _NEXT))


def _is_of_another_period(figure: Figure, told: Told, backing: Backing) -> bool:
    """«R$ 150 por mês» or «R$ 900 por semestre» of «R$ 1.800 por ano»; prices are by the month."""
    said = list(periods(told.sentence_at(figure.start)))
    about = told.about(figure.start) or backing.prices.keys()
    monthly = [(backing.prices[key].price, MONTH) for key in about]
    return any(
        wanted != given and amount * wanted == figure.value * given
        for amount, given in (*monthly, *backing.periodic)
        for wanted in said
    )


def _differ(one: frozenset[str], other: frozenset[str]) -> bool:
    """«R$ 180 por mês» of «R$ 180 por semestre»."""
    return bool(one and other and not one & other)


def _has_extra(figure: Figure, told: Told, backing: Backing) -> bool:
    """A price with what the texts add to it in the case that the sentence speaks of."""
    said, about = subjects(told.sentence_at(figure.start)), told.about(figure.start)
    return any(
        keys & said and figure.value == backing.prices[key].price + extra
        for extra, keys in backing.contexts.items()
        for key in about
    )


def _is_denied_fact(clause: Clause, backing: Backing) -> bool:
    if clause.is_asked or is_denied(clause.text) or is_open(clause.text):
        return False
    said = subjects(clause.text)
    if _WITH.search(clause.text):
        said |= _INCLUDED  # «day use com almoço» of «almoço não incluso»
    return any(about <= said for about in backing.denials)


def _is_echo(figure: Figure, told: Told, backing: Backing) -> bool:
    """The customer's own figure may be repeated as theirs, never as an offer of ours."""
    said = told.sentence_at(figure.start)
    return (
        figure.value in backing.echoes
        and _ECHO.search(said) is not None
        and _DEAL.search(said) is None
    )


def _is_percent(figure: Figure, told: Told, backing: Backing) -> bool:
    said = told.sentence_at(figure.start)
    asked = _WHO.findall(said)
    about, known = subjects(said), backing.percent_contexts.get(figure.value, frozenset())
    return (
        (
            figure.value in backing.percents
            and all(who in backing.text for who in asked)
            and (not _GROWS.search(said) or bool(about & known & _GROWTH))
        )
        or told.refuses(figure.start)
        or _is_echo(figure, told, backing)
    )


def _is_split(instalment: Instalment, told: Told, backing: Backing) -> bool:
    about = told.about(instalment.start)
    prices = [backing.prices[key] for key in about] or list(backing.prices.values())
    if fits(instalment, prices) or instalment.count == 1:
        return True
    in_notes = any(each.count == instalment.count for each in backing.instalments)
    if not in_notes:
        return told.refuses(instalment.start)
    amount = instalment.amount
    totals = {price.price for price in prices}
    return (
        amount is None
        or amount in backing.amounts
        or amount in totals
        or (_is_free_of_interest(backing) and amount * instalment.count in totals)
    )


def _is_free_of_interest(backing: Backing) -> bool:
    return bool(backing.promises.get(INTEREST_FREE))


def _is_date(date: tuple[int, int | None], backing: Backing) -> bool:
    day, month = date
    return any(day == known and month in {None, other} for known, other in backing.dates)


def _is_scheduled(text: str, backing: Backing) -> bool:
    return all(_is_open_then(each, text, backing) for each in openings(text))


def _is_open_then(said: Opening, text: str, backing: Backing) -> bool:
    if said.at is not None and not said.days:
        return any(_same(each, said) for each in backing.openings)
    if not said.is_open:
        return not said.days & backing.open_days or said.at is not None
    if said.at is None or (backing.open_days and not said.days <= backing.open_days):
        return _is_open_on(said.days, text, backing)
    return all(
        any(_same(each, said) and (day in each.days or not each.days) for each in backing.openings)
        for day in said.days
    )


def _same(known: Opening, said: Opening) -> bool:
    if known.at is None or said.at is None:
        return False
    return known.at == said.at or (said.is_vague and known.at == said.at + _HALF_DAY)


def _is_open_on(days: frozenset[int], text: str, backing: Backing) -> bool:
    """A day that is only named must be one of those on which the business opens."""
    if days <= backing.open_days:
        return True
    spoken = [each for each in clauses(text) if "&" in each.text]
    if all(
        is_denied(each.text) or (each.is_asked and not _OPENS.search(each.text)) for each in spoken
    ):
        return True
    return (
        not backing.open_days
        and not any(_OPENS.search(each.text) for each in spoken)
        and (HOLIDAY not in days)
    )


def _is_reachable(figures: Figures, backing: Backing) -> bool:
    """The customer's own number may be said to be theirs, and nothing else."""
    theirs = backing.own_contacts if _YOURS.search(figures.text) else frozenset()
    known = backing.contacts | theirs
    return all(
        each in known or (each.isdigit() and any(other.endswith(each) for other in known))
        for each in figures.phones | figures.emails | figures.documents
    )
