"""A double of a model that works as a good one would: it reads its prompt, looks up, answers."""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import msgspec

from orbion.domain.answering import Situation, answer
from orbion.domain.playbook import Playbook
from orbion.domain.reply import Reply
from orbion.simulators.openai import Json, tool_call

_SEARCH: Final = "search_knowledge"
Chat: TypeAlias = Sequence[Json]


class SalesModel:
    """Knows of a customer what its prompt holds and nothing else.

    The playbooks stand in for what a model is able to read out of its instructions: the one whose
    business they name is followed. What those do not answer is looked up with the tool first.
    """

    def __init__(self, playbooks: Sequence[Playbook]) -> None:
        self._playbooks = playbooks

    def __call__(self, request: Json) -> Json | str:
        chat: Chat = request["messages"]
        playbook = self._playbook(chat[0]["content"])
        place = _last_from_customer(chat)
        given: dict[str, Any] = msgspec.json.decode(chat[place]["content"])
        reply = answer(
            playbook,
            given["messages"],
            given["facts"],
            Situation(
                asked=given["asked"],
                first_contact=given["first_contact"],
                given_up=given["do_not_ask"],
            ),
        )
        if _is_at_a_loss(playbook, reply) and not _has_looked(chat[place:]):
            query = {"query": " ".join(given["messages"])}
            return tool_call(_SEARCH, query, number=len(chat))
        return reply.to_json()

    def _playbook(self, instructions: str) -> Playbook:
        return next(each for each in self._playbooks if each.business_name in instructions)


def _last_from_customer(chat: Chat) -> int:
    return max(place for place, message in enumerate(chat) if message["role"] == "user")


def _is_at_a_loss(playbook: Playbook, reply: Reply) -> bool:
    return any(playbook.texts.fallback in bubble.text for bubble in reply.bubbles)


def _has_looked(since: Chat) -> bool:
    return any(message["role"] == "tool" for message in since)
