"""Long text becomes messages of a natural size, cut where a person would press «send»."""

import pytest

from orbion.domain.bubbles import LONGEST, MOST_BUBBLES, NATURAL, split_answer

SENTENCE = "O kit gera energia o ano todo e se paga em poucos anos na Av. Paulista. "


def test_short_texts_leave_as_they_are() -> None:
    assert split_answer(["Oi, Maria!", "Qual é a sua cidade?\nE o bairro?"]) == (
        "Oi, Maria!",
        "Qual é a sua cidade?\nE o bairro?",
    )


def test_paragraphs_stay_together_as_long_as_they_fit() -> None:
    first, second = SENTENCE.strip(), (SENTENCE * 5).strip()
    assert split_answer([f"{first}\n\n{first}\n\n{second}"]) == (f"{first}\n\n{first}", second)


def test_prose_is_cut_after_a_sentence_and_not_after_an_abbreviation() -> None:
    bubbles = split_answer([SENTENCE * 20])
    assert len(bubbles) > 1
    assert all(len(bubble) <= NATURAL for bubble in bubbles)
    assert all(bubble.endswith("Paulista.") for bubble in bubbles)


def test_no_message_ends_after_an_abbreviation() -> None:
    sentence = "fica " * 93 + "Av. Paulista, 1000."
    assert len(sentence) > NATURAL
    assert not split_answer([sentence])[0].endswith("Av.")


def test_lines_are_cut_before_sentences() -> None:
    line = SENTENCE * 4
    assert split_answer([f"{line}\n{line}"]) == (line.strip(), line.strip())


@pytest.mark.parametrize("mark", ["-", "•", "*", "1.", "2)", "3 -", "1️⃣"])
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_a_list_stays_whole_with_the_line_above_it(mark: str, gap: str) -> None:
    items = gap.join(f"{mark} opção {'x' * 60} número {number}" for number in range(9))
    listed = f"Temos estas:{gap}{items}"
    assert len(listed) > NATURAL
    intro = (SENTENCE * 6).strip()
    assert split_answer([f"{intro}\n\n{listed}\n\nQual prefere?"]) == (
        intro,
        listed,
        "Qual prefere?",
    )


def test_a_list_beyond_the_longest_message_is_cut_between_its_lines() -> None:
    items = [f"- item {number} {'x' * 200}" for number in range(40)]
    bubbles = split_answer(["\n".join(items)])
    assert [line for bubble in bubbles for line in bubble.split("\n")] == items
    assert all(len(bubble) <= LONGEST for bubble in bubbles)


def test_many_bubbles_become_fewer_longer_ones() -> None:
    bubbles = split_answer([SENTENCE * 60])
    assert 1 < len(bubbles) <= MOST_BUBBLES
    assert max(map(len, bubbles)) > NATURAL


def test_texts_that_came_apart_stay_apart() -> None:
    texts = [f"mensagem {number}" for number in range(MOST_BUBBLES + 2)]
    assert split_answer(texts) == tuple(texts)


def test_a_placeholder_with_spaces_is_one_word() -> None:
    place = "{{fact: " + "x " * 200 + "}}"
    assert any(place in bubble for bubble in split_answer([f"{SENTENCE * 5}{place} {SENTENCE}"]))


def test_blank_texts_and_control_characters_are_left_out() -> None:
    assert split_answer([" \n", "a\0b\x1b", ""]) == ("ab",)
    assert split_answer([]) == ()


def test_only_a_word_longer_than_any_message_is_cut() -> None:
    assert [len(bubble) for bubble in split_answer(["x" * 5000])] == [LONGEST, 5000 - LONGEST]
