"""Finds what a persona knows about a question of a playbook, and how people would say it."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from orbion.domain.playbook import Playbook, Slot, SlotKind
from orbion.domain.text import contains_phrase, fold, normalise

DECLINED: Final = "prefiro não dizer"
_CHILD: Final = frozenset(
    ["child", "filho", "filha", "aluno", "aluna", "student", "kid", "crianca", "son", "daughter"]
)
_NOT_A_NAME: Final = frozenset(["company", "empresa", "escola", "school", "product", "produto"])
_AGE: Final = frozenset(["age", "idade", "anos", "years"])
_MEANT_BY: Final[Mapping[SlotKind, str]] = MappingProxyType(
    {
        SlotKind.NAME: "name nome responsavel parent customer cliente contato",
        SlotKind.CITY: "city cidade municipio town location local onde",
        SlotKind.MONEY: (
            "bill conta luz budget orcamento faixa gasto investimento price max maximo teto brl"
            " rent valor renda"
        ),
        SlotKind.EMAIL: "email mail",
        SlotKind.PHONE: "phone telefone celular",
        SlotKind.COMPANY: "company empresa",
        SlotKind.NEIGHBORHOOD: "neighborhood neighbourhood bairro area regiao region location",
        SlotKind.BEDROOMS: "bedrooms bedroom quartos quarto rooms dormitorios",
        SlotKind.DATE: "date data dia day",
        SlotKind.TIME: "time hora horario",
    }
)
_OPTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tipo_imovel": "property type tipo imovel local building",
        "decisor": "decision decisor decide decides authority decisao maker",
        "prazo": "timeline timing prazo urgency urgencia deadline when quando",
        "serie": "grade serie age idade year ano level segmento turma",
        "periodo": "period periodo shift turno horario schedule",
        "inicio": "start inicio when quando begin comeco",
        "finalidade": "purpose finalidade intent operation deal transaction modalidade negocio",
        "tipo": "property type tipo imovel",
    }
)
_ENGLISH: Final[Mapping[str, str]] = MappingProxyType(
    {
        "house": "casa",
        "home": "casa",
        "residential": "casa",
        "apartment": "apartamento",
        "flat": "apartamento",
        "farm": "sítio",
        "store": "loja",
        "shop": "loja",
        "commercial": "comercial",
        "company": "empresa",
        "land": "terreno",
        "buy": "comprar",
        "purchase": "comprar",
        "rent": "alugar",
        "sell": "anunciar",
        "list": "anunciar",
        "morning": "de manhã",
        "afternoon": "de tarde",
        "full time": "integral",
        "full day": "integral",
        "asap": "o quanto antes",
        "now": "agora",
        "next year": "ano que vem",
        "next month": "mês que vem",
        "this year": "este ano",
        "researching": "só pesquisando",
        "just looking": "só pesquisando",
        "alone": "eu mesmo decido",
        "self": "eu mesmo decido",
        "spouse": "decido junto com minha esposa",
        "wife": "decido junto com minha esposa",
        "husband": "decido junto com meu marido",
        "yes": "sim",
        "no": "não",
    }
)
_THOUSAND: Final = 10_000


def key_of(slot: Slot, facts: Mapping[str, str | None]) -> str | None:
    """The name under which a persona knows what this slot asks for."""
    if slot.key in facts:
        return slot.key
    return next((key for key in facts if _is_about(slot, key)), None)


def spoken(slot: Slot, facts: Mapping[str, str | None]) -> str:
    """The answer to the slot's question.

    Who has never thought of a choice makes the first that comes to mind; other things that a
    persona does not know, or does not tell, stay untold.
    """
    key = key_of(slot, facts)
    if key is None:
        return slot.options[0].value if slot.options else DECLINED
    value = facts[key]
    return DECLINED if value is None else _said(slot, key, value)


def volunteered(slot: Slot, facts: Mapping[str, str | None]) -> str:
    """The same told unasked, so that it is clear what it is."""
    said = spoken(slot, facts)
    match slot.kind:
        case SlotKind.NAME:
            return f"me chamo {said}"
        case SlotKind.CITY:
            return f"moro em {said}"
        case SlotKind.OPTION:
            return said
        case _:
            return f"{slot.label.lower()}: {said}"


def asked_slot(playbook: Playbook, said: str) -> Slot | None:
    """The slot whose question stands in these words: the playbook's own, or one with its label."""
    own = next((slot for slot in playbook.slots if slot.question in said), None)
    if own or "?" not in said:
        return own
    question = normalise(said.rpartition("?")[0])
    named = (slot for slot in playbook.slots if contains_phrase(question, normalise(slot.label)))
    return next(named, None)


def _is_about(slot: Slot, key: str) -> bool:
    named = _words_of(key)
    match slot.kind:
        case SlotKind.CHILD_NAME:
            return bool(named & _CHILD) and not named & _AGE
        case SlotKind.CHILD_AGE:
            return bool(named & _AGE)
        case SlotKind.NAME if named & (_CHILD | _NOT_A_NAME):
            return False
        case SlotKind.OPTION:
            meant = _OPTIONS.get(slot.key, slot.key)
        case kind:
            meant = _MEANT_BY.get(kind, slot.key)
    return not named.isdisjoint(meant.split())


def _words_of(key: str) -> frozenset[str]:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", key)
    return frozenset(re.findall(r"[a-z]+", fold(apart)))


def _said(slot: Slot, key: str, value: str) -> str:
    said = _translated(value)
    number = re.fullmatch(r"\d+(?:\.\d+)?", value)
    match slot.kind:
        case SlotKind.MONEY if number:
            return _amount(float(value))
        case SlotKind.BEDROOMS if number:
            return f"{value} quartos"
        case SlotKind.OPTION if number:
            return f"{value} anos" if _words_of(key) & _AGE else f"{value}º ano"
        case SlotKind.OPTION if said == "sim":
            return slot.options[0].value
        case _:
            return said


def _amount(reais: float) -> str:
    if reais >= _THOUSAND and reais % 1000 == 0:
        return f"uns {reais / 1000:g} mil"
    return f"uns R$ {reais:.2f}".removesuffix(".00").replace(".", ",")


def _translated(value: str) -> str:
    return _ENGLISH.get(normalise(value.replace("_", " ")), value)
