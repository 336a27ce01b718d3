"""What a transaction body sees: one statement in, plain tuples out, on either database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar

from sqlalchemy import BindParameter, Dialect, Executable
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.visitors import replacement_traverse

from orbion.domain.leads import Lead
from orbion.domain.messages import Message

Row = Any
"""A driver's tuple: convert it to domain values in the function that reads it."""
T = TypeVar("T")


class Statement:
    """A SQLAlchemy Core expression that each dialect compiles once a process to driver text.

    Parameters are its named binds; literal values inside the expression stand in the text. A NULL
    in it is written `sql.NULL`: a bind without a value is one that the caller must give.
    """

    __slots__ = ("_compiled", "expression")

    def __init__(self, expression: Executable) -> None:
        self.expression = expression
        self._compiled: dict[str, Compiled] = {}

    def compiled(self, dialect: Dialect) -> "Compiled":
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = Compiled(self.expression, dialect)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A new version of a conversation and all that it changes: a message more, or one sent."""

    conversation_id: int
    version: int
    added: Message | None = None
    sent_id: int | None = None
    provider_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedLead:
    """A lead as the body leaves it, at the version that its own write gave it."""

    lead: Lead


Move: TypeAlias = Moved | MovedLead


class Tx(Protocol):
    """One open transaction; bodies are synchronous, so nothing can be awaited inside it."""

    @property
    def now(self) -> int:
        """Ms UTC: the database's clock on PostgreSQL, the anchored clock on SQLite."""

    @property
    def moves(self) -> list[Move]:
        """What the body tells of its own writes, for the caches to follow after the commit."""

    def one(self, statement: Statement, /, **params: object) -> Row | None: ...

    def all(self, statement: Statement, /, **params: object) -> Sequence[Row]: ...

    def run(self, statement: Statement, /, **params: object) -> int:
        """Run it and return the number of rows it matched."""

    def wake(self, queue: str) -> None:
        """Let other processes know at the commit that this queue has work; SQLite has none."""


Body = Callable[[Tx], T]


class Reads(Protocol):
    """Runs reading bodies on one consistent view."""

    async def read(self, body: Body[T]) -> T: ...


class Database(Reads, Protocol):
    """Runs bodies; `write` returns only after their transaction is durable."""

    async def write(self, body: Body[T]) -> T:
        """Commit the body's writes; raises `UnavailableError` (db.*) with nothing written."""


class SharedDatabase(Database, Protocol):
    """A database to which other processes may give work."""

    async def listen(self, heard: Callable[[str], None]) -> None:
        """Tell of the queues that commits give work to; returns where there is nothing to hear."""


class Compiled:
    """Driver text with the order in which the driver wants the named values."""

    __slots__ = ("defaults", "order", "text")

    def __init__(self, expression: Executable, dialect: Dialect) -> None:
        if not isinstance(expression, ClauseElement):
            raise TypeError(f"{expression!r} is not a SQL expression")
        written: Any = replacement_traverse(expression, {}, _written_out)
        compiled = written.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        self.text = str(compiled)
        self.order: tuple[str, ...] = tuple(getattr(compiled, "positiontup", None) or ())
        self.defaults: Mapping[str, Any] = {  # bytes, and SQLite's OFFSET 0
            name: value for name, value in compiled.params.items() if value is not None
        }

    def values(self, params: Mapping[str, object]) -> tuple[object, ...]:
        """Order the values; raises KeyError for a bind that the caller forgot."""
        given = {**self.defaults, **params} if self.defaults else params
        return tuple(map(given.__getitem__, self.order))


def _written_out(element: Any, **_: object) -> BindParameter[Any] | None:
    """Put a known value into the text, unless it is of bytes.

    A partial index is only used if its own words stand there, and where a bound value could be one
    of them, SQLite plans the statement again at each run.
    """
    if not isinstance(element, BindParameter) or isinstance(element.value, bytes | None):
        return None
    return BindParameter(
        element.key, element.value, element.type, expanding=element.expanding, literal_execute=True
    )
