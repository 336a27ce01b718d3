"""What the WhatsApp Business app says by itself, told from a person's words by having been known.

An unknown text always counts as a person's. It becomes known when it opened `LEARNED_AFTER`
different conversations, each time within `PROMPTLY_MS` after what a customer wrote first in
`OPENING_MS`: too fast, and too often the same, for a person.
"""

from typing import Final

from orbion.domain.text import compose, visible

LEARNED_AFTER: Final = 3
PROMPTLY_MS: Final = 5_000
OPENING_MS: Final = 8 * 60 * 60 * 1000
"""A night: what comes after it is the first of its day, in any time zone."""


def as_greeting(text: str) -> str:
    """Bring a greeting to the form in which it is compared: its characters, not its spacing."""
    return " ".join(compose(visible(text)).split())
