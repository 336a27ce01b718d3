"""Keeps the playbooks in force: a changed file is read at a turn's start, a broken one refused."""

import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from orbion.domain.conversations import Account
from orbion.domain.errors import RejectedError
from orbion.domain.pipeline import LOST, WON
from orbion.domain.playbook import Playbook
from orbion.domain.playbook_file import load_playbook
from orbion.kit.clock import Clock
from orbion.telemetry.logs import PLAYBOOK_REFUSED, PLAYBOOK_RELOADED, log

PLAYBOOKS: Final = Path(__file__).resolve().parents[1] / "playbooks"
LOOK_SECONDS: Final = 2.0
_Stamp = tuple[int, int]


def playbook_path(name: str) -> Path:
    """A shipped playbook by its name, any other by its path."""
    shipped = PLAYBOOKS / f"{name}.toml"
    return shipped if shipped.exists() else Path(name)


def playbook_of(name: str) -> Playbook:
    """Load it; raises `RejectedError` with every fault."""
    return load_playbook(playbook_path(name))


@dataclass(slots=True, kw_only=True)
class _File:
    """`stamp` is that of what was read last, whole or not, so that a fault is told once."""

    path: Path
    stamp: _Stamp | None
    playbook: Playbook
    looked: float


class LivePlaybooks(Mapping[str, Playbook]):
    """Playbook by account; two looks at one file are at least `LOOK_SECONDS` apart."""

    __slots__ = ("_clock", "_files", "_names")

    def __init__(self, names: Mapping[str, str], *, clock: Clock) -> None:
        """Load every file, `names` by account; raises `RejectedError` if one is not whole."""
        self._clock = clock
        self._names = names
        self._files = {name: self._first(name) for name in dict.fromkeys(names.values())}

    def __getitem__(self, account: str) -> Playbook:
        file = self._files[self._names[account]]
        now = self._clock.monotonic()
        if now - file.looked >= LOOK_SECONDS:
            file.looked = now
            _look(file)
        return file.playbook

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def _first(self, name: str) -> _File:
        path = playbook_path(name)
        stamp = _stamp(path)
        return _File(
            path=path,
            stamp=stamp,
            playbook=load_playbook(path),
            looked=self._clock.monotonic(),
        )


def stages_of(
    accounts: Mapping[str, Account], playbooks: Mapping[str, Playbook]
) -> Mapping[str, Collection[str]]:
    """Every stage in which a lead of a business can be, the two ends among them."""
    found: dict[str, dict[str, None]] = {}
    for name, account in accounts.items():
        stages = (*(stage.key for stage in playbooks[name].stages), WON, LOST)
        found.setdefault(account.business, {}).update(dict.fromkeys(stages))
    return found


def _look(file: _File) -> None:
    stamp = _stamp(file.path)
    if stamp == file.stamp:
        return
    file.stamp = stamp
    try:
        found = load_playbook(file.path)
    except RejectedError as error:
        log(
            PLAYBOOK_REFUSED,
            logging.ERROR,
            file=str(file.path),
            kept=file.playbook.version,
            faults=str(error).splitlines(),
        )
        return
    if found.version != file.playbook.version:
        file.playbook = found
        log(PLAYBOOK_RELOADED, file=str(file.path), version=found.version)


def _stamp(path: Path) -> _Stamp | None:
    """Changes with the file; None while it is not there, as between two steps of an editor."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
