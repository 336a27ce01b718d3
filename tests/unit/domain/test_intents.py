"""Requests for a person, and plain answers."""

import pytest

from orbion.domain.intents import agrees, refuses, wants_human


@pytest.mark.parametrize(
    "text",
    [
        "quero falar com um atendente",
        "prefiro falar com uma pessoa",
        "Posso falar com alguém da equipe?",
        "quero falar com uma pessoa da equipe",
        "me passa pra um vendedor por favor",
        "atendente",
        "Tem alguém aí?",
        "atendimento humano",
        "quero um consultor",
        "chama o gerente pra mim, quero falar com o gerente",
        "falar com humano",
    ],
)
def test_a_request_for_a_person_is_understood(text: str) -> None:
    assert wants_human(text)


@pytest.mark.parametrize(
    "text",
    [
        "sou gerente de banco",
        "Ele é uma pessoa tímida",
        "não quero falar com atendente",
        "vou falar com uma pessoa aqui de casa",
        "já consegui falar com um vendedor",
        "quantas pessoas trabalham aí?",
        "oi",
    ],
)
def test_people_in_the_text_are_no_request_for_one(text: str) -> None:
    assert not wants_human(text)


@pytest.mark.parametrize("text", ["sim", "Isso mesmo!", "pode ser", "ss", "👍", "claro, pode"])
def test_a_plain_yes_is_one(text: str) -> None:
    assert agrees(text)
    assert not refuses(text)


@pytest.mark.parametrize("text", ["não", "n", "assim não dá", "de jeito nenhum", "ainda não"])
def test_a_plain_no_is_one(text: str) -> None:
    assert refuses(text)
    assert not agrees(text)


@pytest.mark.parametrize("text", ["não, é 3 mesmo", "sim e quanto custa?", "", "moro em Campinas"])
def test_what_says_more_is_neither(text: str) -> None:
    assert not agrees(text)
    assert not refuses(text)
