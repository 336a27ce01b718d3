"""Find what a reply says was done to a thing: «está agendado», «reserva feita»."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from orbion.domain.action_words import NOUNS, VERBS
from orbion.domain.claims import STEMS, THINGS, ActionClaim, backing, claim, is_real
from orbion.domain.clauses import is_denied
from orbion.domain.receipts import Deed
from orbion.domain.states_of_things import tells_of_thing
from orbion.kit.pattern import Pattern

_DONE: Final = Pattern(
    rf"\b({STEMS})(?:ad|id|uid|iad|ead|t)(?:inh|issim)?[oa]s?\b(?! de volta)|\b(mandad|aberto"
    rf"|aberta|abertos|feit)[oa]?s?\b"
)
_BEING: Final = Pattern(
    r"\b(?:ta|tao|esta|estao|ficou|ficaram|fica|ficam|foi|foram|ja|deixei|deixo|deixamos|tudo"
    r"|prontinho|pronto|encontra(?:-se)?"
    r"|feito|certo|ok|esta tudo|tudo|tava|segue|seguem|consegui|acabou de ser|acaba de ser|sendo"
    r"|tem|temos|tenho|tendo)\b"
)
_MADE: Final = Pattern(
    rf"\b({THINGS})s?(?: \w+){{0,4}}? (?:ja )?(?:(?:esta|ta|foi|ficou) )?(?:ja )?"
    rf"(?:(?:feit|ok\b|recebid|identificad|aprovad|abert|caiu)\w*|(?:{STEMS})(?:ad|id)[oa]s?\b)"
)
_ACTS: Final = (
    r"(?:cancel|atualiz|ativ|emit|registr|reserv|agend|marc|envi|confirm|aplic|liber|alter|remov"
    r"|exclu|ger|cadastr|solicit|estorn|finaliz|conclu|efetu|realiz|remarc|reagend|transfer|salv"
    r"|conced|anot|cri|assin|garant|bloque|emit|encaminh|inscrev|separ)"
)
# «Endereço atualizado», «segunda via emitida com sucesso»: a clause that is but a report.
_REPORT: Final = Pattern(
    r"^\W*(?:(?:o|a|os|as|seu|sua|seus|suas|tudo|ok|pronto) )*"
    r"(?!(?:valor|preco|tabela|lista|site)|(?:nao|nada|se|quando|depois|apos|assim|caso"
    r"|uma)\b)"
    rf"\w+(?: (?:d[aeo] )?\w+)?? ({_ACTS})(?:ad|id)[oa]s?"
    r"(?=\W*$| (?:com sucesso|aqui|agora|no sistema|ja|para [oa]|pr[oa]|para voce)\b"
    r"| e \w+ \w+[ai]d[oa]s?\W*$)"
)
_GENERIC: Final = Pattern(r"\b[oa]s $")
# «A consulta marcada pode ser remarcada», «agendado ou por ordem de chegada».
_OF_ANY: Final = Pattern(r"\s+(?:ou|pode\w*|dev\w+|precis\w+|vale\w*|da direito|tem (?:que|de))\b")
_NEUTRAL: Final = Pattern(r"\b(?:realiz|efetu|conclu|finaliz|feit|process)\w*")
_USUAL: Final = Pattern(r"\b(?:e|eh|sao|era|eram|so)\b")
_UNREAL: Final = Pattern(
    r"\b(?:para|pra|precis\w+|dev\w+|tem que|teria|poder\w*|seria|poss?o|pode\w*|quer\w*"
    r"|gostaria\w*|deixar|ter|(?<!acabou de )(?<!acaba de )ser|for|forem|estiver\w*|sera\w*"
    r"|vai|vou|vao|vamos|irei|ira|deixe|esteja|fique|seja|com|por|mediante|sem|so|somente|apenas"
    r"|costuma\w*|sempre"
    r"|normalmente|geralmente|qualquer|cada|toda|todo"
    r"|ficara|estara|bem|outr[oa]|voce (?:tem|tinha|ja)|vc (?:tem|tinha|ja)|que voce|que vc"
    r"|tenham?|possivel|provavel\w*|previamente|funciona\w*|atend\w+|trabalh\w+|necessari\w+)\b"
)
_MODAL: Final = Pattern(
    r"\b(?:precis\w+|dev\w+|tem que|poder\w*|pode\w*|sera\w*|vai|vao|vamos|ira|irao|for|vale\w*"
    r"|serve\w*|tenham?)\b"
)
_HEARD: Final = Pattern(r"\W*(?:ok |certo |ta |esta )?anotad(?:o|inho|issimo)\W*")
_THEIRS: Final = Pattern(
    r"\b(?:outra pessoa|por (?:outr\w+|voce|vc|ele|ela)|pelo cliente"
    r"|que (?:voce|vc)(?! (?:vem|vai|chega|quer|esta|precisa)\b))\b"
)
_SETTLED: Final = Pattern(
    r"\s*(?:p[ar]+a?\b|com sucesso|aqui|no seu|na sua|[^\w\s,]|$|entao|certinho)"
)
_IS_NOUN: Final = Pattern(r"pedido|chamados? (?:abert|regist|cri|numero|n |tecnic)\w*")
_IRREGULAR: Final[Mapping[str, str]] = MappingProxyType({"m": "mand", "a": "abr", "f": ""})
_DEEDS: Final = frozenset(Deed) - {Deed.CHECK}


def find_results(text: str) -> Iterator[ActionClaim]:
    yield from _results(text)
    made = list(_made(text))
    yield from made or _reported(text)


def _made(text: str) -> Iterator[ActionClaim]:
    for found in _MADE.finditer(text):
        said = found.group()
        is_open = _USUAL.search(said) or _MODAL.search(said) or is_denied(said)
        is_kind = not _BEING.search(said) and (
            _GENERIC.search(text[: found.start()]) or _OF_ANY.match(text, found.end())
        )
        if not is_open and not is_kind and _stands(text[: found.start()], text):
            yield claim(found, _made_by(NOUNS[found[1]], said))


def _made_by(noun: frozenset[Deed], said: str) -> frozenset[Deed]:
    """«Agendamento realizado» is a booking, «reserva cancelada» is none."""
    if _NEUTRAL.search(said) or Deed.REFUND in noun:
        return noun
    verb = _backing_of(said)
    return verb if Deed.CANCEL in verb else noun | (verb - {Deed.CHECK})


def _reported(text: str) -> Iterator[ActionClaim]:
    found = _REPORT.match(text)
    if found and _stands(text[: found.start(1)], text):
        yield claim(found, VERBS[found[1]])


def _results(text: str) -> Iterator[ActionClaim]:
    for found in _DONE.finditer(text):
        before = text[: found.start()]
        if _IS_NOUN.match(text, found.start()) or not _stands(before, text):
            continue
        if _HEARD.fullmatch(text) or tells_of_thing(found, text):
            continue
        if _OF_ANY.match(text, found.end()) and not _BEING.search(before):
            continue
        if _BEING.search(before) or _opens(before, text[found.end() :]):
            stem = found[1] or _IRREGULAR[found[2][0]]
            yield claim(found, backing(stem, text) if stem else _DEEDS)


def _opens(before: str, after: str) -> bool:
    """«Agendado!», and after a name or a thanks «…, marcado pra terça»."""
    lead = before.strip(" \n-\u2013—*_✅🙂👍")
    return not lead or (lead in {",", ":"} and _SETTLED.match(after) is not None)


def _stands(before: str, text: str) -> bool:
    return is_real(before) and not _UNREAL.search(before) and not _THEIRS.search(text)


def _backing_of(said: str) -> frozenset[Deed]:
    found = [each[1] for each in _DONE.finditer(said) if each[1]]
    return VERBS[found[-1]] if found else frozenset()
