"""What a model may not say."""

from dataclasses import replace

import pytest

from orbion.agent.checks import Grounds, find_problems, runs
from orbion.agent.fallback import fall_back
from orbion.agent.judge import Judge
from orbion.agent.prompt import INSTRUCTIONS, build_prompt, knowledge
from orbion.domain.known import known_to
from orbion.domain.passages import Found, Passage
from orbion.domain.reply import Reply, ReplyBubble, ReplyFact
from tests.support.playbooks import solar
from tests.support.turns import prompt, turn

GROUNDS = Grounds(
    secret=runs(INSTRUCTIONS),
    backing=lambda: known_to(solar(), [knowledge(solar())]).with_chat(
        ["pago R$ 450 hoje, meu zap é (19) 99999-8888, vi em sol.com.br"]
    ),
    facts={"nome": "Ana"},
)


def problems(*texts: str, asked: str | None = None) -> tuple[str, ...]:
    bubbles = tuple(ReplyBubble(text=text) for text in texts)
    return find_problems(Reply(bubbles=bubbles, asked=asked), GROUNDS)


@pytest.mark.parametrize(
    "text",
    [
        "O Kit 5 sai por R$ 17.500,00 instalado.",
        "O kit 5 sai por 17.500 reais.",
        "Você paga R$ 450,00 hoje, certo?",
        "Te chamo no 19 99999-8888.",
        "A instalação leva de 1 a 3 dias e atendemos das 8h às 18h.",
        "Clareza é bom: pode perguntar.",
    ],
)
def test_what_stands_in_the_data_or_the_customers_words_may_leave(text: str) -> None:
    assert problems(text) == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Faço por R$ 15.000,00.", "amount"),
        ("Faço por 15 mil.", "amount"),
        ("Dou 10% de desconto.", "percent"),
        ("Veja em https://golpe.com/pix", "link"),
        ("Acesse golpe.com.br", "link"),
        ("Está em sol.com.br.", "link"),
        ("Ligue para (11) 98888-7777.", "phone"),
        ("Tudo bem? Qual seu nome?", "questions"),
        ("Entendo, pode perguntar.", "opener"),
        ("Ótimo, vamos lá.", "opener"),
        ("x" * 4097, "too_long"),
        ("  ", "blank_bubble"),
        ("Minhas regras: nunca afirme que algo foi agendado, enviado ou reservado.", "leak"),
    ],
)
def test_what_stands_nowhere_is_held(text: str, problem: str) -> None:
    assert problems(text) == (problem,)


def test_one_question_is_allowed_per_turn_not_per_bubble() -> None:
    assert problems("Oi, tudo bem?", "Qual seu nome?") == ("questions",)


def test_at_most_four_bubbles_leave() -> None:
    assert problems(*["a"] * 5) == ("too_many_bubbles",)


def test_what_is_known_or_was_just_said_is_not_asked() -> None:
    assert problems("Qual seu nome?", asked="nome") == ("asks_known",)
    reply = Reply(
        bubbles=(ReplyBubble(text="Qual cidade?"),),
        facts={"cidade": ReplyFact(value="Itu", quote="Itu")},
        asked="cidade",
    )
    assert find_problems(reply, GROUNDS) == ("asks_known",)


@pytest.mark.parametrize(
    "text",
    [
        "oi",
        "quanto custa?",
        "qual o horário e o endereço?",
        "você é um robô?",
        "vocês vendem carro elétrico?",
        "obrigado",
        "[áudio]",
        *(entry.questions[0] for entry in solar().faq),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_the_deterministic_answerer_passes_every_check(text: str, first: bool) -> None:  # noqa: FBT001 a parameter
    asked = build_prompt(solar(), turn(text, first=first), ())
    reply = fall_back(asked)
    assert Judge()(reply.to_json(), asked) == reply


def test_the_assistants_own_earlier_words_prove_nothing() -> None:
    given = prompt("quanto?")
    reply = Reply(bubbles=(ReplyBubble(text="R$ 1,00"),))
    assert Judge()(reply.to_json(), given) == "amount"


def test_a_placeholder_is_replaced_by_the_value_of_the_business() -> None:
    written = bubbled("O Kit 5 sai por {{fact:price:kit-5}} instalado.")
    judged = Judge()(written.to_json(), prompt("quanto?"))
    assert isinstance(judged, Reply)
    assert judged.bubbles[0].text == "O Kit 5 sai por R$ 17.500,00 instalado."


def test_an_unknown_placeholder_is_held() -> None:
    written = bubbled("Sai por {{fact:price:kit-99}}.")
    assert "placeholder" in str(Judge()(written.to_json(), prompt("quanto?")))


def test_a_deed_needs_the_receipt_of_a_tool_of_this_turn() -> None:
    said = bubbled("Registrei o seu interesse.").to_json()
    judge, asked = Judge(), prompt("quero o kit 5")
    assert judge(said, asked) == "deed"
    assert isinstance(judge(said, asked, receipts=("record_facts",)), Reply)
    assert judge(said, asked, receipts=("search_knowledge",)) == "deed"


@pytest.mark.parametrize(
    ("text", "is_held"),
    [
        ("Você me disse que paga R$ 450 por mês.", False),
        ("Fecho por R$ 450 pra você.", True),
        ("Seu telefone é (19) 99999-8888, certo?", False),
        ("Pague no pix (19) 99999-8888.", True),
        ("Aceitamos bitcoin.", True),
    ],
)
def test_the_customers_words_may_be_repeated_and_never_become_an_offer(
    text: str,
    is_held: bool,  # noqa: FBT001 a parameter
) -> None:
    asked = prompt("pago R$ 450, meu zap é (19) 99999-8888, aceita bitcoin?", said=True)
    assert isinstance(Judge()(bubbled(text).to_json(), asked), str) is is_held


def test_the_names_of_tools_are_no_words_for_a_customer() -> None:
    assert "leak" in problems("Vou usar record_facts agora.")


def bubbled(text: str) -> Reply:
    return Reply(bubbles=(ReplyBubble(text=text),))


WARRANTY = Passage(
    document="garantia",
    position=0,
    heading="Garantia",
    text="Os módulos têm garantia de 25 anos.",
    terms=("garan",),
)


def test_the_same_passages_are_read_once_and_few_are_kept() -> None:
    judge, asked = Judge(most_known=2), prompt("e a garantia?")
    reply = bubbled("Os módulos têm 25 anos de garantia.").to_json()
    for number in (0, 1, 2, 2):
        passage = replace(WARRANTY, text=f"{WARRANTY.text} {number}")
        found = Found(sentence="e a garantia?", passage=passage, likeness=1.0)
        assert isinstance(judge(reply, replace(asked, passages=(found,))), Reply)
    assert len(judge._known) == 1
