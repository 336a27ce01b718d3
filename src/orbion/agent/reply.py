"""Make a turn's result of a checked reply: code, not the model, decides facts, score and stage."""

from dataclasses import replace

from orbion.agent.proof import prove
from orbion.agent.tools.tool import Effects
from orbion.domain.bubbles import split_answer
from orbion.domain.language import NOTICES, Language, language_of, lock
from orbion.domain.leads import Fact
from orbion.domain.opening_hours import away_text, handoff_text
from orbion.domain.pipeline import next_stage
from orbion.domain.playbook import Playbook
from orbion.domain.qualification import score
from orbion.domain.reply import Reply, ReplyBubble
from orbion.domain.turns import Bubble, TurnInput, TurnResult, Verdict


def settle(
    playbook: Playbook,
    given: TurnInput,
    reply: Reply,
    *,
    verdict: Verdict,
    effects: Effects,
    spoken_at: int | None,
) -> TurnResult:
    """`verdict` holds for an answer; a hand-over and silence have their own.

    `spoken_at` is when the last words for this customer were decided, ms UTC, sent or not yet.
    """
    facts = effects.followed_by(Effects(facts=proven_facts(playbook, given, reply))).facts
    known = {**given.lead.facts, **{fact.slot: fact.value for fact in facts}}
    asked = reply.asked or given.conversation.open_slot
    handoff = reply.handoff or effects.handoff
    language = lock(given.conversation.language, (message.text for message in given.batch))
    if language is not given.conversation.language:
        reply = _with_notice(reply, language)
    return TurnResult(
        verdict=_verdict(reply, verdict, handoff),
        bubbles=_bubbles(playbook, given, reply, handoff, spoken_at),
        facts=facts,
        stage=next_stage(playbook, given.lead, known, learnt=bool(facts)),
        score=score(playbook, known),
        handoff=handoff,
        open_slot=asked if playbook.slot(asked) and asked not in known else None,
        asked=reply.asked if playbook.slot(reply.asked) and not handoff else None,
        language=language,
    )


def _with_notice(reply: Reply, language: Language | None) -> Reply:
    """Tell a customer in their language why they are answered in another, when they are."""
    spoken = language_of(" ".join(bubble.text for bubble in reply.bubbles))
    notice = NOTICES.get(language) if language and spoken is not language else None
    if notice is None or not reply.bubbles:
        return reply
    return replace(reply, bubbles=(ReplyBubble(text=notice), *reply.bubbles))


def opt_out(playbook: Playbook, given: TurnInput, effects: Effects) -> TurnResult:
    """The customer wants no more messages: nothing but the confirmation may leave."""
    known = {**given.lead.facts, **{fact.slot: fact.value for fact in effects.facts}}
    return TurnResult(
        verdict=Verdict.OPTED_OUT,
        bubbles=(Bubble(text=playbook.texts.opt_out_confirmation, exempt="opt_out"),),
        facts=effects.facts,
        stage=next_stage(playbook, given.lead, known, learnt=bool(effects.facts)),
        score=score(playbook, known),
    )


def proven_facts(playbook: Playbook, given: TurnInput, reply: Reply) -> tuple[Fact, ...]:
    proven = (prove(playbook, given, slot, said) for slot, said in reply.facts.items())
    return tuple(fact for fact in proven if fact is not None)


def _verdict(reply: Reply, verdict: Verdict, handoff: str | None) -> Verdict:
    if handoff:
        return Verdict.HANDED_OVER
    return verdict if reply.bubbles else Verdict.SILENT


def _bubbles(
    playbook: Playbook, given: TurnInput, reply: Reply, handoff: str | None, spoken_at: int | None
) -> tuple[Bubble, ...]:
    """All bubbles of a hand-over may leave although the bot is quiet from then on."""
    texts = split_answer([bubble.text for bubble in reply.bubbles])
    newest = max(given.batch, key=lambda message: message.seq)
    if handoff:
        last = handoff_text(playbook, newest.occurred_at)
        return tuple(Bubble(text=text, exempt="handoff") for text in (*texts, last))
    away = away_text(playbook, newest.occurred_at, spoken_at)
    if texts and away:
        greeted = spoken_at is None
        texts = (*texts[:greeted], away, *texts[greeted:])
    return tuple(
        Bubble(text=text, answers=None if place else newest.provider_id)
        for place, text in enumerate(texts)
    )
