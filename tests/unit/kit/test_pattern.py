"""A pattern compiles when it is first asked, and asks what `re` asks."""

import re

import pytest

from orbion.kit.pattern import Pattern


def test_what_cannot_be_compiled_fails_when_it_is_asked() -> None:
    broken = Pattern(r"(")
    with pytest.raises(re.error):
        broken.search("x")


def test_each_question_is_that_of_re() -> None:
    digits = Pattern(r"(?m)^\d+", re.IGNORECASE)
    text = "1 a\n22 b"
    assert digits.match(text)
    assert digits.match(text, 4)
    assert digits.fullmatch(text) is None
    assert [found.group() for found in digits.finditer(text, 1)] == ["22"]
    assert digits.search(text, 1, 3) is None
    assert digits.findall(text) == ["1", "22"]
    assert digits.split(text) == ["", " a\n", " b"]
    assert digits.sub("#", text) == "# a\n# b"
