"""`orbion sheet prices` shows what would be sold, and each row that would not."""

from pathlib import Path

from click.testing import Result

from orbion.cli.exits import Exit
from tests.support.commands import run
from tests.support.gateways import accounts_file
from tests.support.playbooks import SOLAR_FILE

ROWS = "produto;valor;unidade\nKit 3;R$ 7.777,00;instalado\nKit 9;a combinar;\n"


def prices(folder: Path, account: str = "loja", *, named: bool = True) -> Result:
    playbook = folder / "named.toml"
    text = SOLAR_FILE.read_text(encoding="utf-8")
    part = '\n[catalogue_sheet]\nrange = "Catálogo!A1:C"\n' if named else ""
    playbook.write_text(text + part, encoding="utf-8")
    given = accounts_file(folder, "http://gateway", business="sol", playbook=str(playbook))
    return run(folder, "sheet", "prices", account, ACCOUNTS_FILE=given, SHEETS_FOLDER=str(folder))


def test_what_is_sold_and_what_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "sol@catalogo.csv").write_text(ROWS, encoding="utf-8")
    told = prices(tmp_path)
    assert told.exit_code == Exit.OK
    assert told.stdout == "• Kit 3: R$ 7.777,00 instalado\n"
    assert told.stderr.splitlines() == [
        "row 3 'preco' is no amount above zero; write it as 12.900,00",
        "1 sold, 1 left out",
    ]


def test_without_the_file_it_says_which_one_is_missing(tmp_path: Path) -> None:
    told = prices(tmp_path)
    assert told.exit_code == Exit.UNAVAILABLE
    assert "sol@catalogo.csv cannot be read" in told.stderr


def test_an_unknown_account_or_a_playbook_without_a_range_is_refused(tmp_path: Path) -> None:
    assert prices(tmp_path, "nada").exit_code == Exit.REFUSED
    told = prices(tmp_path, named=False)
    assert told.exit_code == Exit.REFUSED
    assert "names no [catalogue_sheet]" in told.stderr
