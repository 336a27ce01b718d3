"""A checked reply becomes bubbles as a person would send them."""

from dataclasses import replace

from orbion.agent.reply import settle
from orbion.agent.tools.tool import NOTHING
from orbion.domain.bubbles import NATURAL
from orbion.domain.reply import Reply, ReplyBubble
from orbion.domain.turns import TurnInput, TurnResult, Verdict
from tests.support.playbooks import solar
from tests.support.turns import turn

LONG = "O sistema gera energia o ano todo. " * 40


def given(*texts: str) -> TurnInput:
    """The first text came last: retries of webhooks reorder."""
    plain = turn(*texts)
    batch = (
        replace(each, provider_id=f"3A0{place}", seq=100 - place)
        for place, each in enumerate(plain.batch)
    )
    return replace(plain, batch=tuple(batch))


def result(*texts: str, handoff: str | None = None) -> TurnResult:
    reply = Reply(bubbles=tuple(ReplyBubble(text=text) for text in texts), handoff=handoff)
    asked = given("oi", "quanto custa?")
    return settle(solar(), asked, reply, verdict=Verdict.ANSWERED, effects=NOTHING, spoken_at=None)


def test_long_words_leave_in_several_bubbles() -> None:
    bubbles = result("Oi!", LONG).bubbles
    assert bubbles[0].text == "Oi!"
    assert len(bubbles) > 2
    assert max(len(bubble.text) for bubble in bubbles) <= NATURAL
    assert " ".join(bubble.text for bubble in bubbles[1:]).split() == LONG.split()


def test_the_first_bubble_answers_the_message_that_was_stored_last() -> None:
    assert [bubble.answers for bubble in result("um", "dois").bubbles] == ["3A00", None]


def test_the_notice_of_a_hand_over_quotes_nothing() -> None:
    bubbles = result("um", handoff="asked").bubbles
    assert [(bubble.answers, bubble.exempt) for bubble in bubbles] == [(None, "handoff")] * 2
