"""Find what a reply says otherwise than the very sentence of the data that is about the same."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Final

from orbion.domain.clauses import Clause, clauses, is_denied, is_open
from orbion.domain.figures import Figures
from orbion.domain.statements import Statement, read_spans, statement, stems_in_order
from orbion.domain.text import words
from orbion.kit.pattern import Pattern

_ALIKE: Final = 2
_WARRANTY: Final = "garan"
_TERM: Final = frozenset((_WARRANTY, "ano", "mes", "mese"))
# What excludes each other when it is said of the same thing.
_OPPOSITES: Final = tuple(
    tuple(Pattern(rf"\b(?:{each})") for each in group)
    for group in (
        (r"inclus[oa]|incluid[oa]|faz(?:em)? parte", r"a parte\b|por fora\b|separad[oa]s?\b"),
        (
            r"vendid[oa]s?\b|a venda\b|cobrad[oa]s?\b|pag[oa]s? a parte",
            r"presente\b|brinde|gratis|gratuit|cortesia|de graca|sem custo",
        ),
        (r"de manha\b|pela manha\b", r"(?:de|a|pela) tarde\b", r"(?:de|a) noite\b"),
        (r"dianteir", r"traseir"),
        (r"direit[oa]s?\b", r"esquerd"),
        (r"superior", r"inferior"),
        (r"masculin", r"feminin"),
        (r"obrigatori|exigid|e preciso|precisa\b", r"opciona|facultativ|dispens"),
        (r"na loja\b|no local\b", r"(?:em|na sua|a) (?:casa|residencia)\b|(?:a|em) domicilio\b"),
        (r"presencia", r"online\b|on-line\b|a distancia\b|remot[oa]\b"),
        (r"nov[oa]s?\b", r"usad[oa]s?\b|seminov"),
        (r"minim[oa]s?\b|no minimo\b|pelo menos\b", r"maxim[oa]s?\b|no maximo\b"),
        (r"dias? uteis\b", r"dias? corridos?\b"),
        (r"cobert[oa]s?\b", r"descobert"),
        (r"manua(?:l|is)\b", r"automatic"),
        (r"individua", r"em grupo\b|em dupla\b|coletiv"),
        (r"infanti[sl]\b|crianca", r"adult"),
        (r"antes d", r"depois d|apos\b"),
        (r"por pessoa\b", r"por casal\b"),
        (r"com hora marcada|agendad|com agendamento", r"sem hora marcada|por ordem de chegada"),
    )
)
_HINGE: Final = Pattern(r"\bnao\b|\bn\b")
_SUPPOSED: Final = Pattern(r"\b(?:se|quando|caso|enquanto|para|pra|que|quem)\b")
_LIMITED: Final = Pattern(
    r"\b(?:acima|abaixo|mais|menos|fora|alem|exceto|so|somente|apenas|ainda)\b"
)
_OPENING: Final = frozenset(
    words(
        "atend atende abre abert funci horar fecha hora secre manha tarde noite semana"
        " seman plant loja"
    )
)
_TURNED: Final = frozenset(words("preci tem temos"))


def contradictions(figures: Figures, known: Sequence[Statement]) -> Iterator[str]:
    """Words of the reply whose `figures` these are, for each statement that says otherwise."""
    for begin, end in read_spans(figures.text):
        if _is_on_other_day(statement(begin, end, figures), known):
            yield figures.text[begin:end]
    for clause in clauses(figures.text):
        if clause.is_asked or is_open(clause.text):
            continue
        said = statement(clause.start, clause.start + len(clause.text), figures)
        for is_otherwise in _CHECKS:
            if is_otherwise(clause, said, known):
                yield clause.text


def _is_opposite(clause: Clause, said: Statement, known: Sequence[Statement]) -> bool:
    if is_denied(clause.text):
        return False
    for group in _OPPOSITES:
        ways = [way for way in group if way.search(said.text)]
        if len(ways) == 1 and _excludes(ways[0], group, said, known):
            return True
    return False


def _excludes(
    way: Pattern, group: Sequence[Pattern], said: Statement, known: Sequence[Statement]
) -> bool:
    """Whether the clause, or else the sentence, about the same tells another way of the group."""
    about = frozenset(stems_in_order(way.sub(" ", said.text))) - _OPENING
    alike = [each.text for each in known if each.about & about]
    near = [
        part.text
        for text in alike
        for part in clauses(text)
        if about & frozenset(stems_in_order(part.text))
    ]
    texts = near if any(each.search(text) for each in group for text in near) else alike
    told = [each for each in group if any(each.search(text) for text in texts)]
    is_pair = len(group) == _ALIKE
    denied = is_pair and any(_denies(each, text) for each in told for text in texts)
    return bool(told) and way not in told and not denied


def _denies(way: Pattern, text: str) -> bool:
    """«Taxas não inclusas» says that they are paid apart."""
    found = way.search(text)
    return found is not None and is_denied(text, found.start())


def _is_denial(clause: Clause, _: Statement, known: Sequence[Statement]) -> bool:
    """«Não aceitamos FGTS» of «Aceita FGTS»."""
    found = _HINGE.search(clause.text)
    if found is None or _LIMITED.search(clause.text):
        return False
    if _SUPPOSED.search(clause.text[: found.start()]):
        return False
    before = list(stems_in_order(clause.text[: found.start()]))[-1:]
    after = [each for each in stems_in_order(clause.text[found.end() :]) if each not in _TURNED]
    pairs = [frozenset(after[:2]), frozenset((*before, *after[:1]))]
    return any(
        len(pair) == _ALIKE and pair <= each.about and each.is_plain
        for pair in pairs
        for each in known
    )


def _is_other_day(_: Clause, said: Statement, known: Sequence[Statement]) -> bool:
    """«A Dra. Helena atende na segunda» where the data name her days."""
    if not said.days or is_denied(said.text):
        return False
    sold = frozenset(stem for each in known if each.is_name for stem in each.about)
    alike = [
        each
        for each in known
        if each.days
        and (len(each.about & said.about) >= _ALIKE or (each.about & said.about) - sold - _OPENING)
    ]
    return bool(alike) and not said.days <= frozenset(day for each in alike for day in each.days)


def _is_on_other_day(said: Statement, known: Sequence[Statement]) -> bool:
    """«Quarta tem 20% de desconto» where all that is said of 20% is of another day."""
    offs = {each for each in said.figures if each[1] == "%"}
    holders = [each for each in known if each.figures & offs]
    if not said.days or not holders or not said.is_plain or "?" in said.text:
        return False
    return all(each.days and not each.days & said.days for each in holders)


def _is_other_figure(_: Clause, said: Statement, known: Sequence[Statement]) -> bool:
    """«Retorno em até 60 dias» of «Retorno em até 30 dias», though 60 days are for something."""
    return any(_is_anothers(figure, said, known) for figure in said.figures)


def _is_anothers(
    figure: tuple[Decimal, str | None], said: Statement, known: Sequence[Statement]
) -> bool:
    holders = [each for each in known if figure in each.figures]
    if not holders or figure[1] is None:
        return False
    nearest = max(len(each.about & said.about) for each in holders)
    return any(
        len(each.about & said.about) >= nearest + _ALIKE
        for each in known
        if any(unit == figure[1] for _, unit in each.figures)
    )


def _is_warranty_of_other(_: Clause, said: Statement, known: Sequence[Statement]) -> bool:
    """«A bateria tem 25 anos de garantia» where two terms are told, each of another thing."""
    names = [each.about for each in known if each.is_name]
    own = {stem for stem in said.about if sum(stem in name for name in names) == 1}
    holders = [each for each in known if each.figures & said.figures and _WARRANTY in each.about]
    if _WARRANTY not in said.about or not own or not holders:
        return False
    return all(len(each.figures) >= _ALIKE and each.about & said.about <= _TERM for each in holders)


_CHECKS: Final[Sequence[Callable[[Clause, Statement, Sequence[Statement]], bool]]] = (
    _is_opposite,
    _is_denial,
    _is_other_day,
    _is_other_figure,
    _is_warranty_of_other,
)
