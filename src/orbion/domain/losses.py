"""Recognise a customer who says that nothing will come of it, and why."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from orbion.domain.pipeline import LossReason
from orbion.domain.text import clauses, sentences
from orbion.domain.vocabulary import spelled_out

_DONE: Final = r"(?:fechei|fechamos|contratei|contratamos|comprei|aluguei|matriculei|instalei)"
_GONE: Final = (
    r"(?:nao (?:vou|quero|vamos|queremos)(?: mais)? (?:fazer|seguir|continuar|comprar|alugar|fechar"
    r"|instalar|matricular|contratar)|desist[io]|desistimos|vou deixar(?: pra la| para la)?$)"
)
_NOT_IN_ONE: Final = r"(?! (?:em|no|na|nos|nas|n?es[st][ae]|n?aquel[ea])\b)"
_TOO_DEAR: Final = re.compile(
    rf"\b(?:caro|cara|orcamento|preco|valor|dinheiro|condicoes)\b.*\b{_GONE}"
    rf"|\b{_GONE}.*\b(?:caro|cara|preco|valor)\b"
)
_WHY: Final[Mapping[LossReason, re.Pattern[str]]] = MappingProxyType(
    {
        LossReason.OTHER_SUPPLIER: re.compile(
            rf"\b{_DONE} (?:\w+ ){{0,4}}(?:outr[oa]s?|concorrente)\b"
            r"|\bvou (?:fechar|ficar|comprar|contratar) (?:\w+ ){0,3}(?:outr[oa]|concorrente)\b"
        ),
        LossReason.NO_PRIORITY: re.compile(
            r"\bnao (?:e|eh) (?:uma |a |minha |nossa )?prioridade\b|\bsem prioridade\b"
        ),
        LossReason.CURIOSITY: re.compile(
            r"\b(?:era|e|foi|estava|so|apenas) (?:so |por |mera )*curiosidade\b"
            r"|\b(?:estava|era|foi) so curios[oa]\b"
        ),
        LossReason.NO_FIT: re.compile(
            r"\bnao (?:serve|atende|se encaixa|e o que)(?: \w+){0,2} (?:mim|nos|procuro|preciso"
            r"|procuramos|precisamos)\b"
        ),
        LossReason.GAVE_UP: re.compile(
            r"^(?:eu |ja |na verdade |entao |acho que )*(?:desisti|desistimos)\b"
            r"(?! d[eao]s? (?:procurar|esperar|outr[oa]))"
            r"|\bnao (?:tenho|temos|ha|estou com)(?: mais)?(?: nenhum)? interesse\b"
            rf"{_NOT_IN_ONE}"
            rf"|\bnao (?:estou|estamos)(?: mais)? interessad[oa]s?\b{_NOT_IN_ONE}"
            r"|\bperdi o interesse\b"
            r"|\b(?:nao tem|sem) mais interesse\b|^nao me interessa(?: mais)?$"
            r"|^(?:eu |ja |na verdade |entao )*nao (?:vou|quero) mais (?:fazer|seguir|continuar)\b"
        ),
    }
)


def loss_reason(text: str) -> LossReason | None:
    """Why this message gives up; a question gives nothing up."""
    whole = [part for part in sentences(text) if "?" not in part]
    said = [spelled_out(part) for part in whole]
    parts = [spelled_out(part) for sentence in whole for part in clauses(sentence)]
    if any(map(_TOO_DEAR.search, said)):
        return LossReason.PRICE
    found = (why for why, words in _WHY.items() if any(map(words.search, parts)))
    return next(found, None)
