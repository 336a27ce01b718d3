"""Tell a participle that says how a thing is from one that says what was done for somebody."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from orbion.kit.pattern import Pattern

_HISTORY: Final = Pattern(
    r"^\W*(?:ess[ea]s?|este|estes|estas|esta(?= [a-z]+ (?:foi|tem|e)\b)|noss[oa]s?|aquel[ea]s?)\b"
)
_LASTS: Final = Pattern(
    r"\bficam? \w+ por \w+ (?:minutos?|horas?|dias?|semanas?|mes(?:es)?|anos?)\b"
)
_PERSONAL: Final = Pattern(r"\b(?:voces?|vcs?|seus?|suas?|te|lhe|teu|tua|ja|agora|hoje|acab\w+)\b")
# A state that is no deed, by the stem of its participle and what stands around.
_STATES_OF_THINGS: Final[Mapping[str, Pattern]] = MappingProxyType(
    {
        "inclu": Pattern(
            r"\bn[oa]s? (?:valor|preco|mensalidade|diaria|pacote|plano|aluguel|taxa|parcela|total"
            r"|kit|curso|orcamento)\w*|\b(?:material|frete|cafe|condominio|iptu|instalacao"
            r"|uniforme|almoco)\b(?!.*\b(?:foi|foram)\b)"
        ),
        "fech": Pattern(
            r"\b(?:loja|clinica|escola|secretaria|escritorio|academia|estande|plantao|a gente"
            r"|estamos|ficamos|feriado|domingo|sabado|segunda|turma|agenda)\b"
        ),
        "abert": Pattern(
            r"\b(?:loja|clinica|escola|secretaria|escritorio|academia|estande|plantao|a gente"
            r"|estamos|ficamos|inscricoes|matriculas|vagas|ate)\b"
        ),
    }
)


# «Consultas marcadas com antecedência têm desconto» tells of any.
_KINDS: Final = Pattern(
    r"^\W*(?:(?:tod[oa]s )?[oa]s )?[a-z]+s (?:ja )?(?:[a-z]+(?:ad|id|it)[oa]s)\b.* "
    r"(?:tem|sao|pagam|saem|ganham|recebem|contam|valem|precisam|podem|devem|custam|ficam|levam"
    r"|demoram|chegam|entram|perdem)\b"
)
_AGO: Final = Pattern(r"\b(?:ano|mes|semana|semestre|seculo|verao|inverno|vez|dia)s? $")


def is_general(text: str) -> bool:
    """Said of any («consultas marcadas com antecedência …») or how a thing came to be."""
    return _KINDS.match(text) is not None or _is_story(text)


def _is_story(text: str) -> bool:
    """«Esse desconto foi criado para quem é novo», «a mesa fica reservada por 15 minutos»."""
    is_thing = _HISTORY.match(text) or _LASTS.search(text)
    return is_thing is not None and not _PERSONAL.search(text)


def tells_of_thing(found: re.Match[str], text: str) -> bool:
    """«O condomínio está incluído no valor», «a loja fica fechada», «esse curso foi criado»."""
    is_ago = found.group().startswith("passad") and _AGO.search(text[: found.start()])
    if is_ago or _is_story(text):
        return True
    pattern = _STATES_OF_THINGS.get(found[1] or found.group()[:5])
    return pattern is not None and pattern.search(text) is not None
