"""Each accept that nobody could know of became one duplicate, or has a reason in the journals."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from orbion.simulators.evolution_store import Accepted
from orbion.simulators.evolution_webhooks import Delivery
from tests.support.hidden import fates
from tests.support.judge import Asked, Evidence, Judge, Looked, Post, Said, Takeover

PHONE = "5511900000001"
JID = f"{PHONE}@s.whatsapp.net"
TEXT = "li zqaxa"
HIDDEN = Accepted(
    id="3EB01",
    instance="loja",
    number=JID,
    jid=JID,
    text=TEXT,
    at=10_000,
    answered=False,
    recorded=False,
    echoed=False,
)
PATIENCE = 4_000


def of(*journal: Accepted) -> Evidence:
    """A run in which each accept was asked for at its instant, and that went on for long."""
    evidence = Evidence(patience=PATIENCE, direct=1_000, settle=500)
    evidence.journal = journal
    evidence.asked = [Asked(at=each.at, phone=PHONE, text=each.text) for each in journal]
    evidence.posts = [Post(key_id="3A9", posted_at=60_000, answered_at=60_001, status=200)]
    return evidence


def what_became_of(evidence: Evidence) -> Counter[str]:
    return fates(Judge(evidence=evidence))


def test_each_duplicate_is_one_hidden_accept() -> None:
    again = replace(HIDDEN, id="3EB02", at=20_000, answered=True, recorded=True)
    assert what_became_of(of(HIDDEN, again)) == {"sent again": 1}


def test_an_accept_that_the_service_forgot_is_unexplained() -> None:
    assert what_became_of(of(HIDDEN)) == {"unexplained": 1}


def test_what_could_be_known_needs_no_explanation() -> None:
    assert what_became_of(of(replace(HIDDEN, recorded=True))) == {}


def late(evidence: Evidence) -> None:
    """Ask so long before the accept that it came too late to be looked for."""
    evidence.asked = [Asked(at=HIDDEN.at - PATIENCE - 1, phone=PHONE, text=TEXT)]


def echoed(evidence: Evidence, event: str = "send.message") -> None:
    late(evidence)
    evidence.deliveries = [
        Delivery(
            event=event,
            instance="loja",
            key_id=HIDDEN.id,
            url="",
            headers={},
            body=b"",
            due_at=11_000,
            outcome="delivered",
        )
    ]


def confirmed(evidence: Evidence) -> None:
    echoed(evidence, "messages.update")


def found(evidence: Evidence) -> None:
    late(evidence)
    evidence.journal = [replace(HIDDEN, recorded=True)]
    evidence.looked = [Looked(at=12_000, jid=JID)]


def taken_for_an_earlier(evidence: Evidence) -> None:
    """The earlier one came long after its request, so that it was sent again meanwhile."""
    evidence.journal = [replace(HIDDEN, recorded=True), replace(HIDDEN, id="3EB02", at=20_000)]
    early = HIDDEN.at - PATIENCE - 1
    evidence.asked = [Asked(at=at, phone=PHONE, text=TEXT) for at in (early, 19_999)]
    evidence.looked = [Looked(at=21_000, jid=JID)]


def kept(evidence: Evidence) -> None:
    evidence.journal = [replace(HIDDEN, answered=True)]
    evidence.deaths, evidence.births = [10_100], [12_000]


def taken_over(evidence: Evidence) -> None:
    evidence.takeovers[PHONE] = Takeover(key_id="3A1", at=11_000)


def worded_anew(evidence: Evidence) -> None:
    newer = replace(HIDDEN, id="3EB03", text=f"{TEXT} zqaxb", at=20_000, recorded=True)
    evidence.journal = [HIDDEN, newer]
    evidence.asked = [*evidence.asked, Asked(at=20_000, phone=PHONE, text=newer.text)]


def cut_off(evidence: Evidence) -> None:
    evidence.posts = [Post(key_id="3A9", posted_at=11_000, answered_at=11_001, status=200)]


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (echoed, "echoed later"),
        (confirmed, "its status came later"),
        (found, "found by a later look"),
        (taken_for_an_earlier, "an earlier accept of it was found"),
        (kept, "its answer was kept"),
        (taken_over, "a person took over"),
        (worded_anew, "worded anew"),
        (cut_off, "the run ended first"),
    ],
)
def test_what_was_never_sent_again_has_its_reason(
    happens: Callable[[Evidence], None], reason: str
) -> None:
    evidence = of(HIDDEN)
    happens(evidence)
    assert what_became_of(evidence)[reason] == 1


def test_words_of_the_playbook_may_be_meant_twice() -> None:
    first = replace(HIDDEN, text="Como posso te chamar?")
    evidence = of(first, replace(first, id="3EB02", at=20_000, answered=True, recorded=True))
    evidence.falls_back = True
    evidence.said = [
        Said(phone=PHONE, index=place, token=word, key_id=word, at=9_000)
        for place, word in enumerate(("zqaxa", "zqaxb"))
    ]
    assert what_became_of(evidence) == {"words of the playbook, said again": 1}
    assert not list(Judge(evidence=evidence).sent_twice())


def lost(evidence: Evidence, *, at: int) -> list[str]:
    """Judge one acknowledged message after which only the playbook's words were accepted."""
    evidence.said = [
        Said(phone=PHONE, index=place, token=word, key_id=word, at=9_000)
        for place, word in enumerate(("zqaxa", "zqaxb"))
    ]
    evidence.posts = [
        Post(key_id="zqaxa", posted_at=9_000, answered_at=9_001, status=200),
        Post(key_id="zqaxb", posted_at=9_500, answered_at=9_501, status=200),
    ]
    own = replace(HIDDEN, text="Como posso te chamar?", at=at)
    newer = replace(HIDDEN, id="3EB02", text="li zqaxb", at=10_000)
    evidence.journal = sorted([own, newer], key=lambda each: each.at)
    return list(Judge(evidence=evidence).lost())


def test_words_without_a_token_answer_only_where_a_model_may_fail_and_in_their_order() -> None:
    fallible = of()
    fallible.falls_back = True
    assert lost(fallible, at=9_900) == []
    assert len(lost(fallible, at=10_100)) == 1
    assert len(lost(of(), at=9_900)) == 1
