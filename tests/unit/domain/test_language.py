"""A contact keeps the language of its first clear message until it asks for another."""

import json
from pathlib import Path

import pytest

from orbion.domain.language import Language, language_in, language_of, lock

CORPORA = Path(__file__).parents[2] / "corpora"
PT, ES, EN = Language.PORTUGUESE, Language.SPANISH, Language.ENGLISH


@pytest.mark.parametrize(
    ("said", "language"),
    [
        (["oi", "quanto custa o kit de vocês?"], PT),
        (["hola", "cuánto cuesta el kit?"], ES),
        (["hello, how much is it?"], EN),
        (["oi", "ok", "Campinas"], None),
        (["hello, how much is it?", "quanto custa o kit de vocês?"], EN),
        (["quanto custa o kit de vocês?", "do you speak english?"], EN),
        (["hello, how much is it?", "pode ser em português"], PT),
        (["quero um kit pra minha casa", "não me mande mensagem em inglês"], PT),
        (["hablan español?"], ES),
    ],
)
def test_the_first_clear_message_or_a_wish_decides(
    said: list[str], language: Language | None
) -> None:
    assert lock(None, said) is language


@pytest.mark.parametrize("name", ["intents.jsonl", "opt-out-held-out.jsonl", "entities.jsonl"])
def test_brazilians_are_never_taken_for_somebody_else(name: str) -> None:
    lines = (CORPORA / name).read_text(encoding="utf-8").splitlines()
    found = {language_of(json.loads(line)["text"]) for line in lines}
    assert found == {PT, None}


def test_a_playbook_names_its_language_by_a_tag() -> None:
    assert (language_in("pt-BR"), language_in("fr")) == (PT, None)
