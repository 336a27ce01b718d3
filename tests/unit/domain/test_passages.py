"""Documents are cut into what can be read in a chat, and answer what the playbook does not."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from orbion.domain.answering import Situation, answer
from orbion.domain.passages import (
    MOST_CHARACTERS,
    MOST_LINES,
    Found,
    Passage,
    asked_terms,
    best_passage,
    read_markdown,
    slug,
    terms_of,
)
from orbion.domain.text import sentences
from orbion.main.knowing import read_folder
from tests.support.playbooks import FOLDER, SHIPPED, shipped

CORPORA = Path(__file__).parents[2] / "corpora"
HELD_OUT = {"solar": 0.66, "school": 0.77, "realestate": 0.77}
"""As measured when nothing had been changed for these questions but the general rules."""

LONG = "Uma frase de tamanho médio que se repete até passar do limite. " * 12
WANTED = "vcs instalam carregador de carro elétrico?"
UNKNOWN = "vocês vendem gerador a diesel?"
SOURCE = f"""# Garantia & *troca*

Intro com **negrito**, `código` e [um link](https://sol.example/x).

## Passos
- primeiro
- segundo
* terceiro
+ quarto
- quinto

{LONG}
"""


def library(name: str) -> list[Passage]:
    _, documents = read_folder(FOLDER / name)
    return [each for document in documents for each in document.passages]


def find_passages(candidates: Sequence[Passage], text: str) -> Sequence[Found]:
    found = (best_passage(candidates, part) for part in sentences(text))
    return [each for each in found if each is not None]


def said(name: str, text: str) -> Sequence[tuple[str, str]]:
    """Every source and text of the answer, searched for as the database does."""
    wanted = set(asked_terms([text]))
    candidates = [each for each in library(name) if wanted & set(each.terms)]
    found = find_passages(candidates, text)
    reply = answer(
        shipped(name), [text], {}, Situation(asked=None, first_contact=False, passages=found)
    )
    return [(fact, bubble.text) for bubble in reply.bubbles for fact in bubble.fact_ids]


def shares(name: str, corpus: str) -> tuple[float, float]:
    """How many questions got the passage they ask for, and how many others got none."""
    rows = [json.loads(line) for line in (CORPORA / f"{corpus}.jsonl").read_text().splitlines()]
    found = [(row, said(name, row["text"])) for row in rows]
    there = [
        any(
            fact.startswith(row["label"]) and row["says"].lower() in text.lower()
            for fact, text in sources
        )
        for row, sources in found
        if row["label"]
    ]
    missing = [
        not any(fact.startswith("doc:") for fact, _ in sources)
        for row, sources in found
        if not row["label"]
    ]
    return sum(there) / len(there), sum(missing) / len(missing)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_documents_answer_their_questions_and_no_others(name: str) -> None:
    grounded, refused = shares(name, f"docs_{name}")
    assert (grounded >= 0.94, refused) == (True, 1.0), (grounded, refused)


@pytest.mark.parametrize("name", SHIPPED)
def test_other_ways_to_ask_stay_where_they_were(name: str) -> None:
    grounded, refused = shares(name, f"docs_{name}_held_out")
    assert grounded >= HELD_OUT[name]
    assert refused == 1.0


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_documents_are_short_passages_under_headings(name: str) -> None:
    passages = library(name)
    assert len(passages) >= 12
    assert all(each.heading and len(each.text) <= MOST_CHARACTERS for each in passages)


def test_markdown_becomes_what_a_chat_can_show() -> None:
    document = read_markdown("Garantia e Troca.md", SOURCE, origin="folder")
    assert (document.name, document.title) == ("garantia-e-troca-md", "Garantia & *troca*")
    first, steps, rest, *long = document.passages
    assert first.text == "Intro com negrito, código e um link https://sol.example/x."
    assert steps.text.splitlines() == ["• primeiro", "• segundo", "• terceiro", "• quarto"]
    assert (rest.text, rest.heading, rest.fact_id) == (
        "• quinto",
        "Passos",
        "doc:garantia-e-troca-md:3",
    )
    assert len(long) > 2
    assert all(len(each.text) <= MOST_CHARACTERS for each in long)
    assert all(len(each.text.splitlines()) <= MOST_LINES for each in document.passages)


def test_a_document_without_a_heading_has_its_name_as_title() -> None:
    document = read_markdown("!", "só texto", origin="operator")
    assert (document.name, document.title, document.passages[0].heading) == ("documento", "!", "")
    assert slug("Políticas de Troca") == "politicas-de-troca"


def test_accents_plurals_and_abbreviations_have_one_stem() -> None:
    assert terms_of("Telhados inclinados") == terms_of("telhado inclinado")
    assert terms_of("inversores quebrados") == terms_of("inversor quebrado")


def test_after_a_passage_the_open_question_is_asked() -> None:
    reply = answer(
        shipped("solar"),
        [WANTED],
        {"nome": "Ana"},
        Situation(
            asked="conta", first_contact=False, passages=find_passages(library("solar"), WANTED)
        ),
    )
    assert [bubble.fact_ids for bubble in reply.bubbles] == [("doc:empresas-e-campo:4",), ()]
    assert reply.asked is not None
    assert reply.bubbles[-1].text.endswith("?")


def test_what_nobody_knows_is_not_known_and_the_open_question_is_asked() -> None:
    playbook = shipped("solar")
    reply = answer(
        playbook,
        [UNKNOWN],
        {"nome": "Ana"},
        Situation(
            asked=None, first_contact=False, passages=find_passages(library("solar"), UNKNOWN)
        ),
    )
    (bubble,) = reply.bubbles
    assert bubble.text.startswith(playbook.texts.fallback)
    assert bubble.text.endswith("?")
