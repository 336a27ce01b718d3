"""Customers share what the data say to their words, and a changed document is seen at once."""

from dataclasses import replace

from orbion.adapters.db.store import DbStore
from orbion.agent.reading import Read
from orbion.domain.lanes import Queue
from orbion.domain.passages import Document, read_markdown
from tests.contract.scenes import RIVAL, receive, with_accounts
from tests.support.business import kept_answers
from tests.support.playbooks import solar
from tests.support.stores import LOJA, HandClock, hello

QUESTION = "Tem manobrista na loja?"


def valet(price: int) -> Document:
    return read_markdown(
        "loja", f"# Loja\n\n## Manobrista\nCobra R$ {price},00.", origin="operator"
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
    kept, playbook = kept_answers(store, clock), solar()
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
    both, kept = await with_accounts(store, RIVAL), kept_answers(store, clock)
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
