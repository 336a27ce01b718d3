"""Let the model work on one turn: tools within limits, one rewrite, then a reply or why not."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from orbion.agent.asking import Asking
from orbion.agent.checks import CHAIN
from orbion.agent.journal import Key, model_key
from orbion.agent.judge import Judge
from orbion.agent.prompt import rewrite_order, shortened
from orbion.agent.tools import run_tool
from orbion.agent.tools.tool import NOTHING, Effects, Outcome, Scene, refusal
from orbion.domain.errors import FaultCode
from orbion.domain.passages import Found
from orbion.domain.prompt import Prompt
from orbion.domain.reply import Reply
from orbion.domain.turns import ChatMessage, Completion, Stage, ToolCall
from orbion.kit.ids import digest

MOST_CALLS: Final = 5
MOST_IDENTICAL: Final = 3
TOOL_LOOP: Final = "tool_loop"
OPTED_OUT: Final = Reply(silence_reason="opted_out")


@dataclass(slots=True, kw_only=True)
class Loop:
    """`opening` is the first model call, `added` the steps since, `effects` what tools want.

    `asked` counts the model calls, `called` the tools that were run with their arguments, and
    `receipts` name those of them that did what they are for; `read` is what they found in the
    business's documents.
    """

    asking: Asking
    scene: Scene
    opening: Prompt
    judge: Judge
    added: tuple[ChatMessage, ...] = ()
    effects: Effects = NOTHING
    asked: int = 0
    called: Counter[tuple[str, str]] = field(default_factory=Counter)
    receipts: tuple[str, ...] = ()
    read: tuple[Found, ...] = ()
    _shortened: bool = False
    _rewritten: bool = False

    async def __call__(self) -> Reply | str:
        """A reply that may leave, or the reasons why none may."""
        while True:
            self.asked += 1
            prompt = self.prompt
            decided = await self._decide(prompt, await self.asking(prompt))
            if decided is not None:
                return decided

    @property
    def prompt(self) -> Prompt:
        """The next model call, which must answer when it may not call tools any more."""
        facts = {fact.slot: fact.value for fact in self.effects.facts}
        return replace(
            self.opening,
            messages=(*self.opening.messages, *self.added),
            facts={**self.opening.facts, **facts},
            passages=(*self.opening.passages, *self.read),
            must_answer=self._rewritten or self._used_up(),
        )

    async def _decide(self, prompt: Prompt, said: Completion | FaultCode) -> Reply | str | None:
        """The end of the turn; None = ask again."""
        if isinstance(said, FaultCode):
            return await self._shorten(said)
        if said.tool_calls:
            return TOOL_LOOP if prompt.must_answer else await self._use_tools(said)
        judged = self._judged(said.text, prompt)
        if isinstance(judged, Reply):
            self.asking.journal.keep("passed", model_key(prompt), CHAIN)
            return judged
        return await self._send_back(said, judged)

    def _judged(self, text: str, prompt: Prompt) -> Reply | str:
        watch = self.asking.watch
        started = watch.start()
        judged = self.judge(text, prompt, handoff=self.effects.handoff, receipts=self.receipts)
        watch.stop(Stage.CHECKS, started)
        return judged

    async def _shorten(self, fault: FaultCode) -> FaultCode | None:
        """Ask about too long a chat once more, with less of its history."""
        shorter = shortened(self.opening)
        if fault is not FaultCode.OPENAI_CONTEXT_TOO_LONG or self._shortened or shorter is None:
            return fault
        await self.asking.journal.write("fault", model_key(self.prompt), fault)
        self._shortened = True
        self.opening = shorter
        return None

    async def _use_tools(self, said: Completion) -> Reply | None:
        asked = model_key(self.prompt).hex()
        answers = [await self._use_tool(asked, call) for call in said.tool_calls]
        wanted = ChatMessage(role="assistant", text=said.text, tool_calls=said.tool_calls)
        self.added = (*self.added, wanted, *answers)
        return OPTED_OUT if self.effects.opted_out else None

    async def _use_tool(self, asked: str, call: ToolCall) -> ChatMessage:
        what = (call.name, call.arguments)
        if self._used_up():
            outcome = refusal("chega de ferramentas; responda agora")
        else:
            self.called[what] += 1
            outcome = await self._run(digest(asked, call.id, *what), call)
            if outcome.is_done:
                self.receipts = (*self.receipts, call.name)
        self.effects = self.effects.followed_by(outcome.effects)
        self.read = (*self.read, *outcome.passages)
        return ChatMessage(role="tool", text=outcome.text, tool_call_id=call.id)

    async def _run(self, key: Key, call: ToolCall) -> Outcome:
        asking = self.asking
        recorded = asking.journal.find("tool", key)
        if recorded is not None:
            return msgspec.json.decode(recorded, type=Outcome)
        started = asking.watch.start()
        outcome = await run_tool(call, self.scene)
        ms = int(asking.watch.stop(Stage.TOOLS, started) * 1000)
        await asking.journal.write("tool", key, msgspec.json.encode(outcome).decode(), ms=ms)
        return outcome

    def _used_up(self) -> bool:
        most = max(self.called.values(), default=0)
        return self.called.total() >= MOST_CALLS or most >= MOST_IDENTICAL

    async def _send_back(self, said: Completion, reasons: str) -> str | None:
        """Let words that may not leave be written anew once, with the reasons."""
        await self.asking.journal.write("veto", model_key(self.prompt), f"{CHAIN}:{reasons}")
        if self._rewritten:
            return reasons
        self._rewritten = True
        refused = ChatMessage(role="assistant", text=said.text)
        self.added = (*self.added, refused, rewrite_order(reasons))
        return None
