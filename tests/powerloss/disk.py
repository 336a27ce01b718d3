"""A disk that keeps for sure only what was synced: what may be left of files when power goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from tests.powerloss.trace import Cut, Happening, Synced, Unlinked, Written

SECTOR = 512
Change = Written | Cut


@dataclass(slots=True, eq=False)
class Content:
    """One file's bytes that are on the disk, and the changes that may not be."""

    safe: bytearray = field(default_factory=bytearray)
    unsafe: list[Change] = field(default_factory=list)

    def sync(self) -> None:
        for change in self.unsafe:
            _apply(self.safe, change)
        self.unsafe.clear()

    def left(self, dice: Random) -> bytes:
        """Nothing, everything or any part of what was not synced; sectors are never torn."""
        keep = dice.choice((_nothing, _everything, _something))
        content = bytearray(self.safe)
        for change in self.unsafe:
            for part in keep(change, dice):
                _apply(content, part)
        return bytes(content)


@dataclass(slots=True)
class Disk:
    """The files of one folder; a name survives for sure once the folder itself was synced."""

    names: dict[str, Content]
    safe_names: dict[str, Content] = field(default_factory=dict)

    def happen(self, what: Happening) -> None:
        match what:
            case Written() | Cut():
                self.names.setdefault(what.name, Content()).unsafe.append(what)
            case Synced(name=""):
                self.safe_names = dict(self.names)
            case Synced():
                if what.name in self.names:
                    self.names[what.name].sync()
            case Unlinked():
                self.names.pop(what.name, None)
            case _:
                return

    def lose_power(self, dice: Random) -> Mapping[str, bytes]:
        """Say what a dead machine's disk may hold, by name."""
        left: dict[str, bytes] = {}
        for name in sorted(self.names.keys() | self.safe_names.keys()):
            now, before = self.names.get(name), self.safe_names.get(name)
            content = now if now is before else dice.choice((now, before))
            if content is not None:
                left[name] = content.left(dice)
        return left


def _nothing(_change: Change, _dice: Random) -> Sequence[Change]:
    return ()


def _everything(change: Change, _dice: Random) -> Sequence[Change]:
    return (change,)


def _something(change: Change, dice: Random) -> Sequence[Change]:
    """Each sector of a write for itself; changes keep their order."""
    if isinstance(change, Cut):
        return (change,) if dice.random() < 0.5 else ()
    share = dice.choice((0.0, 0.5, 1.0))
    return [each for each in _sectors(change) if dice.random() < share]


def _sectors(change: Written) -> Sequence[Written]:
    found, start = [], 0
    while start < len(change.data):
        end = start + SECTOR - (change.offset + start) % SECTOR
        found.append(Written(change.name, change.offset + start, change.data[start:end]))
        start = end
    return found


def _apply(content: bytearray, change: Change) -> None:
    size = change.size if isinstance(change, Cut) else change.offset
    if len(content) < size:
        content.extend(bytes(size - len(content)))
    if isinstance(change, Cut):
        del content[change.size :]
    else:
        content[change.offset : change.offset + len(change.data)] = change.data


def without_commit_syncs(happenings: Sequence[Happening], log: str) -> Sequence[Happening]:
    """What would have reached the disk with synchronous=NORMAL.

    SQLite then syncs its log only before it copies pages from it into the main file, and after a
    new header at the log's beginning; every other sync of the log is one of a commit.
    """
    found: list[Happening] = []
    last: Happening | None = None
    for place, what in enumerate(happenings):
        if what == Synced(log) and not (_is_header(last, log) or _copies(happenings, place, log)):
            continue
        found.append(what)
        if isinstance(what, Written | Cut | Synced):
            last = what
    return found


def without_syncs(happenings: Sequence[Happening]) -> Sequence[Happening]:
    """What would have reached the disk with synchronous=OFF."""
    return [what for what in happenings if not isinstance(what, Synced) or not what.name]


def _is_header(what: Happening | None, log: str) -> bool:
    return isinstance(what, Written) and (what.name, what.offset) == (log, 0)


def _copies(happenings: Sequence[Happening], place: int, log: str) -> bool:
    main = log.removesuffix("-wal")
    following = (
        each for each in happenings[place + 1 :] if isinstance(each, Written | Cut | Synced)
    )
    after = next(following, None)
    return isinstance(after, Written | Cut) and after.name == main
