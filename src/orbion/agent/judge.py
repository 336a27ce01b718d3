"""Decide whether what the model wrote may become the answer of a turn."""

from collections.abc import Sequence
from dataclasses import astuple, replace
from functools import partial

from orbion.agent.checks import Grounds, find_problems
from orbion.agent.fallback import fall_back
from orbion.agent.prompt import INSTRUCTIONS, knowledge
from orbion.domain.errors import RejectedError
from orbion.domain.reply import Reply, from_json
from orbion.ports import Prompt


def judge(text: str, prompt: Prompt, *, handoff: str | None = None) -> Reply | str:
    """The reply if it may leave, else the reasons why not, separated by commas.

    `handoff` is why a tool has already called a person, who then needs no words of the model.
    """
    try:
        reply = from_json(text)
    except RejectedError as error:
        return error.code
    if handoff and not reply.handoff:
        reply = replace(reply, handoff=handoff)
    problems = find_problems(reply, _grounds(prompt))
    if not problems and _silent(reply) and not _silent(fall_back(prompt)):
        return "silence"
    return ",".join(problems) or reply


def _silent(reply: Reply) -> bool:
    return not reply.bubbles and not reply.handoff


def _grounds(prompt: Prompt) -> Grounds:
    """The data of the business and the words of the customer; the assistant's own prove nothing."""
    return Grounds(instructions=INSTRUCTIONS, sources=partial(_sources, prompt), facts=prompt.facts)


def _sources(prompt: Prompt) -> Sequence[str]:
    sentences = (text for text in astuple(prompt.playbook.texts) if isinstance(text, str))
    said = (message.text for message in prompt.messages if message.role == "user")
    return (knowledge(prompt.playbook), *sentences, *said, *prompt.facts.values())
