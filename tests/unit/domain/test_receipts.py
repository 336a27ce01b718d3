"""What a tool can have done is told from its name, in two languages and in any case."""

import pytest

from orbion.domain.action_claims import unreceipted
from orbion.domain.receipts import Deed, deeds


@pytest.mark.parametrize(
    ("tool", "done"),
    [
        ("book_visit", {Deed.BOOK}),
        ("rescheduleAppointment", {Deed.MOVE, Deed.BOOK}),
        ("remarcar_visita", {Deed.MOVE, Deed.BOOK}),
        ("change_slot", {Deed.MOVE, Deed.BOOK}),
        ("change_plan", {Deed.NOTE}),
        ("cancel_booking", {Deed.CANCEL}),
        ("get_slots", {Deed.CHECK}),
        ("search_knowledge", {Deed.CHECK}),
        ("record_opt_out", {Deed.OPT_OUT, Deed.CANCEL, Deed.NOTE}),
        ("send_payment_link", {Deed.PAY}),
        ("send_email", {Deed.SEND}),
        ("calendar_create_event", {Deed.BOOK}),
        ("record_facts", {Deed.NOTE}),
        ("request_human", {Deed.HAND_OVER}),
        ("frobnicate", set()),
    ],
)
def test_a_name_says_what_was_done(tool: str, done: set[Deed]) -> None:
    assert deeds(tool) == done


def test_a_claim_is_named_by_its_words() -> None:
    assert unreceipted("Prontinho, agendei sua visita!", ()) == ("agendei",)
    assert unreceipted("Prontinho, agendei sua visita!", ("book_visit",)) == ()


@pytest.mark.parametrize(
    "reply",
    [
        "Seu plano já está ativo",
        "Já tô com seu pedido em separação",
        "A moça da recepção já anotou seu nome",
        "Deixei pago na recepção",
        "O Fábio te liga às 17h, já combinei com ele",
        "Assim que vc falou eu já marquei",
    ],
)
def test_a_deed_is_heard_in_states_in_others_and_in_its_wording(reply: str) -> None:
    assert unreceipted(reply, ())
    assert unreceipted(reply, ("search_knowledge",))


@pytest.mark.parametrize(
    "reply",
    [
        "A consulta marcada pode ser remarcada até 24h antes",
        "Agendado ou por ordem de chegada, tanto faz",
        "Pagando até dia 5 tem 8% de desconto",
        "As aulas são gravadas e ficam liberadas por 1 ano",
        "Achei ótima a sua escolha",
    ],
)
def test_what_is_told_of_any_is_no_deed(reply: str) -> None:
    assert unreceipted(reply, ()) == ()


def test_money_comes_back_by_a_refund_alone() -> None:
    said = "Seu reembolso foi aprovado"
    assert unreceipted(said, ("request_human",))
    assert unreceipted("Estornei seu pagamento", ("record_opt_out",))
    assert unreceipted(said, ("refund_payment",)) == ()


def test_what_the_business_wrote_is_judged_by_no_wording() -> None:
    written = "Já tenho o principal para o seu estudo."
    assert unreceipted(written, (), free=" ") == ()
