"""Recognise a Brazilian taxpayer number (CPF) and hide most of it."""

import re
from typing import Final

_CPF: Final = re.compile(r"(?<![\d.,/-])(\d{3})\.?(\d{3})\.?(\d{3})-?(\d{2})(?![\d/]|[.,-]\d)")
_LENGTH: Final = 11


def find_cpf(text: str) -> tuple[str, str] | None:
    """(«***.456.789-**», the visible digits as written) of the first valid one."""
    for found in _CPF.finditer(text):
        if _is_valid("".join(found.groups())):
            visible = text[found.start(2) : found.end(3)]
            return f"***.{found[2]}.{found[3]}-**", visible
    return None


def _is_valid(digits: str) -> bool:
    """The last two digits check the others; eleven times the same digit is no CPF."""
    return len(set(digits)) > 1 and all(
        int(digits[place]) == _check(digits[:place]) for place in (_LENGTH - 2, _LENGTH - 1)
    )


def _check(digits: str) -> int:
    heavy = sum(int(digit) * (len(digits) + 1 - place) for place, digit in enumerate(digits))
    return heavy * 10 % _LENGTH % 10
