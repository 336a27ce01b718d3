"""Read a labelled set, one JSON object a line, and name each fault with its line and its cure."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from orbion.domain.errors import FaultCode, RejectedError
from orbion.domain.toml_table import TomlTable
from orbion.evals.labelled import Case, EvalSet
from orbion.evals.scores import Judged, Scores, count

_SHOWN_FIELDS: Final = ("text", "reply")
_OBJECT: Final = "write one JSON object a line"


def measure(asked: EvalSet[Any], name: str, content: bytes) -> Scores:
    """Judge every line of the file `name`.

    Raises:
        RejectedError: input.bad, if any line cannot be read; nothing is judged then.
    """
    read = list(_cases(asked, name, _decoded(name, content)))
    if not read:
        raise RejectedError(FaultCode.INPUT_BAD, f"{name}: holds no case; {_OBJECT}")
    judged: list[tuple[int, str, tuple[Judged, ...]]] = [
        (line, shown, tuple(asked.judge(case))) for line, shown, case in read
    ]
    return count(judged)


def _decoded(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RejectedError(
            FaultCode.INPUT_BAD, f"{name}:{line}: is not UTF-8; save the file as UTF-8"
        ) from error


def _cases(asked: EvalSet[Case], name: str, text: str) -> Iterator[tuple[int, str, Case]]:
    faults: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        raw = _object(f"{name}:{number}: ", line, faults) if line.strip() else None
        if raw is not None:
            table = TomlTable(raw, path=f"{name}:{number}: ", faults=faults)
            case = asked.parse(table)
            yield number, _shown(raw), case
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
