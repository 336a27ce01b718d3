"""Draws the demo: conversations as they happen, then leads, webhooks and health."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import click

from orbion.cli.output import cut, plain, table
from orbion.domain.leads import LeadRow
from orbion.kit.ids import mask_phone
from orbion.simulators.control import Said

_COLOURS: Final = ("cyan", "magenta", "yellow", "blue")
_NAME_COLUMNS: Final = 13
_KNOWN_COLUMNS: Final = 84
_COUNTED: Final = ("nome", "telefone", "etapa", "pontos", "atualizado")


class Screen:
    """`seconds` tells the time since the start; colours appear on a terminal only."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._colours: dict[str, str] = {}
        self.first_answer: float | None = None

    def title(self, text: str) -> None:
        click.echo(f"\n{click.style(text, bold=True)}")

    def say(self, text: str) -> None:
        click.echo(text)

    def said(self, said: Said) -> None:
        """Show one message: ▸ the customer, ◂ the answer."""
        if said.by_bot and self.first_answer is None:
            self.first_answer = self._seconds()
        colour = self._colours.setdefault(said.phone, _COLOURS[len(self._colours) % len(_COLOURS)])
        name = cut(plain(said.name), _NAME_COLUMNS).ljust(_NAME_COLUMNS)
        start = f"{self._seconds():5.1f}s  {name} {'◂' if said.by_bot else '▸'} "
        indented = f"\n{' ' * len(start)}".join(map(plain, said.text.split("\n")))
        click.echo(click.style(start, fg=colour) + click.style(indented, bold=said.by_bot))


def leads(rows: Iterable[LeadRow]) -> str:
    return table(
        ("name", "phone", "stage", "points", "known"),
        [
            (
                row.columns["nome"] or "-",
                mask_phone(row.columns["telefone"]),
                row.columns["etapa"],
                row.columns["pontos"],
                cut(_known(row.columns), _KNOWN_COLUMNS),
            )
            for row in rows
        ],
    )


def webhooks(fates: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """Count what became of the items of each event's webhooks."""
    return table(
        ("event", "webhooks", "what became of them"),
        [(event, len(each), _counted(chain(*each))) for event, each in sorted(fates.items())],
    )


def health(found: Mapping[str, Any]) -> str:
    checks = ((name.partition(":")[0], each) for name, each in found["checks"].items())
    groups = Counter((name, check["status"]) for name, each in checks for check in each)
    parts = (f"{name} {status}" + f" ({n})" * (n > 1) for (name, status), n in groups.items())
    return f"{found['level']}: {', '.join(parts)}"


def _known(columns: Mapping[str, str]) -> str:
    facts = (f"{name} {value}" for name, value in columns.items() if name not in _COUNTED)
    return " · ".join(facts)


def _counted(words: Iterable[str]) -> str:
    return ", ".join(f"{word} {number}" for word, number in Counter(words).most_common())
