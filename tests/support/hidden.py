"""Says what became of each accept that nobody could know of, read from the journals alone."""

from collections import Counter
from collections.abc import Callable, Mapping

from orbion.simulators.evolution_store import Accepted
from tests.support.judge import Judge
from tests.support.tokens import tokens

SENT_AGAIN = "sent again"
UNEXPLAINED = "unexplained"


def fates(judge: Judge) -> Counter[str]:
    """Count the hidden accepts by what became of them: `SENT_AGAIN` are the duplicates."""
    found: Counter[str] = Counter()
    for key, copies in judge.copies.items():
        hidden = [each for each in copies if judge.is_unprovable(each)]
        again = min(judge.surplus(*key), len(hidden))
        found[SENT_AGAIN] += again
        found.update(reason_of(judge, each) for each in hidden[again:])
    return +found


def reason_of(judge: Judge, accepted: Accepted) -> str:
    """Why it was never sent again: the first reason that the journals bear out."""
    return next((name for name in REASONS if REASONS[name](judge, accepted)), UNEXPLAINED)


def _was_said_again(judge: Judge, accepted: Accepted) -> bool:
    """The playbook's own words, which another of its turns said too, or the same once more."""
    copies = judge.copies[accepted.jid.partition("@")[0], accepted.text]
    return copies[-1].id != accepted.id


def _was_echoed(judge: Judge, accepted: Accepted) -> bool:
    return accepted.id in judge.told_at


def _was_confirmed(judge: Judge, accepted: Accepted) -> bool:
    """A status names the id that the row had proposed."""
    return any(
        each.event == "messages.update"
        and each.outcome == "delivered"
        and each.key_id == accepted.id
        for each in judge.evidence.deliveries
    )


def _was_found(judge: Judge, accepted: Accepted) -> bool:
    looks = judge.evidence.looked
    return accepted.recorded and any(
        each.at >= accepted.at and each.jid == accepted.jid for each in looks
    )


def _was_taken_for_an_earlier(judge: Judge, accepted: Accepted) -> bool:
    """An accept of the same words that came too late for its own request was found for it."""
    copies = judge.copies[accepted.jid.partition("@")[0], accepted.text]
    looks = [each.at for each in judge.evidence.looked if each.jid == accepted.jid]
    return any(
        each.at < accepted.at and each.recorded and any(at >= accepted.at for at in looks)
        for each in copies
    )


def _was_answered(judge: Judge, accepted: Accepted) -> bool:
    """Its sender still lived when the answer left, so it may have committed it before it died."""
    death = judge.death_of_sender(judge.requested_at[accepted.id])
    return accepted.answered and (death is None or death >= accepted.at)


def _was_taken_over(judge: Judge, accepted: Accepted) -> bool:
    word = judge.evidence.takeovers.get(accepted.jid.partition("@")[0])
    return word is not None


def _was_worded_anew(judge: Judge, accepted: Accepted) -> bool:
    """A newer message, or its age, made one fresh answer of it."""
    mine = set(tokens(accepted.text))
    return any(
        each.jid == accepted.jid and each.text != accepted.text and mine & set(tokens(each.text))
        for each in judge.evidence.journal
    )


def _was_cut_off(judge: Judge, accepted: Accepted) -> bool:
    evidence = judge.evidence
    last = max((each.answered_at for each in evidence.posts), default=0)
    return judge.requested_at[accepted.id] + evidence.patience > last


REASONS: Mapping[str, Callable[[Judge, Accepted], bool]] = {
    "words of the playbook, said again": _was_said_again,
    "echoed later": _was_echoed,
    "its status came later": _was_confirmed,
    "found by a later look": _was_found,
    "an earlier accept of it was found": _was_taken_for_an_earlier,
    "its answer was kept": _was_answered,
    "a person took over": _was_taken_over,
    "worded anew": _was_worded_anew,
    "the run ended first": _was_cut_off,
}
