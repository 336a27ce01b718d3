"""What the WhatsApp Business app says by itself, told from a person's words by having been known.

An unknown text always counts as a person's. It becomes known when it was written in `LEARNED_AFTER`
different conversations one after the other, each time within `PROMPTLY_MS` after what the customer
wrote first in `OPENING_MS`: too fast, and too often the same, for a person. Written once at another
moment, as people do with their stock phrases, it has to begin again.
"""

from typing import Final

from orbion.domain.text import compose, visible

LEARNED_AFTER: Final = 3
PROMPTLY_MS: Final = 3_000
OPENING_MS: Final = 8 * 60 * 60 * 1000
"""A night: what comes after it is the first of its day, in any time zone."""


def as_greeting(text: str) -> str:
    """Bring a greeting to the form in which it is compared: its characters, not its spacing."""
    return " ".join(compose(visible(text)).split())
