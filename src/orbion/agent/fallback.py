"""Answer without a model: no key, no connection, or words that may not leave."""

from orbion.domain.answering import Situation, answer
from orbion.domain.prompt import Prompt
from orbion.domain.reply import Reply


def fall_back(prompt: Prompt, handoff: str | None = None) -> Reply:
    """`handoff` is why a person was already called: then nothing else is said."""
    if handoff:
        return Reply(handoff=handoff)
    return answer(
        prompt.playbook,
        prompt.pending,
        prompt.facts,
        Situation(
            asked=prompt.asked,
            first_contact=prompt.first_contact,
            today=prompt.today,
            given_up=prompt.given_up,
            passages=prompt.passages,
            look=prompt.look,
        ),
    )
