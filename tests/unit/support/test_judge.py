"""The judge of the crash runs excuses a duplicate only where nobody could have known."""

from dataclasses import replace

import pytest

from orbion.simulators.evolution_store import Accepted
from tests.support.judge import Asked, Evidence, Judge

PHONE = "5511900000001"
TEXT = "li zqaxa"
FIRST = Accepted(
    id="3EB01",
    instance="loja",
    number=f"{PHONE}@s.whatsapp.net",
    jid=f"{PHONE}@s.whatsapp.net",
    text=TEXT,
    at=10_110,
    answered=True,
    recorded=False,
    echoed=False,
)
SECOND = replace(FIRST, id="3EB02", at=20_010)


def avoidable(first: Accepted, *, asked_at: int) -> list[str]:
    """Judge one text that was accepted twice, by a service that died at 10 s for two seconds."""
    evidence = Evidence(patience=4_000, direct=1_000, settle=500)
    evidence.deaths, evidence.births = [10_000], [12_000]
    evidence.asked = [Asked(at=at, phone=PHONE, text=TEXT) for at in (asked_at, 20_000)]
    evidence.journal = [first, SECOND]
    return list(Judge(evidence=evidence).sent_twice())


@pytest.mark.parametrize(
    ("asked_at", "accepted_at"),
    [(9_400, 9_510), (9_990, 10_000), (10_100, 10_110), (11_990, 12_010)],
)
def test_the_answer_to_a_dying_or_dead_process_is_known_to_nobody(
    asked_at: int, accepted_at: int
) -> None:
    assert avoidable(replace(FIRST, at=accepted_at), asked_at=asked_at) == []


@pytest.mark.parametrize(("asked_at", "accepted_at"), [(9_000, 9_400), (12_000, 12_010)])
def test_the_answer_to_a_living_process_had_to_be_kept(asked_at: int, accepted_at: int) -> None:
    assert avoidable(replace(FIRST, at=accepted_at), asked_at=asked_at) == [
        f"I2b {TEXT!r} reached {PHONE} 2 times, 0 unprovable"
    ]


def test_what_the_gateway_recorded_had_to_be_found() -> None:
    recorded = replace(FIRST, recorded=True)
    assert len(avoidable(recorded, asked_at=10_100)) == 1
