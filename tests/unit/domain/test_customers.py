"""Without a model, customers of three businesses end qualified or with a person."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orbion.agent.checks import Grounds, find_problems
from orbion.agent.judge import Judge
from orbion.domain.answering import Situation, answer
from orbion.domain.intents import wants_human
from orbion.domain.playbook import Playbook
from orbion.domain.qualification import stage
from orbion.domain.reply import Reply
from tests.support.playbooks import SHIPPED, shipped

PLAYBOOKS = {name: shipped(name) for name in SHIPPED}
CUSTOMERS = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "corpora" / "customers.jsonl").read_text().splitlines()
]
MOST_TURNS = 12
SHRUG = "prefiro não dizer"


@dataclass(slots=True)
class Chat:
    """What is known after each turn of one conversation."""

    playbook: Playbook
    facts: dict[str, str]
    asked: str | None = None
    turns: int = 0

    def hears(self, text: str) -> Reply:
        reply = answer(
            self.playbook,
            [text],
            self.facts,
            Situation(asked=self.asked, first_contact=self.turns == 0),
        )
        grounds = Grounds(
            secret=frozenset(),
            backing=lambda: Judge()._of(self.playbook).with_chat((text, *self.facts.values())),
            facts=self.facts,
            own=tuple(entry.answer for entry in self.playbook.knowledge),
        )
        assert find_problems(reply, grounds) == (), (text, reply)
        self.facts |= {slot: fact.value for slot, fact in reply.facts.items()}
        self.asked = reply.asked
        self.turns += 1
        return reply


def spoken(customer: dict[str, Any], chat: Chat) -> Iterator[str]:
    """First what the customer came for, then the answer to each question."""
    yield from customer["says"]
    while chat.turns < MOST_TURNS:
        yield customer["answers"].get(chat.asked, SHRUG)


def end(customer: dict[str, Any]) -> tuple[str, Chat]:
    playbook = PLAYBOOKS[customer["playbook"]]
    chat = Chat(playbook, {})
    for line in spoken(customer, chat):
        if wants_human(line) or chat.hears(line).handoff:  # the gate's word comes first
            return "handoff", chat
        if stage(playbook, chat.facts) == playbook.stages[-1]:
            return playbook.stages[-1].key, chat
    return "open", chat


def test_there_are_ten_customers_of_each_business() -> None:
    assert [sum(each["playbook"] == name for each in CUSTOMERS) for name in SHIPPED] == [10] * 3


@pytest.mark.parametrize(
    "customer", CUSTOMERS, ids=lambda each: f"{each['playbook']}: {each['says'][0]}"
)
def test_a_customer_ends_qualified_or_with_a_person(customer: dict[str, Any]) -> None:
    reached, chat = end(customer)
    assert reached == customer["end"], chat
    assert chat.turns <= MOST_TURNS
