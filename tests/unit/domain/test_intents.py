"""Requests that come before any answer."""

import pytest

from orbion.domain.intents import opts_in, opts_out, wants_human

STOPS = (
    "STOP",
    "Parar",
    "pare!",
    "SAIR.",
    "stop por favor",
    "Por favor parem de me mandar mensagem",
    "Pare de me enviar mensagens",
    "Não quero receber mais mensagens",
    "nao quero mais",
    "Me tira dessa lista",
    "me tirem da lista",
    "descadastrar",
    "Descadastre meu número",
    "remova meu número",
    "remover meu contato",
    "Não me mandem mais mensagem",
    "não me mande mais",
    "excluam meus dados",
    "LGPD: quero que apaguem meus dados",
    "cancelar inscrição",
    "unsubscribe",
    "não entre mais em contato",
    "para de mandar mensagem",
    "quero sair da lista",
    "parem de me ligar",
    "não quero mais receber propaganda",
    "paraaar!!!",
)
NO_STOPS = (
    "Quero cancelar a reunião de amanhã",
    "não quero mais perder vendas, me ajuda",
    "Quero sair dessa situação com a conta de luz",
    "quero parar de gastar com energia",
    "Não quero mais esperar, vamos fechar",
    "me remove uma dúvida: qual o preço?",
    "quero remover essa dúvida",
    "Quero sair do aluguel.",
    "",
    "não",
    "para casa",
    "não quero receber ligação, só mensagem",
)


@pytest.mark.parametrize("text", STOPS)
def test_a_clear_request_to_stop_is_an_opt_out(text: str) -> None:
    assert opts_out(text)


@pytest.mark.parametrize("text", NO_STOPS)
def test_words_of_stopping_in_another_sense_are_no_opt_out(text: str) -> None:
    assert not opts_out(text)


@pytest.mark.parametrize(
    "text",
    ["VOLTAR", "quero voltar a receber", "pode voltar a mandar mensagens", "Start", "voltar!"],
)
def test_an_explicit_word_opts_in_again(text: str) -> None:
    assert opts_in(text)
    assert not opts_out(text)


@pytest.mark.parametrize("text", ["posso voltar amanhã?", "oi", *STOPS])
def test_anything_else_does_not_opt_in(text: str) -> None:
    assert not opts_in(text)


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
