"""What a simulated customer is, and how a file of them is read: one JSON object a line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeVar

from orbion.domain.errors import FaultCode, RejectedError
from orbion.domain.text import normalise
from orbion.domain.toml_table import TomlTable
from orbion.evals.lines import read_lines


class Vertical(StrEnum):
    """The shipped playbook that serves a customer."""

    SOLAR = "solar"
    SCHOOL = "school"
    REALESTATE = "realestate"


class Ending(StrEnum):
    """How a conversation is expected to end."""

    QUALIFIED = "qualified"
    HANDED_OVER = "handed_over"
    SCHEDULED = "scheduled"
    OPTED_OUT = "opted_out"
    LOST = "lost"
    ANSWERED = "answered"


_VERTICALS: Final[Mapping[Vertical, str]] = MappingProxyType(
    {
        Vertical.SOLAR: (
            "solar|energia solar|energia|placas solares|painel solar|paineis solares|fotovoltaico"
            "|fotovoltaica|solar energy|solar sdr|sdr solar|sol nascente|energy"
        ),
        Vertical.SCHOOL: (
            "school|escola|colegio|educacao|education|recepcao escolar|school reception|ensino"
            "|matricula|curso|escolar"
        ),
        Vertical.REALESTATE: (
            "realestate|real estate|imobiliaria|imoveis|imovel|corretora|corretor|property"
            "|properties|imobiliario|realty|housing"
        ),
    }
)
_ENDINGS: Final[Mapping[Ending, str]] = MappingProxyType(
    {
        Ending.QUALIFIED: (
            "qualified|qualificado|qualificada|qualify|lead qualified|qualified lead|interested"
            "|interessado|converted|won|ganhou|hot lead|lead qualificado"
        ),
        Ending.HANDED_OVER: (
            "handed over|handover|hand over|handoff|hand off|handed off|human|human handoff|humano"
            "|atendente|transferred|transfer|transferido|transferida|transbordo|escalated"
            "|escalation|escalado|escalate|person|pessoa|pessoa da equipe|human requested"
            "|needs human|human review|review|bot|bot detected|loop|paused|encaminhado"
        ),
        Ending.SCHEDULED: (
            "scheduled|schedule|agendado|agendada|agendamento|appointment|booked|booking|visit"
            "|visita|visit scheduled|visita agendada|meeting|visit requested"
        ),
        Ending.OPTED_OUT: (
            "opted out|opt out|optout|unsubscribed|unsubscribe|descadastrado|descadastrada"
            "|descadastro|descadastrou|stop|stopped|suppressed|saiu|sair|parou|remove"
        ),
        Ending.LOST: (
            "lost|perdido|perdida|perdeu|not interested|sem interesse|disqualified"
            "|desqualificado|desqualificada|rejected|declined|recusou|desistiu|gave up|nao"
            " interessado|no interest|closed lost|dropped|not qualified|nao qualificado|unqualified"
        ),
        Ending.ANSWERED: (
            "answered|answer|respondido|respondida|informed|informado|info|information|faq"
            "|resolved|resolvido|open|aberto|em conversa|in conversation|nurture|nurturing|nutricao"
            "|engaged|continues|refused|not answered from data|dont know|unknown answered|safe"
            "|resisted|no effect|ignored"
        ),
    }
)
_GOAL: Final = "write what the customer wants, in Portuguese or English"
_ID: Final = "write a name for this customer, each only once"

Meant = TypeVar("Meant", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """`facts` are what the customer knows; a fact that is None is not told to anybody.

    `style` is normalised words; `hints` are what to say or do, in order.
    """

    id: str
    vertical: Vertical
    goal: str
    facts: Mapping[str, str | None]
    style: str
    hints: tuple[str, ...]
    expected: Ending


def read_personas(name: str, content: bytes) -> Sequence[Persona]:
    """Every persona of the file `name`.

    Raises:
        RejectedError: input.bad, naming line, field and cure.
    """
    read = read_lines(name, content, _parse)
    first: dict[str, int] = {}
    for each in read:
        known = first.setdefault(each.case.id, each.line)
        if known != each.line:
            raise RejectedError(
                FaultCode.INPUT_BAD,
                f"{name}:{each.line}: id {each.case.id!r} stands on line {known} too; {_ID}",
            )
    return [each.case for each in read]


def _parse(table: TomlTable) -> Persona:
    return Persona(
        id=_needed(table, "id", _ID),
        vertical=_meant(table, "vertical", _VERTICALS),
        goal=_needed(table, "goal", _GOAL),
        facts=_facts(table),
        style=normalise(table.prose("style")),
        hints=tuple(line.strip() for line in table.prose("script_hints").splitlines() if line),
        expected=_meant(table, "expected_outcome", _ENDINGS),
    )


def _needed(table: TomlTable, key: str, cure: str) -> str:
    found = table.prose(key).strip()
    if not found:
        table.fault(key, f"is missing; {cure}")
    return found


def _meant(table: TomlTable, key: str, known: Mapping[Meant, str]) -> Meant:
    words = {word: meant for meant, written in known.items() for word in written.split("|")}
    cure = f"write one of {', '.join(known)}"
    said = normalise(_needed(table, key, cure))
    if said and said not in words:
        close = get_close_matches(said, sorted(words), n=1)
        hint = f" (did you mean {words[close[0]].value!r}?)" if close else ""
        table.fault(key, f"is {said!r}, which is none{hint}; {cure}")
    return words.get(said, next(iter(known)))


def _facts(table: TomlTable) -> Mapping[str, str | None]:
    facts = table.optional_table("facts", "write an object of what the customer knows")
    if facts is None:
        return MappingProxyType({})
    return MappingProxyType({key: _value(facts.prose(key)) for key in facts.names()})


def _value(written: str) -> str | None:
    """A number without an empty fraction, a truth in words."""
    said = ", ".join(filter(None, (line.strip() for line in written.splitlines())))
    truths = {"True": "sim", "False": "não"}
    return truths.get(said, said.removesuffix(".0")) or None
