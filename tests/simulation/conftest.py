"""A folder in memory for what is killed over and over: nothing here asks the disk itself."""

import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.simulation.run import MEMORY
from tests.support.stores import Template


@pytest.fixture
def scratch(tmp_path: Path) -> Generator[Path]:
    if not MEMORY.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="orbion-sim-", dir=MEMORY) as folder:
        yield Path(folder)


@pytest.fixture
def migrated(scratch: Path, template: Template) -> Path:
    return template.copy_to(scratch / "migrated.db")
