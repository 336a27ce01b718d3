"""Answer without a model: no key, no connection, or words that may not leave."""

from orbion.domain.answering import answer
from orbion.domain.reply import Reply
from orbion.ports import Prompt


def fall_back(prompt: Prompt) -> Reply:
    return answer(
        prompt.playbook,
        prompt.pending,
        prompt.facts,
        asked=prompt.asked,
        first_contact=prompt.first_contact,
    )
