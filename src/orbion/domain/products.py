"""Find which products a text names, and names and offers that the data do not hold."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from orbion.domain.clauses import Clause, clauses, is_denied, is_open
from orbion.domain.figures import read_figures
from orbion.domain.plurals import inflected, singular
from orbion.domain.promises import stems
from orbion.domain.text import compose, fold, words
from orbion.domain.vocabulary import COURTESY, GREETINGS, STOP_WORDS, THANKS
from orbion.kit.pattern import Pattern

_TOKEN: Final = Pattern(r"[a-z]+|\d+(?:\.\d+)?")
_WORD: Final = Pattern(r"[a-z]+")
_ASIDE: Final = Pattern(r"\([^)]*\)")
_ACRONYM: Final = Pattern(r"\b[A-Z]{3,4}\b")
_STEM: Final = 5
_LEAST: Final = 4
_HEADS: Final = frozenset(
    words(
        "plano kit pacote combo curso modelo versao linha assinatura categoria turma modulo lote"
        " protocolo programa plano sistema residencial edificio condominio apartamento"
    )
)
_GRADES: Final = frozenset(
    words(
        "premium plus gold ouro prata bronze diamante diamond platinum platina master pro max vip "
        "black"
        " basico basica avancado avancada intermediario intermediaria essencial familia family"
        " empresarial executivo executiva intensivo intensiva express light top ultra super mega "
        "smart"
        " standard deluxe luxo starter start elite prime student kids infantil junior senior "
        "individual"
        " casal duplo turbo flex completo completa ilimitado corporativo business profissional"
        " exclusivo especial anual semestral trimestral mensal bimestral livre total digital "
        "advanced"
        " silver expert gigante economico popular nano mini safira esmeralda titanio hibrido"
    )
)
_PLAIN: Final = frozenset(
    words(
        "completo completa especial ideal exclusivo exclusiva mensal anual total livre individual"
        " familia profissional digital"
    )
)
_ADJECTIVES: Final = frozenset(
    words(
        "total livre digital mensal anual semestral trimestral bimestral individual casal especial"
        " super mega light pro mini popular hibrido economico profissional infantil expert business"
        " top start black express exclusivo basico completo max ultra executivo empresarial"
    )
)
_CAPITAL: Final = Pattern(
    r"(?<![.!?:\n*_•\u2013—(] )(?<![.!?:\n*_•(\-])(?<=[\w,;] )"
    r"(?:[A-ZÀ-Ý][\wÀ-ÿ'-]+)(?:(?: (?:d[aeo]s? )?"
    r"[A-ZÀ-Ý][\wÀ-ÿ'-]+)|(?: \d+))*"
)
_TITLE: Final = Pattern(r"\b([DdSs]ra?|[Pp]rofa?)\.")
_CALLING: Final = (
    *sorted(word for word in GREETINGS | THANKS | COURTESY if len(word) >= 4),  # noqa: PLR2004 as below
    *("seja", "dona", "doutor", "doutora", "claro", "bem-vinda", "bem-vindo", "prazer", "querida"),
    *("querido", "desculpa", "desculpe", "parabens", "pronto", "seria", "chamo", "nome", "falo"),
)
_NAMING: Final = Pattern(
    r"\b(?:o|a|os|as|um|uma|no|na|do|da|dos|das|nosso|nossa|pelo|pela|com|temos|tem|tambem|tb"
    r"|vendemos|(?:temos|tem|vendemos|fazemos)(?: \w+){1,2} (?:pra|para)"
    r"|ofere\w+|marca|modelo|em|e|ou|ao|de|\w*plano|kit|curso|bairro|inversor|linha"
    rf"|(?!(?:{'|'.join(_CALLING)})\s)[a-z]{{4,}})\s+$"
)
_COMMON: Final = frozenset(
    words(
        "whatsapp whats zap pix brasil google instagram facebook cpf cnpj cep rg spc serasa mec "
        "natal"
        " deus lgpd pdf ia sr sra dr dra prof profa dona seu janeiro"
        " fevereiro marco abril maio junho julho agosto"
        " setembro outubro novembro dezembro segunda terca quarta quinta sexta sabado domingo feira"
        " voce voces oi ola bom boa obrigado obrigada certo perfeito maps email insta"
    )
)
_OFFER: Final = Pattern(
    r"\b(?:(?:a gente |nos )?(?:tambem |tb )?(?:temos|tem|oferecemos|oferece|vendemos|vende"
    r"|trabalhamos com|fazemos"
    r"|aceitamos|instalamos|alugamos|contamos com|disponibilizamos|atendemos|dispomos de"
    r"|possuimos|cobrimos|realizamos"
    r"|entregamos|damos|emitimos|usamos|buscamos|levamos|retiramos|montamos|trocamos|ministramos"
    r"|consertamos|colocamos|aplicamos|importamos|fabricamos|produzimos|servimos|preparamos"
    r"|organizamos|ensinamos|ofertamos|construimos|projetamos|reformamos|lavamos)"
    r"(?: (?:sim|tambem|tb|ate|sempre|ainda|agora|aqui|muito|muitos|varios|varias|outros?|outras?"
    r"|mais|nossos?|nossas?|em|no|na|num|numa|\d+"
    r"|nos|nas|com|o|a|os|as|um|uma|de|do|da|todo|toda|todos|todas|e))*)\s+([a-z]{3,})(?:\s+(?:de "
    r"|do |da |em |para |com |e )?([a-z]{4,}))?"
)
_OTHERS: Final = Pattern(r"\b(?:quem|voces?|vcs?|se|cliente|gente que) $")  # «quem tem filhos»
_WITH: Final = Pattern(r"\bcom ([a-z]{4,})$")  # «a opção com bateria»
_OURS: Final = Pattern(r"mos\b")
_MODEST: Final = frozenset(
    words(
        "opcoes opcao alternativas alternativa interesse duvida duvidas equipe pessoal time "
        "prazer ideia"
        " certeza como que voce voces seu sua preferencia pergunta perguntas perguntinha alguem "
        "alguma algum"
        " algo isso esse essa este aquele aquela dele dela aqui hoje sim nao so uma umas uns dois "
        "duas"
        " tres essas esses estas outro outra informacao informacoes dado dados coisa preco precos "
        "valor"
        " valores planos produtos produto servicos servico itens item cliente clientes pessoas "
        "dia dias"
        " horario horarios hora horas tudo nada mais menos ser fazer ver sobre muito pouco bom "
        "boa bem"
        " ficar falar acordo vezes vez questao tempo forma formas jeito modelos modelo tipos tipo"
        " momento contato conversa cadastro anotado registrado costume conta quem onde quando "
        "urgencia"
        " pensado maximo minimo total alem dessas desses disso daqui por favor novidade novidades"
        " vontade cada raio"
    )
)


_MEASURED: Final = STOP_WORDS | frozenset(
    words(
        "metro metros quadrado quadrados ano anos mes meses semana semanas minuto minutos km"
        " quilometro quilometros hora horas dia dias"
    )
)


_VAGUE: Final = frozenset(
    words(
        "pequeno pequena pequenos pequenas grande grandes medio media bom boa otimo otima novo nova"
        " lindo linda legal legais simples comum proprio propria proprios proprias variado variada"
        " variados variadas diverso diversos diversas diferente diferentes atual"
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A product by all words that may name it, each a pattern of folded words in digits."""

    key: str
    pattern: Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    key: str
    start: int
    end: int


