"""Read Portuguese plurals, so that «dois pães» are what is sold as «pão»."""

import re
from collections.abc import Sequence
from typing import Final

_ENDINGS: Final[Sequence[tuple[str, tuple[str, ...]]]] = (
    ("ao", ("oes", "aes", "aos")),
    ("al", ("ais",)),
    ("el", ("eis",)),
    ("ol", ("ois",)),
    ("il", ("is",)),
    ("m", ("ns",)),
    ("r", ("res",)),
    ("z", ("zes",)),
    ("", ("s",)),
)
_LEAST: Final = 3


def inflected(word: str) -> str:
    """A pattern of the folded word and its plurals."""
    if not word.isalpha() or len(word) < _LEAST:
        return re.escape(word)
    one, many = next((one, many) for one, many in _ENDINGS if word.endswith(one))
    return f"{word.removesuffix(one)}(?:{'|'.join((one, *many))})"


def singular(word: str) -> str:
    """What the folded word is most likely a plural of, or itself."""
    for one, many in _ENDINGS:
        for ending in many:
            if word.endswith(ending) and len(word) > len(ending) + 1:
                return word.removesuffix(ending) + one
    return word
