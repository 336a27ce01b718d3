"""A day is proven by words that name it, as seen from when and where they were written."""

from dataclasses import replace
from datetime import UTC, datetime

from orbion.agent.proof import prove
from orbion.domain.extraction import read_slot
from orbion.domain.playbook import Playbook, Slot, SlotKind
from orbion.domain.reply import ReplyFact
from orbion.domain.turns import TurnInput
from tests.support.playbooks import solar
from tests.support.turns import turn

LATE_ON_FRIDAY = int(datetime(2026, 11, 21, 2, 0, tzinfo=UTC).timestamp() * 1000)
VISIT = Slot(
    key="visita",
    label="Visita",
    question="Que dia?",
    weight=1,
    kind=SlotKind.DATE,
    required=False,
    options=(),
    cues=(),
)


def playbook() -> Playbook:
    return replace(solar(), slots=(*solar().slots, VISIT))


def given(text: str) -> TurnInput:
    asked = turn(text)
    (message,) = asked.batch
    return replace(asked, batch=(replace(message, occurred_at=LATE_ON_FRIDAY),))


def test_tomorrow_is_the_day_after_the_customer_s_own() -> None:
    said = ReplyFact(value="2026-11-21", quote="pode ser amanhã")
    fact = prove(playbook(), given("pode ser amanhã?"), "visita", said)
    assert fact
    assert fact.value == "2026-11-21"


def test_another_day_than_the_words_name_is_not_believed() -> None:
    said = ReplyFact(value="2026-11-22", quote="pode ser amanhã")
    assert prove(playbook(), given("pode ser amanhã?"), "visita", said) is None


def test_without_a_day_to_count_from_no_word_names_one() -> None:
    assert read_slot(VISIT, "amanhã", asked=True) is None
