"""Find the line on which each key of a TOML text stands, for errors that tomllib cannot place."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

_HEADER: Final = re.compile(r"\s*(?P<brackets>\[{1,2})\s*(?P<name>[\w.-]+)\s*\]{1,2}")
_KEY: Final = re.compile(r"\s*(?P<key>[\w-]+)\s*=\s*(?P<value>.*)")
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
_FENCE: Final = re.compile(r'"""|\'\'\'')


def line_numbers(text: str) -> Mapping[str, int]:
    """Line, from 1, of each path as `TomlTable` writes it: «slots[2].question», «slots[2]»."""
    found: dict[str, int] = {}
    counts: Counter[str] = Counter()
    table, depth, fence = "", 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        if fence or depth:
            depth, fence = _open_after(line, depth, fence)
            continue
        header, key = _HEADER.match(line), _KEY.match(line)
        if header:
            table = _opened(header["name"], counts, listed=header["brackets"] == "[[")
            found.setdefault(table, number)
        elif key:
            found.setdefault(f"{table}.{key['key']}".lstrip("."), number)
            depth, fence = _open_after(key["value"], 0, "")
    return found


def line_of(path: str, lines: Mapping[str, int]) -> int | None:
    """The line of a key, or of the table it is missing in."""
    while path:
        if path in lines:
            return lines[path]
        path = path.rpartition(".")[0]
    return None


def _opened(name: str, counts: Counter[str], *, listed: bool) -> str:
    """The path of the table: «slots.options» is the last slot's; a list grows by one."""
    path = ""
    parts = name.split(".")
    for place, part in enumerate(parts):
        path = f"{path}.{part}".lstrip(".")
        last = place == len(parts) - 1
        if last and listed:
            counts[path] += 1
        if counts[path]:
            path = f"{path}[{counts[path] - 1}]"
    return path


def _open_after(line: str, depth: int, fence: str) -> tuple[int, str]:
    """How many brackets and which triple quote are open at the end of the line."""
    for quote in _FENCE.findall(line):
        fence = "" if quote == fence else fence or quote
    if fence:
        return depth, fence
    bare = _STRING.sub("", line).partition("#")[0]
    return max(0, depth + bare.count("[") - bare.count("]")), ""
