"""Write the values of the business where a model wrote `{{fact:id}}`."""

import re
from collections.abc import Mapping
from typing import Final

from orbion.domain.answering import write_hours
from orbion.domain.money import write_amount
from orbion.domain.playbook import Playbook

_PLACEHOLDER: Final = re.compile(r"\{\{\s*fact:\s*([a-z0-9:_.-]+)\s*\}\}")
_BRACES: Final = re.compile(r"\{\{|\}\}")


def fact_values(playbook: Playbook) -> Mapping[str, str]:
    """What each placeholder of a playbook stands for, by its id."""
    return {
        **{item.fact_id: write_amount(item.price) for item in playbook.catalogue},
        **{entry.fact_id: entry.answer for entry in playbook.faq},
        "hours": write_hours(playbook),
        "address": playbook.address,
        "identity": playbook.texts.identity,
    }


def render(text: str, values: Mapping[str, str]) -> str:
    """The text with every known placeholder replaced; an unknown one stays as it is."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found.group()), text)


def is_unrendered(text: str) -> bool:
    return _BRACES.search(text) is not None
