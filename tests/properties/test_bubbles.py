"""Whatever a model writes, splitting loses no word, cuts no line of a list and no link."""

from hypothesis import given
from hypothesis import strategies as st

from orbion.domain.bubbles import LONGEST, MOST_BUBBLES, split_answer
from orbion.domain.text import printable

LETTERS = st.characters(exclude_categories=("Zs", "Zl", "Zp"), exclude_characters="\r\n\t{}")
WORDS = st.text(LETTERS, min_size=1, max_size=30)
ATOMS = st.one_of(
    WORDS,
    st.integers(1, 10**6).map(lambda n: f"https://loja.test/kit?id={n}&utm=a.b!c"),
    st.integers(1, 99).map(lambda n: f"{{{{fact:{n}}}}}"),
    st.sampled_from(["Av.", "R$", "1.500,00.", "fim.", "mesmo?", "😀", "\0", "\x07x"]),
)
LINES = st.lists(ATOMS, min_size=1, max_size=60).map(" ".join)
ITEMS = st.tuples(st.sampled_from(["- ", "• ", "1. ", "2) "]), LINES).map("".join)
BLOCKS = st.one_of(LINES, st.lists(ITEMS, min_size=1, max_size=8).map("\n".join))
TEXTS = st.lists(BLOCKS, min_size=1, max_size=8).map("\n\n".join)


def words(text: str) -> list[str]:
    return printable(text).split()


@given(st.lists(TEXTS, max_size=3))
def test_the_bubbles_hold_the_words_in_their_order(texts: list[str]) -> None:
    bubbles = split_answer(texts)
    said = [word for text in texts for word in words(text)]
    assert [word for bubble in bubbles for word in bubble.split()] == said
    assert all(0 < len(bubble) <= LONGEST for bubble in bubbles)
    assert all(bubble == printable(bubble) for bubble in bubbles)


@given(TEXTS)
def test_there_are_not_too_many_bubbles(text: str) -> None:
    enough = -(-len(text) // (LONGEST // 2)) + text.count("\n\n")
    assert len(split_answer([text])) <= max(MOST_BUBBLES, enough)


@given(st.lists(ITEMS, min_size=1, max_size=12), LINES, LINES)
def test_no_line_of_a_list_is_cut(items: list[str], before: str, after: str) -> None:
    bubbles = split_answer(["\n\n".join((before, "\n".join(items), after))])
    lines = {line for bubble in bubbles for line in bubble.split("\n")}
    kept = [printable(item).strip() for item in items if len(item) <= LONGEST]
    assert {" ".join(item.split()) for item in kept} <= {" ".join(line.split()) for line in lines}


@given(TEXTS)
def test_splitting_again_changes_nothing(text: str) -> None:
    bubbles = split_answer([text])
    assert tuple(each for bubble in bubbles for each in split_answer([bubble])) == bubbles or (
        len(bubbles) >= MOST_BUBBLES
    )
