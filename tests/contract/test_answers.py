"""Customers share what the data say to their words, and a changed document is seen at once."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from orbion.adapters.db.store import DbStore
from orbion.agent.reading import Answers, Read
from orbion.domain.lanes import Queue
from orbion.domain.passages import Document, read_markdown
from orbion.domain.playbook import Playbook
from orbion.kit.cache import Cache, CachePolicy
from tests.contract.scenes import RIVAL, receive, with_accounts
from tests.support.playbooks import solar
from tests.support.stores import LOJA, HandClock, hello

QUESTION = "Tem manobrista na loja?"
STEPS = 150
NAMES = ("loja", "seguro")
ASKED = (
    QUESTION,
    "tem MANOBRISTA na loja",
    "e o seguro de granizo?",
    "quanto custa o kit 5?",
    "oi",
)


def valet(price: int) -> Document:
    return read_markdown(
        "loja", f"# Loja\n\n## Manobrista\nCobra R$ {price},00.", origin="operator"
    )


def answers(store: DbStore, clock: HandClock, *, maxsize: int = 100) -> Answers:
    """The memory of one process."""
    policy = CachePolicy(maxsize=maxsize, ttl=3600.0)
    return Answers(
        knowledge=store, cache=Cache("answer", policy, clock=clock, random=random.Random(1))
    )


async def version(store: DbStore, number: int, account: str = LOJA.id) -> int:
    """What a turn of the account reads."""
    await receive(store, hello(number), account=account)
    (claim,) = (await store.claim(Queue.IN, "w", 1)).claims
    given = await store.load_turn(claim)
    assert given is not None
    await store.finish(claim, claim.upto)
    return given.knowledge


def told(read: Read) -> list[str]:
    return [each.passage.text for each in read.passages]


async def test_the_next_turn_reads_a_document_that_another_process_changed(
    store: DbStore, clock: HandClock
) -> None:
    kept, playbook = answers(store, clock), solar()
    for number, price in enumerate((10, 20, 30)):
        await replace(store).put_document("sol", valet(price))
        for again in range(2):
            now = await version(store, 10 * number + again)
            read = await kept.read("sol", now, playbook, [QUESTION])
            assert told(read) == [f"Cobra R$ {price},00."]
    await store.remove_document("sol", "loja")
    assert told(await kept.read("sol", await version(store, 99), playbook, [QUESTION])) == []
    found = kept.statistics["answer"]
    assert (found.hits, found.misses) == (3, 4)


async def test_neither_another_business_nor_another_playbook_shares_an_answer(
    store: DbStore, clock: HandClock
) -> None:
    both, kept = await with_accounts(store, RIVAL), answers(store, clock)
    await both.put_document("sol", valet(10))
    await both.put_document("lua", valet(20))
    playbook = solar()
    mine, theirs = await version(both, 1), await version(both, 2, RIVAL.id)
    assert mine == theirs
    assert told(await kept.read("sol", mine, playbook, [QUESTION])) == ["Cobra R$ 10,00."]
    assert told(await kept.read("lua", theirs, playbook, [QUESTION])) == ["Cobra R$ 20,00."]
    cheaper = replace(playbook, version="other", address="Rua Nova, 1")
    for known in (playbook, cheaper):
        read = await kept.read("sol", mine, known, ["qual o endereço?"])
        (bubble,) = read.look(known, "qual o endereço?")
        assert known.address in bubble.text


@dataclass(slots=True)
class Library:
    """Documents that come, change and go, and questions; each step is done by one process."""

    stores: Sequence[DbStore]
    kept: Sequence[Answers]
    playbooks: Sequence[Playbook]
    dice: random.Random
    done: Counter[str] = field(default_factory=Counter)
    number: int = 0

    async def step(self) -> None:
        (name,) = self.dice.choices(("ask", "put", "remove", "mirror"), (12, 2, 1, 1))
        self.number += 1
        await getattr(self, name)(self.dice.randrange(len(self.stores)))
        self.done[name] += 1

    async def ask(self, at: int) -> None:
        """Read as a turn does; what a process without memory reads is the truth."""
        store, playbook = self.stores[at], self.dice.choice(self.playbooks)
        now, asked = await version(store, self.number), self.dice.sample(ASKED, 2)
        read = await self.kept[at].read("sol", now, playbook, asked)
        truth = await Answers(knowledge=store).read("sol", now, playbook, asked)
        assert read.passages == truth.passages
        for each in asked:
            assert read.look(playbook, each) == truth.look(playbook, each)

    async def put(self, at: int) -> None:
        await self.stores[at].put_document("sol", self._document())

    async def remove(self, at: int) -> None:
        await self.stores[at].remove_document("sol", self.dice.choice(NAMES))

    async def mirror(self, at: int) -> None:
        await self.stores[at].replace_documents("sol", "operator", [self._document()])

    def _document(self) -> Document:
        name, price = self.dice.choice(NAMES), self.dice.randrange(100)
        if name == "loja":
            return valet(price)
        text = f"# Seguro\n\n## Granizo\nO seguro de granizo custa R$ {price},00."
        return read_markdown(name, text, origin="operator")


@pytest.mark.parametrize("processes", [1, 2])
async def test_no_random_question_is_answered_with_what_has_changed(
    store: DbStore, clock: HandClock, processes: int
) -> None:
    stores = [replace(store) for _ in range(processes)]
    playbook = solar()
    library = Library(
        stores=stores,
        kept=[answers(each, clock) for each in stores],
        playbooks=(playbook, replace(playbook, version="other", catalogue=())),
        dice=random.Random(processes),
    )
    for _ in range(STEPS):
        await library.step()
    found = [each.statistics["answer"] for each in library.kept]
    assert sum(each.hits for each in found) > 0
    assert len(library.done) == 4
