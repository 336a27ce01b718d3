"""Find phone numbers in text and write them as E.164, with Brazil's ninth digit."""

import re
from typing import Final

from orbion.domain.text import words

_BRAZIL: Final = "55"
_AREAS: Final = frozenset(
    words(
        "11 12 13 14 15 16 17 18 19 21 22 24 27 28 31 32 33 34 35 37 38 41 42 43 44 45 46"
        " 47 48 49 51 53 54 55 61 62 63 64 65 66 67 68 69 71 73 74 75 77 79 81 82 83 84 85"
        " 86 87 88 89 91 92 93 94 95 96 97 98 99"
    )
)
_NATIONAL: Final = re.compile(
    r"(?<![\w+.,/-])(?:\+?55[\s.-]*)?(?:0xx)?\(?0?(?P<area>[1-9]{2})\)?[\s.-]*"
    r"(?P<number>(?:9[\s.-]?)?\d{4}[\s.-]?\d{4})(?![\d/]|[.,-]\d)"
)
_FOREIGN: Final = re.compile(r"\+(?!55)[1-9](?:[\s.()-]*\d){6,13}(?!\d)")
_DIGIT: Final = re.compile(r"\d")
_LONG: Final = 9
_FIRST_OF_MOBILES: Final = "6"


def find_phones(text: str) -> tuple[tuple[str, str], ...]:
    """(E.164, quote) of each number in order of appearance; without an area code it is none."""
    found = [
        (match.start(), e164, match.group().strip())
        for match in _NATIONAL.finditer(text)
        if (e164 := _national(match["area"], _digits(match["number"])))
    ]
    found += [
        (match.start(), f"+{_digits(match.group())}", match.group().strip())
        for match in _FOREIGN.finditer(text)
    ]
    return tuple((e164, quote) for _, e164, quote in sorted(found))


def _national(area: str, number: str) -> str | None:
    """Mobile numbers have nine digits since 2016; people still leave out the first."""
    if area not in _AREAS:
        return None
    if len(number) == _LONG:
        return f"+{_BRAZIL}{area}{number}"
    ninth = "9" if number[0] >= _FIRST_OF_MOBILES else ""
    return f"+{_BRAZIL}{area}{ninth}{number}" if number[0] > "1" else None


def _digits(text: str) -> str:
    return "".join(_DIGIT.findall(text))
