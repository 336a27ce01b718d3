"""Read a labelled set, one JSON object a line, and name each fault with its line and its cure."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from orbion.domain.errors import FaultCode, RejectedError
from orbion.domain.toml_table import TomlTable
from orbion.evals.labelled import EvalSet
from orbion.evals.scores import Judged, Scores, count

_SHOWN_FIELDS: Final = ("text", "reply")
_OBJECT: Final = "write one JSON object a line"
Case = TypeVar("Case")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Generic[Case]):
    """One case with the number of its line; `shown` is its text, for a list of misses."""

    line: int
    shown: str
    case: Case


def measure(asked: EvalSet[Any], name: str, content: bytes) -> Scores:
    """Judge every line of the file `name`.

    Raises:
        RejectedError: input.bad, if any line cannot be read; nothing is judged then.
    """
    judged: list[tuple[int, str, tuple[Judged, ...]]] = [
        (each.line, each.shown, tuple(asked.judge(each.case)))
        for each in read_lines(name, content, asked.parse)
    ]
    return count(judged)


def read_lines(
    name: str, content: bytes, parse: Callable[[TomlTable], Case]
) -> Sequence[Read[Case]]:
    """Every case of the file `name`; `parse` complains to the table that it reads.

    Raises:
        RejectedError: input.bad with the first fault, if any line cannot be read.
    """
    read = list(_cases(name, _decoded(name, content), parse))
    if not read:
        raise RejectedError(FaultCode.INPUT_BAD, f"{name}: holds no case; {_OBJECT}")
    return read


def _decoded(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RejectedError(
            FaultCode.INPUT_BAD, f"{name}:{line}: is not UTF-8; save the file as UTF-8"
        ) from error


def _cases(name: str, text: str, parse: Callable[[TomlTable], Case]) -> Iterator[Read[Case]]:
    faults: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        raw = _object(f"{name}:{number}: ", line, faults) if line.strip() else None
        if raw is not None:
            case = parse(TomlTable(raw, path=f"{name}:{number}: ", faults=faults))
            yield Read(line=number, shown=_shown(raw), case=case)
    if faults:
        more = f" (and {len(faults) - 1} more faults)" if len(faults) > 1 else ""
        raise RejectedError(FaultCode.INPUT_BAD, f"{faults[0]}{more}")


def _object(place: str, line: str, faults: list[str]) -> Mapping[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        faults.append(f"{place}is not JSON ({error}); {_OBJECT}")
        return None
    if isinstance(found, dict):
        return found
    faults.append(f"{place}is not an object; {_OBJECT}")
    return None


def _shown(raw: Mapping[str, Any]) -> str:
    return next((text for key in _SHOWN_FIELDS if isinstance(text := raw.get(key), str)), "")
