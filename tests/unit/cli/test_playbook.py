"""`orbion playbook` tells every fault of a file at once, and what a whole one holds."""

from pathlib import Path

from click.testing import CliRunner

from orbion.cli.exits import Exit
from orbion.cli.root import orbion
from tests.support.playbooks import SHIPPED, SOLAR_FILE


def test_each_shipped_playbook_is_whole_and_shown() -> None:
    for name in SHIPPED:
        checked = CliRunner().invoke(orbion, ["playbook", "check", name])
        assert (checked.exit_code, "whole" in checked.output) == (Exit.OK, True)
        shown = CliRunner().invoke(orbion, ["playbook", "show", name])
        assert shown.exit_code == Exit.OK
        assert "America/Sao_Paulo" in shown.output
        assert "stages: novo from 0" in shown.output


def test_prices_of_a_sheet_are_said_to_be_there(tmp_path: Path) -> None:
    path = tmp_path / "loja.toml"
    path.write_text(f'{SOLAR_FILE.read_text()}\n[catalogue_sheet]\nrange = "Preços!A1:C"\n')
    shown = CliRunner().invoke(orbion, ["playbook", "show", str(path)])
    assert "prices, while Preços!A1:C cannot be read:" in shown.output


def test_every_fault_is_told_on_its_own_line(tmp_path: Path) -> None:
    broken = tmp_path / "loja.toml"
    broken.write_text(
        SOLAR_FILE.read_text().replace("price = 290.00", "price = -1").replace('kind = "city"', "")
    )
    told = CliRunner().invoke(orbion, ["playbook", "check", str(broken)])
    assert told.exit_code == Exit.REJECTED
    lines = told.stdout.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("loja.toml:") for line in lines)
    assert "2 faults" in told.stderr


def test_a_file_that_is_not_there_is_one_fault(tmp_path: Path) -> None:
    for verb in ("check", "show"):
        told = CliRunner().invoke(orbion, ["playbook", verb, str(tmp_path / "nada.toml")])
        assert told.exit_code == Exit.REJECTED
        assert "cannot be read" in told.output
