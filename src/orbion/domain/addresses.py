"""Find the addresses and places that a text names."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from itertools import takewhile
from types import MappingProxyType
from typing import Final

from orbion.domain.clauses import clauses, is_denied, is_open
from orbion.domain.text import compose, fold, words
from orbion.kit.pattern import Pattern

_STREET: Final = Pattern(
    r"\b(?:rua|r\.|avenida|av\.?|alameda|al\.|travessa|rodovia|rod\.|estrada|praca|largo|viela)\s+"
    r"((?:[a-z0-9'.-]+\s?){1,5})"
)
_BUILDING: Final = Pattern(
    r"\b(?:shopping|galeria|edificio|predio|torre|centro (?:comercial|empresarial)|condominio"
    r"|bairro"
    r"|vila|jardim|jd\.?|parque|terminal|metro|estacao)\s+"
    r"((?:[a-z0-9'-]+\s?){1,2})|\b(?:sala|andar|bloco|loja) (\d+)"
)
_NEAR: Final = Pattern(
    r"\b(?:perto|pertinho|proxim[oa]s?|ao lado|do lado|em frente|na frente|atras|esquina"
    r"|vizinh[oa]s?"
    r"|a \d+ (?:minutos?|metros?|quadras?|m|min|km)|duas quadras|(?:1|uma|2) "
    r"quadras?)\s+(?:d[aeo]s?|a[o]?|com)\s+"
    r"((?:[a-z0-9'-]+\s?){1,3})"
)
_SITED: Final = Pattern(
    r"\b(?:fic(?:a|amos)|estamos|loja(?: fica)?|unidades?|filial|filiais|sede|escritorio|endereco"
    r"|localizad[oa]s?"
    r"|matriz|atendemos|showroom|polo|atende|entregamos|instalamos|presente)\s+(?:tambem |tb |e "
    r"|em |fica |ai |bem |aqui )*(?:em|n[oa]s?|de|do)\s+"
)
_PLACE: Final = Pattern(r"(?:[A-ZÀ-Ý][\wÀ-ÿ'-]+)(?:\s(?:d[aeo]s?\s)?[A-ZÀ-Ý][\wÀ-ÿ'-]+)*")
_WORD: Final = Pattern(r"[a-z]{3,}|\d+")
_LONG_FORMS: Final = (
    ("av", "avenida"),
    ("r", "rua"),
    ("al", "alameda"),
    ("tv", "travessa"),
    ("rod", "rodovia"),
    ("estr", "estrada"),
    ("pca", "praca"),
    ("jd", "jardim"),
    ("pq", "parque"),
    ("vl", "vila"),
    ("ed", "edificio"),
    ("cj", "conjunto"),
    ("conj", "conjunto"),
    ("apto", "apartamento"),
    ("dr", "doutor"),
    ("dra", "doutora"),
    ("prof", "professor"),
    ("profa", "professora"),
    ("sto", "santo"),
    ("sta", "santa"),
)
ABBREVIATED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        **{short: (full,) for short, full in _LONG_FORMS},
        **{full: (short,) for short, full in _LONG_FORMS},
    }
)
"""Each title of a street or a person by its other form."""
_ASIDES: Final = frozenset(words("voce voces que qual quer procura prefere"))
_NO_NAME: Final = frozenset(
    words(
        "que com para por das dos uma mais aqui hoje seu sua voce tem fica qualquer gente nossa "
        "nosso"
        " das principal mesma toda todo onde casa loja empresa cliente pode ate fisica numero voces"
        " quer certo centro virtual online esta estao whatsapp brasil nos isso sabado domingo ver"
        " agora ele ela elas pra"
    )
)


def find_addresses(reply: str, text: str, known: AbstractSet[str]) -> Iterator[str]:
    """Places in the reply with a word that stands nowhere in the data."""
    for clause in clauses(text):
        if is_denied(clause.text) or is_open(clause.text):
            continue
        for pattern in (_STREET, _BUILDING, _NEAR):
            for found in pattern.finditer(clause.text):
                if _is_strange(
                    found[1] or found[found.re.groups], known, most=2 if pattern is _STREET else 3
                ):
                    yield found.group()
    yield from _towns(reply, known)


def _is_strange(name: str, known: AbstractSet[str], *, most: int) -> bool:
    spoken = takewhile(lambda word: word not in _ASIDES, _WORD.findall(name))
    words = [word for word in spoken if word not in _NO_NAME][:most]
    return bool(words) and not all(word[:5] in known for word in words)


def _towns(reply: str, known: AbstractSet[str]) -> Iterator[str]:
    composed = compose(reply)
    for sited in _SITED.finditer(fold(composed)):
        found = _PLACE.match(composed, sited.end())
        if found and _is_strange(fold(found.group()), known, most=3):
            yield found.group()
