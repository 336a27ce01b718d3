"""Another machine is found within three exchanges; people are never blocked, however they write."""

import json
from pathlib import Path

import pytest

from orbion.domain.automata import EXCHANGES, is_machine_talk
from orbion.domain.messages import Message
from tests.support.turns import heard, told

CORPORA = Path(__file__).parents[2] / "corpora"
HUMAN = (
    "aqui é o Pedro da loja",
    "Prazer em falar com você, sou o dono",
    "Como posso te ajudar hoje?",
    "Aqui é a Maria do financeiro, quem fala?",
    "Nosso horário de atendimento é até 18h, mas pode falar",
)


def stops_after(*said: str) -> int | None:
    """The exchange in which a person has to look."""
    history: list[Message] = []
    for number, text in enumerate(said):
        batch = [heard(2 * number + 1, text)]
        history += batch
        if is_machine_talk(batch, history):
            return number + 1
        history.append(told(2 * number + 2, "Como posso te chamar?"))
    return None


@pytest.mark.parametrize(
    "said",
    [
        [
            "Esta é uma mensagem automática.",
            "Digite 1 para vendas",
            "Opção inválida, digite 1",
        ],
        ["Agradecemos seu contato. Em breve retornaremos."] * 3,
        ["Sou o assistente virtual da loja", "Escolha uma das opções", "Protocolo 123, aguarde"],
        ["Olá, tudo bem?"] * 3,
        ["Nossa equipe vai falar com você amanhã cedo."] * 3,
    ],
)
def test_a_machine_is_stopped_in_the_third_exchange(said: list[str]) -> None:
    assert stops_after(*said) == EXCHANGES


@pytest.mark.parametrize(
    "said",
    [
        HUMAN,
        ["prefiro não dizer"] * 4,
        ["oi"] * 4,
        ["você é um robô?", "é atendimento automático?", "essa mensagem é automática?"],
        ["Em breve retornaremos", "brincadeira kkk, sou gente", "quanto custa?", "e parcelado?"],
        ["quanto custa?", "quanto custa?", "Campinas", "quanto custa?"],
        ["e aí, quanto custa?", "oi? quanto custa?", "alô, quanto custa?"],
    ],
)
def test_people_are_not_stopped(said: list[str]) -> None:
    assert stops_after(*said) is None


@pytest.mark.parametrize("name", ["intents.jsonl", "human-request.jsonl", "entities.jsonl"])
def test_no_three_messages_of_people_look_like_a_machine(name: str) -> None:
    lines = (CORPORA / name).read_text(encoding="utf-8").splitlines()
    assert stops_after(*dict.fromkeys(json.loads(line)["text"] for line in lines)) is None
