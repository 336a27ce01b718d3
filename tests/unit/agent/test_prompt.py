"""What a model is shown."""

from dataclasses import replace

from orbion.agent.history import MOST_CHARACTERS, chat_history
from orbion.agent.prompt import build_prompt, knowledge
from orbion.domain.messages import Author, MessageKind
from orbion.domain.turns import ChatMessage
from tests.support.playbooks import solar
from tests.support.turns import heard, told, turn


def test_the_system_text_is_the_same_for_every_customer_of_a_playbook() -> None:
    one = build_prompt(solar(), turn("oi", first=True), ())
    other = build_prompt(solar(), turn("quanto?", facts={"nome": "Ana"}), (told(1, "Olá"),))
    assert one.messages[0] == other.messages[0]
    assert (one.first_contact, other.first_contact) == (True, False)


def test_all_data_of_the_business_are_in_the_system_text() -> None:
    shown = knowledge(solar())
    assert "R$ 25.900,00" in shown
    assert solar().address in shown
    assert "das 8h às 18h" in shown
    assert all(entry.answer in shown for entry in solar().faq)
    assert all(slot.question in shown for slot in solar().slots)


def test_history_names_the_person_who_wrote_and_shows_media_by_a_marker() -> None:
    history = [
        heard(1, "", MessageKind.AUDIO),
        told(2, "Oi"),
        told(3, "Aqui é a Bia", Author.PERSON),
        heard(4, "da vez"),
        heard(5, ""),
    ]
    assert chat_history(history, without={4}) == [
        ChatMessage(role="user", text="[áudio]"),
        ChatMessage(role="assistant", text="Oi"),
        ChatMessage(role="assistant", text="[pessoa da equipe] Aqui é a Bia"),
    ]


def test_history_keeps_the_latest_that_fits() -> None:
    long = "x" * (MOST_CHARACTERS // 2)
    history = [heard(1, "antiga"), told(2, long), heard(3, long)]
    assert [message.text for message in chat_history(history, without=())] == [long, long]


def test_a_picture_without_words_reaches_the_answerer_as_its_marker() -> None:
    given = turn("")
    assert build_prompt(solar(), given, ()).pending == ()
    picture = heard(1, "", MessageKind.IMAGE)
    with_picture = replace(given, batch=(picture,))
    assert build_prompt(solar(), with_picture, ()).pending == ("[imagem]",)