def name_products(names: Mapping[str, Sequence[str]]) -> tuple[Named, ...]:
    """`names` of each product by its key; parts of several products name none of them."""
    acronyms = Counter(each for given in names.values() for each in _acronyms(given))
    tokens = {
        key: [
            *map(_tokens, given),
            *([each] for each in _acronyms(given) if acronyms[each] == 1),
        ]
        for key, given in names.items()
    }
    heads = [parts[0][0] for parts in tokens.values() if parts and parts[0]]
    shared = {
        word
        for key, given in tokens.items()
        for parts in given
        for word in parts
        if any(word in each for other, more in tokens.items() if other != key for each in more)
    }
    return tuple(
        Named(key=key, pattern=_pattern(given, heads, shared))
        for key, given in tokens.items()
        if any(given)
    )


def _acronyms(names: Iterable[str]) -> frozenset[str]:
    """The MEI of «Consultoria MEI» is a name by itself."""
    return frozenset(
        fold(each) for name in names if not name.isupper() for each in _ACRONYM.findall(name)
    )


def _tokens(name: str) -> list[str]:
    plain = read_figures(_ASIDE.sub(" ", name)).text
    return [word for word in _TOKEN.findall(plain) if word not in STOP_WORDS]


def _pattern(given: Sequence[list[str]], heads: Sequence[str], shared: AbstractSet[str]) -> Pattern:
    """The whole name, or what alone tells it from the others."""
    ways = []
    for parts in filter(None, given):
        ways.append(r"\W+(?:[a-z]{1,3}\W+)?".join(map(inflected, parts)))
        if len(parts) > 1 and parts[1][0].isdigit() and parts[1] not in shared:
            number = re.escape(parts[1])
            ways.append(rf"{parts[0]}s?\W+(?:de\W+)?{number}(?!\W*[.,]\d)")
            ways.extend(rf"{number}\W*{word}" for word in parts[2:3])
        own = [word for word in parts[1:] if word not in shared and not word[0].isdigit()]
        if heads.count(parts[0]) > 1:
            ways.extend([each for each in own if len(each) >= _LEAST] or own[:1])
        else:
            ways.extend(_short(word) for word in own if len(word) >= _LEAST)
            least = _LEAST - (len(parts) > 2)  # noqa: PLR2004 «pão» of «pão de forma integral»
            ways.extend(_short(word) for word in parts[:1] if len(word) >= least)
        if len(parts) > 2:  # noqa: PLR2004 «corte e barba» of «combo corte e barba»
            ways.append(r"\W+(?:[a-z]{1,4}\W+)?".join(map(inflected, parts[1:])))
    return Pattern(rf"\b(?:{'|'.join(sorted(set(ways), key=len, reverse=True))})s?\b")


