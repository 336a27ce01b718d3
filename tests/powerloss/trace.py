"""Reads strace's record of a service: what it did to its database files, and when it said 200."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

CALLS = "pwrite64,write,writev,sendto,sendmsg,fdatasync,fsync,ftruncate,unlink"
STRACE = (
    "strace",
    "-f",
    "-yy",
    "-xx",
    "-s",
    "1000000",
    "-e",
    f"trace={CALLS}",
    "-e",
    "signal=none",
)
_CALL = re.compile(r"\d+ +(\w+)\((.*)")
_REST = re.compile(r"\d+ +<\.\.\. (\w+) resumed>")
_FD = re.compile(r"\d+<([^>]*)>")
_DATA = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_PEER = re.compile(r"->127\.0\.0\.1:(\d+)\]")
_ANSWER = re.compile(rb"HTTP/1\.1 (\d{3}) ")
_IGNORED = (".lock", "-shm")
_SYNCS = frozenset({"fdatasync", "fsync"})
_UNFINISHED = "<unfinished ...>"


@dataclass(frozen=True, slots=True)
class Written:
    name: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Synced:
    """A file's data is on the disk; with the name "" the folder's entries are."""

    name: str


@dataclass(frozen=True, slots=True)
class Unlinked:
    name: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The first bytes of an answer are handed to the network, to this port of the client."""

    port: int
    status: int


Happening = Written | Cut | Synced | Unlinked | Answered


@dataclass(slots=True, kw_only=True)
class Reader:
    """`database` is the main file; its journal and log begin with the same name."""

    database: Path

    def read(self, lines: Iterable[str]) -> Sequence[Happening]:
        return list(self._happenings(lines))

    def _happenings(self, lines: Iterable[str]) -> Iterator[Happening]:
        begun: dict[str, str] = {}
        for line in lines:
            found = self._seen(line, begun)
            if found is not None:
                yield found

    def _seen(self, line: str, begun: dict[str, str]) -> Happening | None:
        """Writes and answers happen when they begin, syncs when they end."""
        thread = line.partition(" ")[0]
        call = _CALL.match(line)
        if call is None:
            return self._synced(begun.pop(thread, "")) if _REST.match(line) else None
        if call[1] in _SYNCS and _UNFINISHED in call[2]:
            begun[thread] = call[2]
            return None
        return self._happening(call[1], call[2])

    def _happening(self, call: str, arguments: str) -> Happening | None:
        match call:
            case "pwrite64":
                return self._written(arguments)
            case "fdatasync" | "fsync":
                return self._synced(arguments)
            case "ftruncate":
                name = self._name(arguments)
                size = arguments.rpartition(">")[2].strip(", ").partition(")")[0]
                return Cut(name, int(size.split()[0])) if name else None
            case "unlink":
                name = self._file(_data(arguments).decode())
                return Unlinked(name) if name else None
            case _:
                return _answered(arguments)

    def _written(self, arguments: str) -> Written | None:
        name = self._name(arguments)
        if not name:
            return None
        tail = arguments.rpartition('"')[2]
        return Written(name, int(tail.split(",")[2].split(")")[0].split()[0]), _data(arguments))

    def _synced(self, arguments: str) -> Synced | None:
        name = self._name(arguments)
        return None if name is None else Synced(name)

    def _name(self, arguments: str) -> str | None:
        found = _FD.match(arguments)
        return self._file(_bytes(found[1]).decode()) if found and "\\x" in found[1] else None

    def _file(self, path: str) -> str | None:
        """Return the database file's name, "" for its folder, None for all else."""
        if path == str(self.database.parent):
            return ""
        name = path.removeprefix(f"{self.database.parent}/").removesuffix(" (deleted)")
        is_ours = name.startswith(self.database.name) and not name.endswith(_IGNORED)
        return name if is_ours else None


def _answered(arguments: str) -> Answered | None:
    peer = _PEER.search(arguments)
    if peer is None:
        return None
    answer = _ANSWER.match(_data(arguments))
    return Answered(int(peer[1]), int(answer[1])) if answer else None


def _data(arguments: str) -> bytes:
    """The bytes of all strings among the arguments, in their order."""
    return b"".join(map(_bytes, _DATA.findall(arguments)))


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))
