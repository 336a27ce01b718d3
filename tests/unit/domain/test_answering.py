"""The deterministic answerer says what the data say, and asks one thing at a time."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orbion.domain.answering import Situation, answer
from orbion.domain.errors import FaultCode, RejectedError
from orbion.domain.playbook import Playbook
from orbion.domain.reply import Reply, ReplyBubble, ReplyFact, from_json
from tests.support.playbooks import solar

SOLAR = solar()
EVERYTHING = dict.fromkeys((slot.key for slot in SOLAR.slots), "x")


def say(
    *texts: str,
    facts: Mapping[str, str] | None = None,
    asked: str | None = "cidade",
    first: bool = False,
    playbook: Playbook = SOLAR,
) -> Reply:
    return answer(playbook, texts, facts or {}, Situation(asked=asked, first_contact=first))


def sources(reply: Reply) -> set[str]:
    return {fact for bubble in reply.bubbles for fact in bubble.fact_ids}


def text(reply: Reply) -> str:
    return "\n".join(bubble.text for bubble in reply.bubbles)


def test_the_first_contact_is_greeted_by_a_virtual_assistant_and_asked_one_question() -> None:
    reply = say("oi", asked=None, first=True)
    assert [bubble.text for bubble in reply.bubbles] == [
        SOLAR.greeting,
        SOLAR.slots[0].question,
    ]
    assert reply.asked == "nome"


def test_a_burst_is_greeted_answered_and_asked_in_three_bubbles() -> None:
    reply = say("Boa tarde", "quanto custa?", "e onde vocês ficam?", asked=None, first=True)
    assert len(reply.bubbles) == 3
    assert {"identity", "price:kit-3", "address"} <= sources(reply)
    assert text(reply).count("?") == 1


@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("qual o horário de atendimento?", "hours"),
        ("vcs abrem sábado?", "hours"),
        ("qual o endereço?", "address"),
        ("onde vocês ficam", "address"),
        ("quanto custa", "price:kit-3"),
        ("me passa a tabela de preços", "price:kit-3"),
        ("quanto é o kit 8?", "price:kit-8"),
        ("você é um robô?", "identity"),
        ("estou falando com uma pessoa?", "identity"),
        ("da pra parcelar?", "faq:parcelamento"),
        ("quanto tempo demora pra instalar?", "faq:prazo-instalacao"),
        ("vcs atendem em Sorocaba?", "faq:regiao"),
        ("funciona de noite?", "faq:noite-chuva"),
        ("Qual a garantia das placas?", "faq:garantia"),
        ("e se faltar luz?", "faq:falta-de-luz"),
        ("o imóvel é alugado, tem problema?", "faq:alugado"),
        ("quanto vou economizar", "faq:economia"),
        ("precisa de manutenção?", "faq:manutencao"),
    ],
)
def test_a_question_is_answered_from_its_data(question: str, source: str) -> None:
    assert source in sources(say(question))


def test_a_named_item_is_priced_alone_and_from_the_catalogue() -> None:
    reply = say("quanto custa o kit 8?")
    assert "R$ 25.900,00" in text(reply)
    assert "R$ 11.900,00" not in text(reply)


def test_an_unknown_question_is_admitted_and_a_person_is_offered() -> None:
    reply = say("vocês vendem carro elétrico?")
    assert text(reply).startswith(SOLAR.texts.fallback)
    assert sources(reply) == set()


def test_a_question_in_between_is_answered_and_the_open_one_asked_again() -> None:
    reply = say("funciona de noite?", asked="valor_conta", facts={"nome": "Ana"})
    assert reply.asked == "valor_conta"


def test_a_question_asked_in_vain_gives_way_to_the_next() -> None:
    reply = say("prefiro não dizer", asked="nome")
    assert reply.asked == "valor_conta"
    assert reply.facts == {}


def test_values_are_kept_with_the_words_that_say_them_and_never_asked_again() -> None:
    reply = say("me chamo João", "moro em campinas e pago R$ 500 de luz", asked=None)
    assert reply.facts == {
        "nome": ReplyFact(value="João", quote="João"),
        "cidade": ReplyFact(value="Campinas", quote="campinas"),
        "valor_conta": ReplyFact(value="R$ 500,00", quote="R$ 500"),
    }
    assert reply.asked == "tipo_imovel"


def test_a_correction_replaces_a_known_value_and_a_repetition_is_no_news() -> None:
    known = {"cidade": "Campinas"}
    assert say("moro em Campinas", facts=known).facts == {}
    assert say("na verdade moro em Jundiaí", facts=known).facts["cidade"].value == "Jundiaí"


def test_the_last_open_answer_closes_the_questions() -> None:
    known = {key: "x" for key in EVERYTHING if key != "prazo"}
    reply = say("sem pressa", facts=known, asked="prazo")
    assert text(reply) == SOLAR.texts.complete
    assert reply.asked is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("tem desconto?", "discount"),
        ("pode marcar uma visita na quinta de manhã?", "visit"),
        ("vou no procon", "complaint"),
    ],
)
def test_a_subject_for_people_hands_over_without_another_word(line: str, reason: str) -> None:
    reply = say("me chamo Ana", line)
    assert (reply.handoff, reply.bubbles) == (reason, ())
    assert reply.facts["nome"].value == "Ana"


def test_thanks_are_returned_without_a_new_question() -> None:
    reply = say("obrigado!")
    assert text(reply) == SOLAR.texts.thanks
    assert reply.asked is None


def test_a_greeting_in_the_middle_is_returned_with_the_open_question() -> None:
    assert text(say("oi")) == f"{SOLAR.texts.welcome_back} {SOLAR.slots[0].question}"


def test_media_without_words_is_received_kindly() -> None:
    assert SOLAR.texts.media_unsupported in text(say("[áudio]"))
    assert SOLAR.texts.media_unsupported in text(say("[imagem]", asked=None, first=True))
    assert SOLAR.texts.media_unsupported not in text(say("[áudio]", "qual o endereço?"))


@pytest.mark.parametrize("texts", [("[reação] 👍",), ("ok",), ("👍",)])
def test_what_asks_nothing_stays_unanswered_with_a_reason(texts: tuple[str, ...]) -> None:
    reply = say(*texts, asked=None, facts=EVERYTHING)
    assert reply.bubbles == ()
    assert reply.silence_reason


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(max_size=40) | st.sampled_from(["oi", "[áudio]", "R$ 5?"]), min_size=1),
    st.dictionaries(st.sampled_from(sorted(EVERYTHING)), st.just("x")),
    st.sampled_from([None, *sorted(EVERYTHING)]),
    st.booleans(),
)
def test_any_text_is_answered_handed_over_or_left_with_a_reason(
    texts: list[str],
    facts: dict[str, str],
    asked: str | None,
    first: bool,  # noqa: FBT001 drawn
) -> None:
    reply = answer(SOLAR, texts, facts, Situation(asked=asked, first_contact=first))
    assert reply.bubbles or reply.handoff or reply.silence_reason
    assert len(reply.bubbles) <= 3
    assert text(reply).count("?") <= 1
    assert reply.asked is None or reply.asked not in {*facts, *reply.facts}
    assert from_json(reply.to_json()) == reply


def test_a_reply_is_read_back_from_its_json_and_nulls_were_not_learnt() -> None:
    wire = """{"bubbles": [{"text": "Oi", "fact_ids": ["hours"]}], "handoff": "", "asked": null,
        "facts": {"nome": {"value": "Ana", "quote": "sou a Ana"}, "cidade": null}}"""
    assert from_json(wire) == Reply(
        bubbles=(ReplyBubble(text="Oi", fact_ids=("hours",)),),
        facts={"nome": ReplyFact(value="Ana", quote="sou a Ana")},
    )


@pytest.mark.parametrize(
    "wire", ["", "oi", "[]", '{"bubbles": "oi"}', '{"facts": {"nome": "Ana"}}', '{"bubbles": [{}]}']
)
def test_anything_else_breaks_the_contract(wire: str) -> None:
    with pytest.raises(RejectedError) as caught:
        from_json(wire)
    assert caught.value.code is FaultCode.OPENAI_BAD_OUTPUT
