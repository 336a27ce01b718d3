"""The exit codes of every command, and what each error means for them."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from orbion.domain.errors import FaultCode, OrbionError, RefusedError, RejectedError


class Exit(IntEnum):
    OK = 0
    BUG = 1
    USAGE = 2
    REJECTED = 3
    REFUSED = 4
    UNAVAILABLE = 5
    INTERRUPTED = 130


EXIT_CODES: Mapping[int, str] = {
    Exit.OK: "all went well",
    Exit.BUG: "a bug in Orbion; the demo lost something; `eval`, `simulate`: the gate fails",
    Exit.USAGE: "wrong usage: unknown command, option or value",
    Exit.REJECTED: "a setting, the accounts, a playbook, a labelled line or the database is wrong",
    Exit.REFUSED: "no such thing, or it may not be done; `doctor`: a check failed",
    Exit.UNAVAILABLE: "database, port, gateway or demo not available now",
    Exit.INTERRUPTED: "interrupted by Ctrl-C",
}

_BUSY: Final = frozenset({FaultCode.CONFLICT, FaultCode.DB_LOCKED})


def exit_of(error: OrbionError) -> Exit:
    if error.code is FaultCode.NOT_FOUND or isinstance(error, RefusedError):
        return Exit.REFUSED
    if isinstance(error, RejectedError) and error.code not in _BUSY:
        return Exit.REJECTED
    return Exit.UNAVAILABLE
