"""What a model is shown."""

import statistics
from dataclasses import replace
from itertools import pairwise, takewhile

import msgspec

from orbion.agent.history import MOST_CHARACTERS, MOST_OF_ONE, chat_history
from orbion.agent.prompt import BATCH_CHARACTERS, build_prompt, knowledge, rewrite_order
from orbion.domain.messages import Author, Message, MessageKind
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


LINES = (
    "queria entender melhor como funciona a energia solar lá em casa",
    "pago uns 450 reais de luz, às vezes um pouco mais no verão",
    "e quanto tempo demora para instalar depois que fecha?",
    "ah entendi, e se faltar luz na rua o sistema continua funcionando?",
)


def conversation(turns: int, *, window: int = 20) -> list[str]:
    """The chat of each turn as one text; the store shows the last `window` messages."""
    said: list[Message] = []
    chats = []
    for number in range(turns):
        asked = heard(2 * number + 1, LINES[number % len(LINES)])
        given = replace(turn(), batch=(asked,))
        said.append(asked)
        prompt = build_prompt(solar(), given, said[-window:])
        chats.append("\n".join(f"{each.role}: {each.text}" for each in prompt.messages))
        said.append(told(2 * number + 2, f"Resposta {number}: {solar().faq[number % 14].answer}"))
    return chats


def shared(one: str, other: str) -> float:
    """How much of `other` is a beginning that `one` has too."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return sum(1 for _ in same) / len(other)


def test_consecutive_turns_share_most_of_their_beginning_so_a_provider_reads_it_once() -> None:
    chats = conversation(40)
    shares = [shared(one, other) for one, other in pairwise(chats)]
    assert min(shares) >= 0.7
    assert statistics.mean(shares) >= 0.85


def test_one_long_message_is_cut_and_a_long_batch_shows_its_end() -> None:
    given = turn("x" * 50_000, *[f"{number}" * 1_000 for number in range(10, 30)], "e o preço?")
    shown = msgspec.json.decode(build_prompt(solar(), given, ()).messages[-1].text)["messages"]
    assert shown[-1] == "e o preço?"
    assert sum(map(len, shown)) <= BATCH_CHARACTERS
    assert len(chat_history([heard(1, "x" * 50_000)], without=())[0].text) == MOST_OF_ONE
    assert len(build_prompt(solar(), turn("x" * 50_000), ()).pending[0]) == MOST_OF_ONE


def test_customers_words_stand_in_the_user_role_only() -> None:
    history = (heard(1, "zebra antiga"), told(2, "Oi"), heard(3, "zebra nova"))
    prompt = build_prompt(solar(), turn("zebra de agora", facts={"nome": "zebra"}), history)
    roles = {message.role for message in prompt.messages if "zebra" in message.text}
    assert roles == {"user"}


def test_each_veto_has_its_words_for_the_model_and_shows_none_of_the_customers() -> None:
    for reason in ("amount", "link", "leak", "openai.bad_output", "empty", "silence"):
        order = rewrite_order(f"{reason},questions")
        assert order.role == "system"
        assert f" {reason};" not in order.text
        assert "uma pergunta" in order.text
