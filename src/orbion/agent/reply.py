"""Make a turn's result of a checked reply: code, not the model, decides facts, score and stage."""

from orbion.domain.bubbles import split_answer
from orbion.domain.extraction import read_value
from orbion.domain.leads import Fact
from orbion.domain.playbook import Playbook
from orbion.domain.qualification import score, stage
from orbion.domain.reply import Reply, ReplyFact
from orbion.domain.text import contains_phrase, normalise
from orbion.domain.turns import Bubble, TurnInput, TurnResult, Verdict


def settle(playbook: Playbook, given: TurnInput, reply: Reply, *, verdict: Verdict) -> TurnResult:
    """`verdict` holds for an answer; a hand-over and silence have their own."""
    facts = proven_facts(playbook, given, reply)
    known = {**given.lead.facts, **{fact.slot: fact.value for fact in facts}}
    asked = reply.asked or given.conversation.open_slot
    return TurnResult(
        verdict=_verdict(reply, verdict),
        bubbles=_bubbles(playbook, given, reply),
        facts=facts,
        stage=stage(playbook, known).key,
        score=score(playbook, known),
        handoff=reply.handoff,
        open_slot=asked if playbook.slot(asked) and asked not in known else None,
    )


def proven_facts(playbook: Playbook, given: TurnInput, reply: Reply) -> tuple[Fact, ...]:
    """What is new, fits its slot, and is quoted from words that this batch really holds."""
    proven = (_proven(playbook, given, slot, said) for slot, said in reply.facts.items())
    return tuple(fact for fact in proven if fact is not None)


def _proven(playbook: Playbook, given: TurnInput, key: str, said: ReplyFact) -> Fact | None:
    slot = playbook.slot(key)
    value = read_value(slot, said.value) if slot else None
    quote = normalise(said.quote)
    source = next(
        (each for each in given.batch if contains_phrase(normalise(each.text), quote)), None
    )
    if value is None or source is None or value == given.lead.facts.get(key):
        return None
    return Fact(slot=key, value=value, message_id=source.id, quote=said.quote)


def _verdict(reply: Reply, verdict: Verdict) -> Verdict:
    if reply.handoff:
        return Verdict.HANDED_OVER
    return verdict if reply.bubbles else Verdict.SILENT


def _bubbles(playbook: Playbook, given: TurnInput, reply: Reply) -> tuple[Bubble, ...]:
    """All bubbles of a hand-over may leave although the bot is quiet from then on."""
    texts = split_answer([bubble.text for bubble in reply.bubbles])
    if reply.handoff:
        return tuple(
            Bubble(text=text, exempt="handoff") for text in (*texts, playbook.handoff.message)
        )
    newest = max(given.batch, key=lambda message: message.seq)
    return tuple(
        Bubble(text=text, answers=None if place else newest.provider_id)
        for place, text in enumerate(texts)
    )
