"""What a reader must know of the machine to judge a measured figure."""

import os
import platform
import sqlite3
from datetime import UTC, datetime

import psutil

from loadtests.processes import DRIVER_CORE, SERVER_CORE


def machine() -> dict[str, object]:
    """Facts as they are at the beginning of a run; the load is the three averages."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpus": psutil.cpu_count(),
        "driver_core": DRIVER_CORE,
        "server_core": SERVER_CORE,
        "load": " ".join(f"{each:.1f}" for each in os.getloadavg()),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }
