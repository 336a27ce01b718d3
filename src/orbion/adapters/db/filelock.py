"""The lock file beside a SQLite database: one process owns it, and knows the old owner is dead."""

import fcntl
import os
from pathlib import Path

from orbion.domain.errors import FaultCode, RejectedError


class FileLock:
    """Held until `release`, or nobody has it, or the process ends, even by kill -9."""

    def __init__(self, database: Path) -> None:
        self._descriptor: int | None = None
        self.path = database.with_name(database.name + ".lock")

    def __del__(self) -> None:
        self.release()

    def acquire(self) -> None:
        """Take it at once or raise `RejectedError` naming the process that holds it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(descriptor, 32).decode(errors="replace").strip() or "another process"
            os.close(descriptor)
            raise RejectedError(
                FaultCode.CONFLICT,
                f"{self.path} is held by process {holder}: stop it first, or give this one "
                "another ORBION_DATABASE_URL",
            ) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
