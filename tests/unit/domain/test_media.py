"""A message that is not text is shown as words that a prompt can hold."""

from typing import Any

import pytest

from orbion.domain.media import MARKERS, is_unreadable, shown_text, write_poll
from orbion.domain.messages import Author, Message, MessageKind


def message(kind: MessageKind, text: str = "", **payload: Any) -> Message:
    return Message(
        id=1,
        seq=1,
        direction="in",
        author=Author.CUSTOMER,
        kind=kind,
        text=text,
        occurred_at=0,
        payload=payload or None,
    )


@pytest.mark.parametrize("kind", [kind for kind in MessageKind if kind in MARKERS])
def test_what_has_no_words_is_shown_as_its_marker_and_known_to_be_unread(kind: MessageKind) -> None:
    assert is_unreadable(shown_text(message(kind)))


@pytest.mark.parametrize(
    ("shown", "given"),
    [
        ("Qual?\n- A", message(MessageKind.POLL, "Qual?\n- A", options=["A"])),
        (
            "[pedido: 2 itens, R$ 99,00] quero",
            message(MessageKind.ORDER, "quero", items=2, price_1000=99_000, currency="BRL"),
        ),
        ("[pedido: 1 item]", message(MessageKind.ORDER, items=1, price_1000=5, currency="USD")),
        (
            "[produto: Kit, R$ 150,00] tem?",
            message(MessageKind.PRODUCT, "tem?", title="Kit", price_1000=150_000, currency="BRL"),
        ),
        ("[produto] tem?", message(MessageKind.PRODUCT, "tem?", price_1000="x", currency="BRL")),
        ("legenda", message(MessageKind.IMAGE, " legenda ")),
        ("[reação] 👍", message(MessageKind.REACTION, "👍")),
        ("oi", message(MessageKind.TEXT, "oi")),
    ],
)
def test_words_come_first_and_a_purchase_says_what_it_is_of(shown: str, given: Message) -> None:
    assert shown_text(given) == shown


def test_a_poll_without_a_question_or_options_is_what_it_has() -> None:
    assert write_poll("", ["A"]) == "- A"
    assert write_poll("Qual?", []) == "Qual?"
