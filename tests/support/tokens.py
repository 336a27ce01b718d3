"""Words that only one message of one conversation has, and a model that repeats them."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from orbion.domain.prompt import Prompt
from orbion.domain.reply import Reply, ReplyBubble
from orbion.domain.turns import Completion

_TOKEN = re.compile(r"zq([a-j]+)x([a-j]+)")
_LETTERS = str.maketrans("0123456789", "abcdefghij")


def token(conversation: int, place: int) -> str:
    """A word that no check of a reply can mistake for an amount, a link or a phone number."""
    return f"zq{conversation}x{place}".translate(_LETTERS)


def tokens(text: str) -> list[str]:
    return [found[0] for found in _TOKEN.finditer(text)]


def speaker(word: str) -> str:
    """The conversation's part of a token."""
    return word[2:].partition("x")[0]


@dataclass(slots=True, kw_only=True)
class TokenLLM:
    """Lists the tokens that it was shown, in their order; several are cut into two bubbles.

    `latency` draws the seconds of each answer; `prompts` keeps whose words stood in each prompt.
    """

    latency: Callable[[], float] = lambda: 0.0
    prompts: list[frozenset[str]] = field(default_factory=list)

    async def complete(self, prompt: Prompt) -> Completion:
        await asyncio.sleep(self.latency())
        seen = (tokens(message.text) for message in prompt.messages)
        self.prompts.append(frozenset(speaker(word) for words in seen for word in words))
        return self.say([word for text in prompt.pending for word in tokens(text)])

    def say(self, words: Sequence[str]) -> Completion:
        cut = (len(words) + 1) // 2
        parts = [part for part in (words[:cut], words[cut:]) if part]
        bubbles = tuple(ReplyBubble(text=f"li {' '.join(part)}") for part in parts)
        return Completion(text=Reply(bubbles=bubbles).to_json(), model="tokens")
