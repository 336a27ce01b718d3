"""`orbion knowledge` keeps documents, searches them and forgets them."""

from pathlib import Path

from orbion.adapters.db.migrate import migrate_sqlite
from tests.support.commands import run

SOURCE = "# Garantia\n\n## Painéis\nOs painéis têm garantia de 25 anos."


def test_a_document_is_added_found_and_forgotten(tmp_path: Path) -> None:
    migrate_sqlite(tmp_path / "orbion.db")
    (tmp_path / "Garantia.md").write_text(SOURCE)
    file = str(tmp_path / "Garantia.md")
    added = run(tmp_path, "knowledge", "add", "sol", file)
    assert (added.exit_code, added.stdout) == (0, "garantia: 1 passages\n")
    listed = run(tmp_path, "knowledge", "list", "sol")
    assert "garantia  Garantia  operator" in listed.stdout
    found = run(tmp_path, "knowledge", "search", "sol", "qual a garantia dos paineis?")
    assert found.stdout.splitlines() == ["doc:garantia:1", "Os painéis têm garantia de 25 anos."]
    assert "no answer" in run(tmp_path, "knowledge", "search", "sol", "vendem pizza?").stdout
    assert run(tmp_path, "knowledge", "remove", "sol", "garantia").exit_code == 0
    assert run(tmp_path, "knowledge", "remove", "sol", "garantia").exit_code == 4
    assert "no documents" in run(tmp_path, "knowledge", "list", "sol").stdout
