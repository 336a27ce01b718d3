"""How a reply must read, and what it costs to tell."""

import time

import pytest

from orbion.domain.style import find_style_problems


def problems(*texts: str) -> tuple[str, ...]:
    return find_style_problems(texts, without_links=texts)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Oi! Como posso te chamar?", ()),
        ("Preços:\n• Kit 3: R$ 1\n• Kit 5: R$ 2\n• Kit 8: R$ 3\n• Kit 15: R$ 4\n• Mais", ()),
        ("a\nb\nc\nd", ()),
        ("a\nb\nc\nd\ne", ("lines",)),
        ("Tudo bem? Qual seu nome?", ("questions",)),
        ("Sério??", ()),
        ("Claro, vamos lá", ("opener",)),
        ("Clareza é bom", ()),
        ("Oi ☀️", ()),
        ("Oi 👩‍👩‍👧", ()),
        ("Oi 😊😊", ("emoji",)),
        ("Temos: • a • b • c", ("flat_list",)),
        ("Temos 1) kit 3 2) kit 5", ("flat_list",)),
        ("De 1 a 3 dias - ou mais", ()),
    ],
)
def test_a_reply_reads_like_a_person_wrote_it(text: str, found: tuple[str, ...]) -> None:
    assert problems(text) == found


def test_the_style_check_costs_less_than_a_millisecond() -> None:
    texts = ["Atendemos de segunda a sexta, das 8h às 18h ☀️\nQual cidade?"] * 3
    best = min(_seconds(texts) for _ in range(20))
    assert best < 0.001


def _seconds(texts: list[str]) -> float:
    started = time.perf_counter()
    problems(*texts)
    return time.perf_counter() - started
