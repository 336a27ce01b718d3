"""The import contracts hold, and they bite."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.source import PACKAGE, ROOT

TRESPASSES = {
    "upwards": ("kit/__init__.py", "import orbion.domain"),
    "sideways": ("workers/__init__.py", "import orbion.web"),
    "adapter knows a use case": ("adapters/__init__.py", "import orbion.usecases"),
    "family knows a family": ("adapters/sheets/__init__.py", "import orbion.adapters.db"),
    "vendor out of place": ("usecases/__init__.py", "import httpx"),
    "simulators below cli": ("web/__init__.py", "import orbion.simulators"),
}


def lint_imports(folder: Path, *, source: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 — our own tool on our own files
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_import_contracts_hold() -> None:
    done = lint_imports(ROOT, source=ROOT / "src")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("trespass", TRESPASSES)
def test_a_trespass_breaks_a_contract(trespass: str, tmp_path: Path) -> None:
    name, line = TRESPASSES[trespass]
    shutil.copytree(PACKAGE, tmp_path / "orbion", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    with (tmp_path / "orbion" / name).open("a") as module:
        module.write(f"\n{line}\n")
    done = lint_imports(tmp_path, source=tmp_path)
    assert done.returncode == 1
    assert "BROKEN" in done.stdout, done.stdout + done.stderr