def _short(word: str) -> str:
    """«refri» is a refrigerante too."""
    return rf"{word[:_STEM]}\w*" if len(word) > 2 * _STEM - 2 else inflected(word)


def find_mentions(products: Sequence[Named], text: str) -> list[Mention]:
    """In order of appearance."""
    found = [
        Mention(key=product.key, start=each.start(), end=each.end())
        for product in products
        for each in product.pattern.finditer(text)
    ]
    outer = [each for each in found if not any(_holds(other, each) for other in found)]
    return sorted(outer, key=lambda mention: mention.start)


def _holds(one: Mention, other: Mention) -> bool:
    """«corte e barba» names the combo, and not the beard too."""
    longer = one.end - one.start > other.end - other.start
    return longer and one.start <= other.start and other.end <= one.end


def find_strangers(
    reply: str, text: str, known: AbstractSet[str], heads: AbstractSet[str]
) -> Iterator[str]:
    """Names of products, brands or people in the reply that stand nowhere in the data."""
    yield from _strange_grades(text, known, heads)
    composed = _TITLE.sub(r"\1", compose(reply))
    for clause in clauses(fold(composed)):
        if is_open(clause.text):
            continue
        end = clause.start + len(clause.text)
        for found in _CAPITAL.finditer(composed, clause.start, end):
            before = clause.text[: found.start() - clause.start]
            if found.group().isupper() or is_denied(before) or not _NAMING.search(before):
                continue
            if not _is_known(name := fold(found.group()), known):
                yield name


def _is_known(name: str, known: AbstractSet[str]) -> bool:
    parts = [word for word in _WORD.findall(name) if word not in STOP_WORDS]
    return all(word in _COMMON or word[:5] in known or word in known for word in parts)


def _strange_grades(text: str, known: AbstractSet[str], heads: AbstractSet[str]) -> Iterator[str]:
    for found in re.finditer(r"\b(?:o|no|do|pelo|ao|nosso)\s+([a-z]+)\b", text):
        if found[1] in _GRADES - _PLAIN - _ADJECTIVES and found[1][:5] not in known:
            yield found[1]
    for head in heads | _HEADS:
        for found in re.finditer(rf"\b{re.escape(head)}s?\s+(?:mais\s+)?([a-z]+)", text):
            grade = found[1]
            is_grade = grade in _GRADES and (grade not in _PLAIN or head in heads)
            if is_grade and grade[:5] not in known and grade not in _PLAIN:
                yield f"{head} {grade}"


def find_offers(text: str, known: AbstractSet[str]) -> Iterator[str]:
    """What the reply says the business has or does, with a word that stands nowhere in the data."""
    for clause in clauses(text):
        if is_open(clause.text):
            continue
        for found in _OFFER.finditer(clause.text):
            if not _is_offered(found, clause):
                continue
            with_ = _WITH.search(found.group())
            parts = [with_[1]] if with_ else [*filter(None, found.groups())]
            named = _named(parts)
            if not all({each, singular(each)[:_STEM]} & known for each in named):
                yield " ".join(parts)


def _is_offered(found: re.Match[str], clause: Clause) -> bool:
    before = clause.text[: found.start()]
    if _OTHERS.search(before) or is_denied(before):
        return False
    return not clause.is_asked or _OURS.search(found.group()) is not None


def _named(parts: Sequence[str]) -> frozenset[str]:
    """Nothing of an offer that begins with an empty word."""
    spoken = [word for word in parts if word not in _MEASURED]
    if not spoken or spoken[0] in _MODEST:
        return frozenset()
    return stems(" ".join(word for word in spoken if word not in _VAGUE))
