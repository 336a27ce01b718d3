"""A persona says what its file means, in its own way of writing, and answers what it is asked."""

from typing import Any

import pytest

from orbion.domain.playbook import Playbook
from orbion.evals.personas import Ending, Persona, Vertical
from orbion.simulators.persona_facts import DECLINED, asked_slot, spoken
from orbion.simulators.persona_hints import read_goal, read_hint
from orbion.simulators.persona_style import style_of
from orbion.simulators.personas import Mind
from tests.support.playbooks import shipped, solar

SOLAR, SCHOOL, REALESTATE = solar(), shipped("school"), shipped("realestate")


def mind(*hints: str, expected: Ending = Ending.QUALIFIED, **more: Any) -> Mind:
    given: dict[str, Any] = {"goal": "quero um orçamento", "facts": {}, "style": "curto"} | more
    persona = Persona(id="ana", vertical=Vertical.SOLAR, hints=hints, expected=expected, **given)
    return Mind(persona=persona, playbook=SOLAR)


def question(key: str, playbook: Playbook = SOLAR) -> str:
    slot = playbook.slot(key)
    assert slot is not None
    return slot.question


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        ("tem desconto?", "tem desconto?"),
        ("pergunta se tem garantia", "tem garantia?"),
        ("depois, pergunta sobre garantia", "e sobre garantia, como funciona?"),
        ("diz que não quer mais receber mensagens", "não quero mais receber mensagens"),
        ("diz: vou pensar", "vou pensar"),
        ('responde "deixa pra lá"', "deixa pra lá"),
        ("pede para falar com um humano", "quero falar com um humano"),
        ("pede desconto", "tem desconto?"),
        ("asks for a human agent", "quero falar com um atendente"),
        ("asks about the price", "quanto custa?"),
        ("opts out of messages", "não quero mais receber mensagens"),
        ("corrige a cidade para Limeira", "na verdade a cidade é Limeira"),
        ("corrects his budget to 450 mil", "na verdade é 450 mil"),
        ("fica em silêncio", None),
        ("hesitates a bit", None),
        ("corrige: a conta é 2500", "na verdade a conta é 2500"),
        ("insiste em desconto", "quero desconto"),
    ],
)
def test_a_hint_is_said_or_done(hint: str, said: str | None) -> None:
    assert read_hint(hint).says == said


@pytest.mark.parametrize(
    ("goal", "told"),
    [
        ("quero alugar um apartamento", "quero alugar um apartamento"),
        ("Quer saber o preço", "qual o preço?"),
        ("comprar uma casa", "queria comprar uma casa"),
        ("não quer mais receber mensagens", "não quero mais receber mensagens"),
        ("reduce the electricity bill at home", "quero economizar na conta de luz"),
        ("find a way to be happy", "queria mais informações, por favor"),
        ("schedule_visit", "quero agendar uma visita"),
        ("quanto custa?", "quanto custa?"),
    ],
)
def test_a_goal_is_told_by_its_owner(goal: str, told: str) -> None:
    assert read_goal(goal) == told


@pytest.mark.parametrize(
    ("style", "written"),
    [
        ("formal", "Não sei quanto você quer, obrigado"),
        ("sem acentos", "nao sei quanto voce quer, obrigado"),
        ("abreviado", "Não sei qto vc quer, obg"),
        ("typos true", "nao sei qnto vose quer, obrigdo"),
        ("caps", "NÃO SEI QUANTO VOCÊ QUER, OBRIGADO"),
    ],
)
def test_a_style_changes_how_words_are_typed(style: str, written: str) -> None:
    assert style_of(style)("Não sei quanto você quer, obrigado") == written


@pytest.mark.parametrize(
    ("playbook", "key", "facts", "said"),
    [
        (SOLAR, "nome", {"customer_name": "Ana"}, "Ana"),
        (SOLAR, "nome", {"child_name": "Téo"}, DECLINED),
        (SOLAR, "valor_conta", {"bill_brl": "450"}, "uns R$ 450"),
        (SOLAR, "cidade", {"cidade": None}, DECLINED),
        (SOLAR, "decisor", {"decision_maker": "sim"}, "decide sozinho"),
        (SOLAR, "prazo", {}, "o quanto antes"),
        (SCHOOL, "serie", {"childAge": "7"}, "7 anos"),
        (SCHOOL, "serie", {"grade": "5"}, "5º ano"),
        (SCHOOL, "aluno", {"nome_da_crianca": "Téo"}, "Téo"),
        (REALESTATE, "faixa", {"budget_brl": "650000"}, "uns 650 mil"),
        (REALESTATE, "finalidade", {"purpose": "rent"}, "alugar"),
        (REALESTATE, "quartos", {"bedrooms": "3"}, "3 quartos"),
    ],
)
def test_a_question_is_answered_from_the_facts(
    playbook: Playbook, key: str, facts: dict[str, str | None], said: str
) -> None:
    slot = playbook.slot(key)
    assert slot is not None
    assert spoken(slot, facts) == said


def test_a_question_in_other_words_is_known_by_its_label() -> None:
    asked = asked_slot(SOLAR, "E a sua cidade, qual é?")
    assert asked is not None
    assert asked.key == "cidade"
    assert asked_slot(SOLAR, "Anotado.") is None


def test_a_persona_greets_answers_says_its_hints_and_then_nothing_more() -> None:
    ana = mind("tem desconto?", "no final, diz obrigado", facts={"nome": "Ana"})
    assert ana.opens() == ["oi", "quero um orçamento"]
    assert ana.replies([question("nome")]) == ["Ana", "tem desconto?"]
    assert ana.replies([question("cidade")]) == [DECLINED]
    assert ana.replies(["Anotado."]) == ["obrigado"]
    assert ana.replies(["De nada!"]) == []


def test_a_correction_waits_for_what_it_corrects() -> None:
    ana = mind("corrige a cidade para Limeira", facts={"cidade": "Campinas", "nome": "Ana"})
    assert ana.replies([question("nome")]) == ["Ana"]
    assert ana.replies([question("cidade")]) == ["Campinas", "na verdade a cidade é Limeira"]
    assert ana.facts["cidade"] == "Limeira"


@pytest.mark.parametrize("hint", ["informa nome, conta e cidade", "volunteers name, city and bill"])
def test_facts_are_told_unasked(hint: str) -> None:
    ana = mind(hint, facts={"nome": "Ana", "city": "Natal", "conta": "450", "prazo": "logo"})
    assert ana.replies(["Anotado."]) == [
        "me chamo Ana",
        "conta de luz por mês: uns R$ 450",
        "moro em Natal",
    ]
    assert ana.told == {"nome", "valor_conta", "cidade"}


def test_what_shall_be_hidden_is_not_told() -> None:
    ana = mind("recusa a informar a cidade", "não informa o nome", facts={"nome": "Ana"})
    assert ana.replies([question("nome")]) == [DECLINED]
    assert ana.facts == {"nome": None, "cidade": None}


def test_a_question_put_again_after_its_answer_is_counted() -> None:
    ana = mind(facts={"nome": "Ana"})
    for _ in range(2):
        ana.replies([question("nome")])
    assert (ana.asked["nome"], ana.asked_in_vain) == (2, 1)


@pytest.mark.parametrize(
    ("expected", "said"), [(Ending.OPTED_OUT, ["sim"]), (Ending.QUALIFIED, ["não"])]
)
def test_whether_messages_shall_stop_is_answered_as_it_is_expected(
    expected: Ending, said: list[str]
) -> None:
    assert mind(expected=expected).replies([SOLAR.texts.opt_out_question]) == said
