"""Documents are found by folded stems, on either database, and only by their own business."""

from orbion.adapters.db.schema_knowledge import DOCUMENT, PASSAGE
from orbion.adapters.db.store import DbStore
from orbion.domain.passages import asked_terms, best_passage, read_markdown
from tests.contract.scenes import column

WARRANTY = """# Garantia

## Painéis
Os painéis têm garantia de 25 anos contra perda de potência.

## Inversores
O inversor tem garantia de 10 anos. Raios **não** entram na garantia; para eles existe o seguro.
"""


async def ask(store: DbStore, question: str, business: str = "sol") -> str | None:
    found = best_passage(await store.passages(business, asked_terms([question])), question)
    return None if found is None else found.passage.fact_id


async def test_accents_plurals_and_abbreviations_make_no_difference(store: DbStore) -> None:
    await store.put_document("sol", read_markdown("Garantia.md", WARRANTY, origin="operator"))
    assert await ask(store, "qual a garantia dos paineis?") == "doc:garantia-md:1"
    assert await ask(store, "os inversores tem garantia de quantos anos") == "doc:garantia-md:2"
    assert await ask(store, "raio entra na garantia do inversor?") == "doc:garantia-md:2"


async def test_what_no_document_speaks_of_is_not_answered(store: DbStore) -> None:
    await store.put_document("sol", read_markdown("garantia", WARRANTY, origin="operator"))
    for question in ("vcs instalam piscina aquecida?", "tem garantia a bicicleta elétrica?", "?"):
        assert await ask(store, question) is None
    assert await store.passages("sol", ()) == ()


async def test_no_business_reads_anothers_documents(store: DbStore) -> None:
    await store.put_document("lua", read_markdown("garantia", WARRANTY, origin="operator"))
    assert await ask(store, "qual a garantia dos painéis?") is None
    assert await ask(store, "qual a garantia dos painéis?", "lua") == "doc:garantia:1"


async def test_a_document_is_replaced_and_forgotten_with_all_its_passages(store: DbStore) -> None:
    for source in (WARRANTY, "# Garantia\n\nTudo tem garantia de um ano."):
        await store.put_document("sol", read_markdown("garantia", source, origin="operator"))
    assert await column(store, PASSAGE.c.text) == ["Tudo tem garantia de um ano."]
    assert [each.passages for each in await store.documents("sol")] == [1]
    assert await store.remove_document("sol", "garantia")
    assert not await store.remove_document("sol", "garantia")
    assert await column(store, PASSAGE.c.text) == []
    assert await ask(store, "tem garantia de um ano?") is None


async def test_a_folder_is_mirrored_and_what_operators_added_stays(store: DbStore) -> None:
    await store.put_document(
        "sol", read_markdown("seguro", "O seguro cobre raio.", origin="operator")
    )
    one, two = (read_markdown(name, f"Texto {name}.", origin="folder") for name in ("um", "dois"))
    await store.replace_documents("sol", "folder", [one, two])
    await store.replace_documents("sol", "folder", [two])
    assert sorted(map(str, await column(store, DOCUMENT.c.name))) == ["dois", "seguro"]
