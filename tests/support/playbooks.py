"""The playbook that the package carries, for tests of what reads it."""

from pathlib import Path

import orbion
from orbion.domain.playbook import Playbook
from orbion.domain.playbook_file import load_playbook

SOLAR_FILE = Path(orbion.__file__).parent / "playbooks" / "solar.toml"


def solar() -> Playbook:
    return load_playbook(SOLAR_FILE)
