"""A sheet's rows are prices that can be read in one way, or are named and left out."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orbion.domain.catalogue_sheet import MOST_ITEMS, Catalogue, read_catalogue, read_range, within
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.domain.playbook import Discount, Instalments, SheetRange

WHERE = SheetRange(tab="Catálogo", area="A1:I")
TITLES = ("Produto", "Preço", "Unidade", "Apelidos", "Parcelas", "Valor da parcela")


def read(*rows: Sequence[str], titles: Sequence[str] = TITLES) -> Catalogue:
    return read_catalogue([titles, *rows], WHERE)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Catálogo!A1:F", ("Catálogo", "A1:F")),
        (" Preços!B2:F40 ", ("Preços", "B2:F40")),
        ("'Tabela de preços'!A:F", ("Tabela de preços", "A:F")),
        ("'D''Ouro'!A1", ("D'Ouro", "A1")),
        ("A1:F", None),
        ("Catálogo!", None),
        ("Catálogo!a1:f", None),
        ("Catálogo!A1:F!B", None),
        ("", None),
    ],
)
def test_a_range_names_a_tab_and_its_cells(text: str, found: tuple[str, str] | None) -> None:
    wanted = None if found is None else SheetRange(tab=found[0], area=found[1])
    assert read_range(text) == wanted


@pytest.mark.parametrize(
    ("area", "cells"),
    [
        ("A:C", ["abc", "def", "ghi"]),
        ("A1:B", ["ab", "de", "gh"]),
        ("B2:C", ["ef", "hi"]),
        ("B2:B2", ["e"]),
        ("A3", ["g"]),
        ("AA1:AB", ["", "", ""]),
    ],
)
def test_a_range_is_a_part_of_its_tab(area: str, cells: list[str]) -> None:
    assert ["".join(row) for row in within(["abc", "def", "ghi"], area)] == cells


def test_columns_are_found_by_their_titles_in_any_order() -> None:
    catalogue = read_catalogue(
        [
            [],
            ["nota", "PRECO", "Nome", "unidade", "Outros nomes", "código"],
            ["x", "R$ 12.900,00", " Kit  5 kWp ", "instalado", "kit 5; Kit Médio", "kit-5"],
            [],
            ["", "900", "Visita"],
        ],
        WHERE,
    )
    kit, visit = catalogue.items
    assert (kit.id, kit.name, kit.price, kit.unit) == ("kit-5", "Kit 5 kWp", 1_290_000, "instalado")
    assert kit.aliases == ("kit 5", "kit medio")
    assert (visit.id, visit.name, visit.price, visit.aliases) == ("visita", "Visita", 90_000, ())
    assert catalogue.skipped == ()


@pytest.mark.parametrize(
    ("cell", "centavos"),
    [
        ("R$ 12.900,00", 1_290_000),
        ("r$\xa012.900", 1_290_000),
        ("12900,5", 1_290_050),
        ("99", 9_900),
        ("0,01", 1),
        ("1.234.567,89", 123_456_789),
    ],
)
def test_an_amount_is_read_as_brazilians_write_it(cell: str, centavos: int) -> None:
    (item,) = read(["Kit", cell]).items
    assert item.price == centavos


@pytest.mark.parametrize(
    "cell",
    [
        "a combinar",
        "12.50",
        "12,900.00",
        "1234.56",
        "0",
        "0,00",
        "-5",
        "#REF!",
        "R$",
        "10 a 20",
        "٣",
    ],
)
def test_what_is_no_amount_is_left_out_and_named_without_its_words(cell: str) -> None:
    catalogue = read(["Kit", cell], ["Visita", "90"])
    assert [item.name for item in catalogue.items] == ["Visita"]
    assert catalogue.skipped == ("row 2 'preco' is no amount above zero; write it as 12.900,00",)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (["Kit", ""], "row 3 'preco' is missing; write it as 12.900,00"),
        (["Kit"], "row 3 'preco' is missing; write it as 12.900,00"),
        (["", "90"], "row 3 has no name; write what customers read"),
        (["—", "90"], "row 3 has no name; write what customers read"),
        (["visita!", "80"], "row 3 is the same as row 2; give each its own name"),
        (["K" * 201, "90"], "row 3 has more than 200 characters in 'nome'; make it short"),
        (["Kit", "90", "", "", "1"], "row 3 'parcelas' is no number of payments; write it as 12"),
        (["Kit", "90", "", "", "", "9"], "row 3 'parcelas' is no number of payments; write it as"),
        (
            ["Kit", "90", "", "", "12x"],
            "row 3 'valor da parcela' is missing; write it as 12.900,00",
        ),
    ],
)
def test_a_row_that_is_no_price_says_where_and_what_to_do(row: list[str], fault: str) -> None:
    catalogue = read(["Visita", "90"], row)
    assert [item.price for item in catalogue.items] == [9_000]
    (told,) = catalogue.skipped
    assert told.startswith(fault)


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        (["0%", "no Pix"], "row 2 'desconto' is no percentage from 1 to 99; write it as 5%"),
        (["muito", "no Pix"], "row 2 'desconto' is no percentage from 1 to 99; write it as 5%"),
        (["", "no Pix"], "row 2 'desconto' is no percentage from 1 to 99; write it as 5%"),
        (["5%", ""], "row 2 'condicao' is missing; say when the discount holds, as 'no Pix'"),
    ],
)
def test_a_discount_has_its_condition(cells: list[str], fault: str) -> None:
    titles = ("nome", "valor", "desconto", "condição")
    catalogue = read(["Kit", "90", *cells], titles=titles)
    assert (catalogue.items, catalogue.skipped) == ((), (fault,))
    (item,) = read(["Kit", "90", "5", "no Pix"], titles=titles).items
    assert item.discount == Discount(percent=5, condition="no Pix")


def test_instalments_are_a_number_and_an_amount() -> None:
    (item,) = read(["Kit", "90", "", "", "12x", "R$ 9,00"]).items
    assert item.instalments == Instalments(count=12, amount=900)


def test_what_is_beyond_the_most_is_named() -> None:
    catalogue = read(*([f"Kit {number}", "90"] for number in range(MOST_ITEMS + 1)))
    assert len(catalogue.items) == MOST_ITEMS
    assert catalogue.skipped == (f"row {MOST_ITEMS + 2} is beyond the first 200; take some out",)


@pytest.mark.parametrize("grid", [[], [[]], [["preço"]], [["nome", "quanto"], ["Kit", "90"]]])
def test_a_range_without_names_or_prices_is_no_catalogue(grid: list[list[str]]) -> None:
    with pytest.raises(UnavailableError, match=r"Catálogo!A1:I has no column '(nome|preco)'") as no:
        read_catalogue(grid, WHERE)
    assert no.value.code is FaultCode.SHEETS_RANGE


def test_rows_are_counted_from_where_the_range_begins() -> None:
    found = read_catalogue([["nome", "preço"], ["Kit", "?"]], SheetRange(tab="P", area="B7:C"))
    assert found.skipped[0].startswith("row 8 ")


def test_the_version_is_that_of_the_cells() -> None:
    versions = {read(*rows).version for rows in ([["Kit", "90"]], [["Kit", "91"]], [["Ki", "t90"]])}
    assert len(versions) == 3
    assert read(["Kit", "90"]).version == read(["Kit", "90"]).version


CELLS = st.text("Kit5 R$.,0123456789x%;'é\n", max_size=12)


@given(st.lists(st.lists(CELLS, max_size=7), max_size=12))
def test_no_price_is_invented(rows: list[list[str]]) -> None:
    catalogue = read(*rows)
    assert len(catalogue.items) + len(catalogue.skipped) == sum(
        any(map(str.strip, row)) for row in rows
    )
    written = [re.sub(r"\D", "", row[1]) for row in rows if len(row) > 1]
    for item in catalogue.items:
        whole, cents = divmod(item.price, 100)
        forms = {
            f"{whole}{cents:02d}",
            f"{whole}{cents // 10}" if cents % 10 == 0 else "",
            str(whole) if not cents else "",
        }
        assert {text.lstrip("0") for text in written} & {form.lstrip("0") for form in forms - {""}}
