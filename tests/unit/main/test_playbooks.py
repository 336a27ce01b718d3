"""A changed playbook comes in force without a restart, a broken one never does."""

import logging
import os
from pathlib import Path

import pytest

from orbion.domain.errors import RejectedError
from orbion.main.playbooks import LOOK_SECONDS, LivePlaybooks
from tests.support.playbooks import SOLAR_FILE
from tests.unit.kit.manual_clock import ManualClock


def write(path: Path, text: str) -> None:
    path.write_text(text)
    stamp = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(stamp, stamp))


def live(tmp_path: Path) -> tuple[Path, ManualClock, LivePlaybooks]:
    path = tmp_path / "loja.toml"
    path.write_text(SOLAR_FILE.read_text())
    clock = ManualClock()
    return path, clock, LivePlaybooks({"um": str(path), "dois": "school"}, clock=clock)


def test_a_changed_file_is_in_force_at_the_next_look(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, clock, playbooks = live(tmp_path)
    old = playbooks["um"]
    write(path, SOLAR_FILE.read_text().replace("Sol Nascente", "Sol Poente"))
    assert playbooks["um"] is old
    clock.advance(LOOK_SECONDS)
    with caplog.at_level(logging.INFO):
        assert playbooks["um"].business_name == "Sol Poente Energia"
    assert playbooks["um"].version != old.version
    assert [record.msg for record in caplog.records] == ["playbook.reloaded"]
    assert playbooks["dois"].id == "school"
    assert list(playbooks) == ["um", "dois"]
    assert len(playbooks) == 2


def test_a_broken_file_is_told_once_and_the_old_one_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, clock, playbooks = live(tmp_path)
    old = playbooks["um"]
    write(path, SOLAR_FILE.read_text().replace("price = 11900.00", 'price = "x"'))
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            clock.advance(LOOK_SECONDS)
            assert playbooks["um"] is old
        path.unlink()
        clock.advance(LOOK_SECONDS)
        assert playbooks["um"] is old
    assert [record.msg for record in caplog.records] == ["playbook.refused"] * 2
    assert caplog.records[0].levelno == logging.ERROR


def test_a_broken_file_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(RejectedError, match="cannot be read"):
        LivePlaybooks({"um": str(tmp_path / "nada.toml")}, clock=ManualClock())
