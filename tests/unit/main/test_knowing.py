"""The folder that a playbook names is stored at the start and whenever a file changes."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from orbion.domain.passages import Document
from orbion.main.knowing import FOLDER, Folders
from tests.support.playbooks import SOLAR_FILE, solar
from tests.support.stores import LOJA
from tests.unit.main.test_build import world


@dataclass(slots=True)
class Shelved:
    puts: list[tuple[str, str, list[str]]] = field(default_factory=list)

    async def replace_documents(
        self, business: str, origin: str, documents: Sequence[Document]
    ) -> None:
        self.puts.append((business, origin, [each.name for each in documents]))


def folders(path: Path, shelf: Shelved, folder: str | None = "textos") -> Folders:
    account = replace(LOJA, playbook=str(path))
    book = replace(solar(), knowledge_folder=folder)
    return Folders(accounts={"loja": account}, playbooks={"loja": book}, shelf=shelf, world=world())


async def test_what_changed_is_stored_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, shelf = tmp_path / "loja.toml", Shelved()
    path.write_text(SOLAR_FILE.read_text())
    keeper = folders(path, shelf)
    with caplog.at_level(logging.INFO, logger="orbion"):
        await keeper.look()
        (tmp_path / "textos").mkdir()
        (tmp_path / "textos" / "Garantia.md").write_text("# Garantia\n\nUm ano.")
        for _ in range(2):
            await keeper.look()
    assert shelf.puts == [("sol", FOLDER, []), ("sol", FOLDER, ["garantia"])]
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


async def test_a_playbook_without_a_folder_stores_nothing(tmp_path: Path) -> None:
    shelf = Shelved()
    await folders(tmp_path / "loja.toml", shelf, None).look()
    assert shelf.puts == []
