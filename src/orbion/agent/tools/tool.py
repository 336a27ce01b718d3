"""What a tool is: strict arguments, and a run that answers the model and may cause effects."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, TypeAlias, TypeVar

import msgspec

from orbion.agent.reading import NOTHING_READ, Read
from orbion.domain.errors import OrbionError
from orbion.domain.leads import Fact
from orbion.domain.passages import Found
from orbion.domain.playbook import Playbook
from orbion.domain.turns import ToolSpec, TurnInput


class Arguments(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What the model must give; a field without a default is one that the model always writes."""


A = TypeVar("A", bound=Arguments)
Quote: TypeAlias = Annotated[
    str, msgspec.Meta(description="Palavras exatas do cliente, copiadas da mensagem dele")
]


async def read_nothing(_texts: Sequence[str]) -> Read:
    """The business has no documents."""
    return NOTHING_READ


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The one conversation that a tool can touch: it comes from the server, never the model.

    `read` finds what the data of its business say to some words.
    """

    playbook: Playbook
    given: TurnInput
    read: Callable[[Sequence[str]], Awaitable[Read]] = read_nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What tools want done; it happens in the turn's one write or not at all."""

    facts: tuple[Fact, ...] = ()
    handoff: str | None = None
    opted_out: bool = False

    def followed_by(self, later: "Effects") -> "Effects":
        facts = {fact.slot: fact for fact in (*self.facts, *later.facts)}
        return Effects(
            facts=tuple(facts.values()),
            handoff=later.handoff or self.handoff,
            opted_out=self.opted_out or later.opted_out,
        )


NOTHING: Final = Effects()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`text` is what the model reads: our own words only, never the model's or the customer's.

    `passages` are those of the business's documents that stand in it.
    """

    text: str
    effects: Effects = NOTHING
    passages: tuple[Found, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether something was found or done, if only in part."""
        return self.effects != NOTHING or "error" not in msgspec.json.decode(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool(Generic[A]):
    """`run` may ask the outside and may raise any `OrbionError`; the model reads of a refusal."""

    name: str
    description: str
    arguments: type[A]
    run: Callable[[A, Scene], Awaitable[Outcome]]

    def spec(self) -> ToolSpec:
        return ToolSpec(
            name=self.name, description=self.description, parameters=strict_schema(self.arguments)
        )

    async def __call__(self, arguments: str, scene: Scene) -> Outcome:
        try:
            given = msgspec.json.decode(arguments, type=self.arguments)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            fields = ", ".join(self.arguments.__struct_fields__)
            return refusal(f"argumentos fora do esquema; envie um objeto JSON com: {fields}")
        try:
            return await self.run(given, scene)
        except OrbionError:
            return refusal("a ferramenta não está disponível agora; responda sem ela")


def refusal(why: str) -> Outcome:
    """Nothing was done; `why` says what the model can do about it."""
    return answered({"error": why})


def answered(content: Mapping[str, Any], effects: Effects = NOTHING) -> Outcome:
    return Outcome(text=msgspec.json.encode(content).decode(), effects=effects)


def strict_schema(arguments: type[Arguments]) -> Mapping[str, Any]:
    """The object itself at the root, where OpenAI's strict dialect wants it."""
    (_,), parts = msgspec.json.schema_components([arguments], ref_template="#/$defs/{name}")
    root = parts.pop(arguments.__name__)
    return {**root, "$defs": parts} if parts else root
