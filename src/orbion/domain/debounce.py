"""Guess how long to wait for the rest of what somebody is typing."""

import re
from typing import Final

from orbion.domain.messages import MessageKind
from orbion.domain.text import normalise

_GREETING: Final = re.compile(
    r"(?:(?:oi+e*|ola|opa|eai|e ai|hey|alo|bom dia|boa tarde|boa noite|tudo bem|tudo bom|td bem)"
    r"(?: |$))+"
)
_DANGLING: Final = re.compile(
    r"(?:[,:;]|\.\.\.|…|\b(?:e|mas|que|com|de|do|da|pra|para|por|porque|se|ou|em|um|uma|o|a))$"
)
_WHOLE: Final = frozenset({MessageKind.BUTTON, MessageKind.LIST, MessageKind.REACTION})
_LONG: Final = 80
_SHORT: Final = 12


def quiet_ms(text: str, kind: MessageKind, *, low: int, high: int) -> int:
    """Milliseconds of silence after which a burst counts as ended, between `low` and `high`."""
    return round(low + _hesitation(text.strip().lower(), kind) * (high - low))


def _hesitation(text: str, kind: MessageKind) -> float:
    """From 0.0, surely finished, to 1.0, surely more to come."""
    if kind in _WHOLE:
        return 0.0
    if not text:
        return 0.5
    if _DANGLING.search(text) or _GREETING.fullmatch(normalise(text)):
        return 1.0
    return _unfinished(text)


def _unfinished(text: str) -> float:
    if text.endswith("?"):
        return 0.0
    if text.endswith(("!", ".")) or len(text) >= _LONG:
        return 0.15
    return 0.6 if len(text) <= _SHORT else 0.35
