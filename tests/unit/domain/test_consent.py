"""Who wants no more messages, who may, and who wants them again."""

from time import perf_counter

import pytest

from orbion.domain.consent import StopWish, confirms_stop, opts_in, opts_out, stop_wish
from orbion.domain.intents import wants_human

STOPS = (
    "STOP",
    "Parar",
    "pare!",
    "SAIR.",
    "stop por favor",
    "Por favor parem de me mandar mensagem",
    "Pare de me enviar mensagens",
    "Não quero receber mais mensagens",
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
    "text", ["agora não quero", "depois eu vejo", "chega", "não, obrigado", "não quero mais"]
)
def test_what_may_mean_another_thing_is_ambiguous(text: str) -> None:
    assert stop_wish(text) is StopWish.AMBIGUOUS


@pytest.mark.parametrize("text", ["sim", "Sim, por favor", "pode parar", "chega", "isso", "👍"])
def test_a_yes_to_the_question_stops(text: str) -> None:
    assert confirms_stop(text) or opts_out(text)


@pytest.mark.parametrize("text", ["não", "pode continuar", "sim, quanto custa?", "", "depois"])
def test_anything_else_does_not(text: str) -> None:
    assert not confirms_stop(text)
    assert not opts_out(text)


def test_a_wish_is_found_in_a_long_message_and_no_message_takes_long() -> None:
    assert opts_out("ontem eu vi o kit de vocês na feira " * 3 + ", não me mande mais mensagem")
    started = perf_counter()
    for said in ("nao ", "o ", "R$ 1.", "quero falar com um ", "para de me mandar "):
        stop_wish(said * 20_000)
        wants_human(said * 20_000)
    assert perf_counter() - started < 5
