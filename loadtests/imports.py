"""What a start of the service imports, and what each package takes, as the interpreter tells it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loadtests.processes import log_in, serving

TOLD: Final = {"PYTHONPROFILEIMPORTTIME": "1"}
PREFIX: Final = "import time:"


@dataclass(frozen=True, slots=True)
class Imported:
    """`ms` are a module's own, without those of what it imports."""

    name: str
    ms: float

    @property
    def package(self) -> str:
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Heavy:
    package: str
    modules: int
    ms: float


def imports_of_a_start(folder: Path, environment: Mapping[str, str]) -> Sequence[Imported]:
    """Start the service on a database that is at its schema, until it is ready."""
    apart = folder / "imports"
    apart.mkdir()
    with serving(apart, {**environment, **TOLD}):
        pass
    return list(read_imports(log_in(apart).read_text(encoding="utf-8").splitlines()))


def read_imports(lines: Iterable[str]) -> Iterable[Imported]:
    """Of `python -X importtime`, among whatever else a log holds."""
    for line in lines:
        if line.startswith(PREFIX):
            own, _, name = line.removeprefix(PREFIX).split("|")
            if own.strip().isdigit():
                yield Imported(name.strip(), int(own) / 1000)


def heaviest(found: Iterable[Imported]) -> Sequence[Heavy]:
    """By package, the one that takes most first."""
    by_package: dict[str, list[float]] = defaultdict(list)
    for each in found:
        by_package[each.package].append(each.ms)
    packages = (Heavy(name, len(ms), sum(ms)) for name, ms in by_package.items())
    return sorted(packages, key=lambda each: each.ms, reverse=True)
