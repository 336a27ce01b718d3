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
