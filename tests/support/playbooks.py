"""The playbooks that the package carries, for tests of what reads them."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import orbion
from orbion.domain.playbook import Playbook
from orbion.domain.playbook_file import load_playbook

FOLDER: Final = Path(orbion.__file__).parent / "playbooks"
SOLAR_FILE: Final = FOLDER / "solar.toml"
SHIPPED: Final = ("solar", "school", "realestate")


def shipped(name: str) -> Playbook:
    return load_playbook(FOLDER / f"{name}.toml")


def solar_at_any_hour(folder: Path) -> Path:
    """Write the solar playbook as in its opening hours, for services that read a file."""
    text = SOLAR_FILE.read_text(encoding="utf-8")
    lines = [
        line for line in text.splitlines() if not line.startswith(("away =", "handoff_away ="))
    ]
    path = folder / "solar.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def solar() -> Playbook:
    """The solar playbook as in its opening hours, for tests at any time of day."""
    found = shipped("solar")
    return replace(found, texts=replace(found.texts, away="", handoff_away=""))
