"""Keeps each business's documents as its playbook's folder has them."""

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from orbion.agent.reading import Answers
from orbion.config import Settings
from orbion.domain.conversations import Account
from orbion.domain.passages import Document, read_markdown
from orbion.domain.playbook import Playbook
from orbion.kit.cache import Cache, CachePolicy, CacheStatistics
from orbion.main.mirroring import Sheets
from orbion.main.playbooks import playbook_path
from orbion.main.pricing import Prices, build_prices
from orbion.main.world import World
from orbion.ports import Knowledge
from orbion.telemetry.logs import KNOWLEDGE, log

FOLDER: Final = "folder"
LOOK_SECONDS: Final = 30.0
MOST_BYTES: Final = 500_000
MOST_FILES: Final = 500


class Shelf(Protocol):
    """Where documents are kept."""

    async def replace_documents(
        self, business: str, origin: str, documents: Sequence[Document]
    ) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowing:
    """What is known of the businesses beside their playbooks' files."""

    answers: Answers
    prices: Prices
    folders: "Folders"

    @property
    def caches(self) -> Mapping[str, CacheStatistics]:
        return {**self.answers.statistics, **self.prices.catalogues.statistics}


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Reads what has changed; `seen` is the digest of what was stored last, by business."""

    accounts: Mapping[str, Account]
    playbooks: Mapping[str, Playbook]
    shelf: Shelf
    world: World
    seen: dict[str, str] = field(default_factory=dict)

    async def run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Store each business's documents if its files are others than at the last look."""
        folders: dict[str, Path] = {}
        for name, account in self.accounts.items():
            folder = self.playbooks[name].knowledge_folder
            if folder is not None:
                folders[account.business] = playbook_path(account.playbook).parent / folder
        for business, path in folders.items():
            await self._store(business, path)

    async def _store(self, business: str, folder: Path) -> None:
        read: list[tuple[str, list[Document]]] = []
        await self.world.run_blocking(lambda: read.append(read_folder(folder)))
        digest, documents = read[0]
        if self.seen.get(business) == digest:
            return
        await self.shelf.replace_documents(business, FOLDER, documents)
        self.seen[business] = digest
        level = logging.INFO if documents else logging.WARNING
        passages = sum(len(each.passages) for each in documents)
        log(KNOWLEDGE, level, business=business, documents=len(documents), passages=passages)


def read_folder(folder: Path) -> tuple[str, list[Document]]:
    """Every Markdown file in it, and a digest of all; a missing folder is an empty one."""
    hasher = hashlib.sha256()
    documents = []
    for path in sorted(folder.glob("*.md"))[:MOST_FILES]:
        source = path.read_bytes()[:MOST_BYTES].decode("utf-8", "replace")
        hasher.update(f"{path.name}\0{source}\0".encode())
        documents.append(read_markdown(path.stem, source, origin=FOLDER))
    return hasher.hexdigest(), documents


class Library(Shelf, Knowledge, Protocol):
    """Where documents are kept and found."""


def build_knowing(
    settings: Settings,
    world: World,
    accounts: Mapping[str, Account],
    playbooks: Mapping[str, Playbook],
    *,
    store: Library,
    sheets: Sheets,
) -> Knowing:
    kept = CachePolicy(maxsize=settings.cache_entries, ttl=3600.0)
    return Knowing(
        answers=Answers(
            knowledge=store, cache=Cache("answer", kept, clock=world.clock, random=world.random)
        ),
        prices=build_prices(accounts, playbooks, sheets, world),
        folders=Folders(accounts=accounts, playbooks=playbooks, shelf=store, world=world),
    )
