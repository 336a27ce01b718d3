"""All labelled sets by name: a new one is a module here and a line in `SETS`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from orbion.evals.entities import ENTITIES
from orbion.evals.human_request import HUMAN_REQUEST
from orbion.evals.intents import INTENTS
from orbion.evals.labelled import EvalSet
from orbion.evals.opt_out import OPT_OUT

SETS: Final[Mapping[str, EvalSet[Any]]] = MappingProxyType(
    {each.name: each for each in (OPT_OUT, HUMAN_REQUEST, ENTITIES, INTENTS)}
)
