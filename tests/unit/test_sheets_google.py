"""The Google mirror beside people who edit the same tab, and Google's failures."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from orbion.adapters.sheets.google import GoogleSheet
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.simulators.faults import SheetFault, SheetFaults
from orbion.simulators.sheets import SheetsSimulator
from orbion.simulators.sheets_grid import FORMULA_SHOWN, Tab
from tests.support.sheets import (
    TAB,
    HurryingClock,
    google_sheet,
    key_file,
    key_pair,
    row,
    shown,
    simulator,
)

FORMULA = '=IMPORTXML("http://mau.example","//a")'


@pytest.fixture
def clock() -> HurryingClock:
    return HurryingClock()


@pytest.fixture
def google(clock: HurryingClock) -> SheetsSimulator:
    return simulator(clock.now)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return key_file(tmp_path)


@pytest.fixture
async def sheet(
    google: SheetsSimulator, key: Path, clock: HurryingClock
) -> AsyncGenerator[GoogleSheet]:
    async with google_sheet(google, key, clock=clock) as opened:
        yield opened


@pytest.fixture
async def filled(google: SheetsSimulator, sheet: GoogleSheet) -> Tab:
    """Three leads, and a column of a person with a note on each."""
    await sheet.upsert([row(n, nome=f"n{n}", cidade="Belém") for n in (1, 2, 3)])
    tab = google.tab(TAB)
    tab.insert_column(3, "nota")
    for line in (1, 2, 3):
        tab.put(line, 3, f"nota {line}")
    await settle(sheet)
    return tab


async def settle(sheet: GoogleSheet, **columns: str) -> None:
    """Write all three until nothing asks to be written again, as the lanes do."""
    waiting = frozenset({1, 2, 3})
    for _ in range(5):
        waiting = await sheet.upsert(
            [row(n, nome=f"n{n}", cidade="Belém", **columns) for n in sorted(waiting)]
        )
        if not waiting:
            return
    raise AssertionError(waiting)


def writes(google: SheetsSimulator) -> list[str]:
    return [call.method.partition(" ")[0] for call in google.journal if call.is_write]


def assert_whole(tab: Tab) -> None:
    """One row a lead, with its own values and its own note."""
    leads = {line["lead_id"]: line for line in shown(tab) if line["lead_id"]}
    assert sorted(leads) == ["1", "2", "3"]
    assert len([line for line in shown(tab) if line["lead_id"]]) == 3
    for number, line in leads.items():
        assert (line["nome"], line["cidade"]) == (f"n{number}", "Belém")
        assert line["nota"] == f"nota {number}"


async def test_the_first_lead_makes_tab_and_header_and_later_ones_are_found(
    google: SheetsSimulator, sheet: GoogleSheet
) -> None:
    assert await sheet.upsert([row(7, nome="Ana", etapa="novo")]) == frozenset()
    assert await sheet.upsert([row(8, nome="Bia", etapa="novo")]) == frozenset()
    assert await sheet.upsert([row(7, nome="Ana Lima", etapa="quente")]) == frozenset()
    assert google.tab(TAB).cells == [
        ["lead_id", "nome", "etapa"],
        ["7", "Ana Lima", "quente"],
        ["8", "Bia", "novo"],
    ]
    assert writes(google) == [
        "batchUpdate",
        "append",
        "append",
        "values:batchUpdate",
    ]


async def test_many_leads_are_one_call_of_each_kind(
    google: SheetsSimulator, sheet: GoogleSheet
) -> None:
    await sheet.upsert([row(1, nome="a")])
    google.journal.clear()
    await sheet.upsert([row(n, nome="b") for n in range(1, 41)])
    assert writes(google) == ["values:batchUpdate", "append"]
    assert [line["lead_id"] for line in shown(google.tab(TAB))] == [str(n) for n in range(1, 41)]


async def test_a_second_row_of_a_killed_process_is_emptied_and_one_with_a_note_stays(
    google: SheetsSimulator, sheet: GoogleSheet, key: Path, clock: HurryingClock
) -> None:
    """Whoever adds a row looks at the keys afterwards; what it is killed before, the next does."""
    await sheet.upsert([row(n, nome=f"n{n}") for n in (1, 2)])
    tab = google.tab(TAB)
    tab.insert_column(2, "nota")
    tab.cells += [["1", "n1", ""], ["2", "n2", "ligar amanhã"]]
    async with google_sheet(google, key, clock=clock) as next_one:
        await next_one.upsert([row(3, nome="novo")])
    assert ["|".join(line).strip("|") for line in tab.cells[1:]] == [
        "1|n1",
        "2|n2",
        "3|novo",
        "",
        "2|n2|ligar amanhã",
    ]


async def test_a_formula_stays_text_and_nothing_is_parsed(
    google: SheetsSimulator, sheet: GoogleSheet
) -> None:
    for _ in range(2):
        await sheet.upsert([row(1, nome=FORMULA, cep="01310", telefone="+5511")])
        assert google.tab(TAB).cells[1] == ["1", FORMULA, "01310", "+5511"]
    for call in google.journal:
        if call.method == "values:batchUpdate":
            assert call.body["valueInputOption"] == "RAW"
    tab = google.tab(TAB)
    tab.write(tab.area("B2:C2"), [[FORMULA, "01310"]], evaluated=True)
    assert tab.cells[1][1:3] == [FORMULA_SHOWN, "1310"]  # what USER_ENTERED would have made


async def test_columns_are_found_by_name_in_any_order_and_new_ones_go_to_the_end(
    google: SheetsSimulator, sheet: GoogleSheet
) -> None:
    google.tabs.append(Tab(id=5, title=TAB, cells=[["meu", " nome", "", "lead_id", "outro"]]))
    await sheet.upsert([row(1, nome="Ana", etapa="novo")])
    await settle_one(sheet)
    assert google.tab(TAB).cells == [
        ["meu", " nome", "", "lead_id", "outro", "etapa"],
        ["", "Ana", "", "1", "", "novo"],
    ]


async def settle_one(sheet: GoogleSheet) -> None:
    assert await sheet.upsert([row(1, nome="Ana", etapa="novo")]) == frozenset()


async def test_a_tab_too_narrow_for_the_columns_is_widened(
    google: SheetsSimulator, sheet: GoogleSheet
) -> None:
    google.tabs.append(Tab(id=5, title=TAB, column_count=2))
    await sheet.upsert([row(1, a="1", b="2", c="3")])
    assert google.tab(TAB).cells[1] == ["1", "1", "2", "3"]
    assert google.tab(TAB).column_count == 6


@pytest.mark.parametrize("when", ["before", "values:batchUpdate", "batchGet"])
@pytest.mark.parametrize(
    "act",
    [
        lambda tab: tab.sort("nota"),
        lambda tab: tab.move_row(1, 3),
        lambda tab: tab.insert_row(1),
        lambda tab: tab.insert_row(0),
        lambda tab: tab.insert_row(2, ["", "", "", "de uma pessoa"]),
        lambda tab: tab.insert_column(0, "primeira"),
        lambda tab: tab.insert_column(1),
        lambda tab: tab.insert_column(2, "meio"),
        lambda tab: tab.move_column(3, 0),
        lambda tab: tab.move_column(3, 1),
        lambda tab: tab.move_column(0, 2),
        lambda tab: tab.move_column(1, 2),
    ],
    ids=[
        "sort",
        "row down",
        "row in",
        "row on top",
        "a person's row",
        "column first",
        "column without name",
        "column in",
        "note first",
        "note second",
        "key moved",
        "swapped",
    ],
)
async def test_whatever_a_person_moves_each_lead_keeps_its_row_and_its_note(
    act: object, when: str, google: SheetsSimulator, sheet: GoogleSheet, filled: Tab
) -> None:
    assert callable(act)

    def people(method: str) -> None:
        if method == when:
            google.people = lambda _: None
            act(filled)

    filled.cells[1:] = [filled.cells[3], filled.cells[2], filled.cells[1]]
    await settle(sheet)
    google.people = people
    if when == "before":
        act(filled)
    await settle(sheet)
    await settle(sheet)
    header = next(line for line in filled.cells if "lead_id" in line)
    filled.cells.remove(header)
    filled.cells.insert(0, header)
    assert_whole(filled)
    if header[3:4] == ["nota"] and "de uma pessoa" in str(filled.cells):
        assert ["", "", "", "de uma pessoa"] in filled.cells


async def test_a_lead_that_two_processes_add_at_once_has_one_row(
    google: SheetsSimulator, sheet: GoogleSheet
) -> None:
    await sheet.upsert([row(1, nome="Ana")])
    tab = google.tab(TAB)

    def add_first(method: str) -> None:
        if method.startswith("append"):
            google.people = lambda _: None
            tab.cells.append(["2", "Bia"])

    google.people = add_first
    assert await sheet.upsert([row(2, nome="Bianca"), row(3, nome="Caio")]) == {2}
    await sheet.upsert([row(2, nome="Bianca"), row(3, nome="Caio")])
    assert [(line["lead_id"], line["nome"]) for line in shown(tab)] == [
        ("1", "Ana"),
        ("2", "Bianca"),
        ("3", "Caio"),
    ]


async def test_of_two_processes_that_make_the_tab_at_once_one_makes_its_header(
    google: SheetsSimulator, sheet: GoogleSheet, key: Path, clock: HurryingClock
) -> None:
    async with google_sheet(google, key, clock=clock) as other:
        first, second = await asyncio.gather(
            sheet.upsert([row(1, nome="Ana")]),
            other.upsert([row(2, nome="Bia")]),
            return_exceptions=True,
        )
        assert first == frozenset()
        assert isinstance(second, UnavailableError)
        assert second.code is FaultCode.SHEETS_RANGE
        assert await other.upsert([row(2, nome="Bia")]) == frozenset()
    assert google.tab(TAB).cells == [["lead_id", "nome"], ["1", "Ana"], ["2", "Bia"]]


async def test_a_row_that_a_person_deleted_comes_back_once(sheet: GoogleSheet, filled: Tab) -> None:
    filled.delete_row(2)
    await settle(sheet)
    assert [line["lead_id"] for line in shown(filled)] == ["1", "3", "2"]


async def test_a_renamed_column_is_the_person_s_and_ours_is_added_again(
    sheet: GoogleSheet, filled: Tab
) -> None:
    filled.rename_column("cidade", "Cidade do cliente")
    await settle(sheet)
    assert filled.header == ["lead_id", "nome", "Cidade do cliente", "nota", "cidade"]
    assert filled.column("Cidade do cliente")[1:] == ["Belém"] * 3
    assert_whole(filled)


async def test_a_renamed_tab_is_still_the_same_tab(
    google: SheetsSimulator, sheet: GoogleSheet, filled: Tab
) -> None:
    filled.title = "Clientes da Ana's"
    await settle(sheet)
    assert_whole(filled)
    assert len(google.tabs) == 2


async def test_without_its_key_column_nothing_is_written(
    google: SheetsSimulator, sheet: GoogleSheet
) -> None:
    await sheet.upsert([row(1, nome="Ana", etapa="novo")])
    tab = google.tab(TAB)
    tab.rename_column("lead_id", "código")
    before = [list(line) for line in tab.cells]
    for _ in range(2):
        with pytest.raises(UnavailableError) as lost:
            await sheet.upsert([row(1, nome="Bia", etapa="novo")])
        assert lost.value.code is FaultCode.SHEETS_RANGE
    assert tab.cells == before
    tab.rename_column("código", "lead_id")
    await sheet.upsert([row(1, nome="Bia", etapa="novo")])
    assert tab.cells[1] == ["1", "Bia", "novo"]


@pytest.mark.parametrize("kind", ["append", "values:batchUpdate"])
async def test_a_write_whose_answer_was_lost_is_not_done_twice(
    kind: str, google: SheetsSimulator, sheet: GoogleSheet
) -> None:
    await sheet.upsert([row(1, nome="Ana")])
    lead = 2 if kind == "append" else 1
    google.script.extend([SheetFault.RESET_AFTER] if lead == 2 else [None, SheetFault.RESET_AFTER])
    with pytest.raises(UnavailableError) as lost:
        await sheet.upsert([row(lead, nome="Bia")])
    assert lost.value.code is FaultCode.SHEETS_UNREACHABLE
    await sheet.upsert([row(lead, nome="Bia")])
    assert [line["lead_id"] for line in shown(google.tab(TAB))] == ["1", "2"][:lead]


@pytest.mark.parametrize(
    ("fault", "code", "wait"),
    [
        (SheetFault.RATE_LIMITED, FaultCode.SHEETS_QUOTA, 7.0),
        (SheetFault.FORBIDDEN, FaultCode.SHEETS_AUTH, 60.0),
        (SheetFault.NOT_FOUND, FaultCode.SHEETS_MISSING, 60.0),
        (SheetFault.SERVER_ERROR, FaultCode.SHEETS_UNREACHABLE, 5.0),
        (SheetFault.OVERLOADED, FaultCode.SHEETS_UNREACHABLE, 5.0),
        (SheetFault.NOT_JSON, FaultCode.SHEETS_UNREACHABLE, 5.0),
        (SheetFault.RESET, FaultCode.SHEETS_UNREACHABLE, 5.0),
    ],
)
async def test_each_failure_has_its_code_and_its_wait(
    fault: SheetFault,
    code: FaultCode,
    wait: float,
    google: SheetsSimulator,
    sheet: GoogleSheet,
) -> None:
    await sheet.reach()
    google.faults = SheetFaults(latency_ms=(0, 0), wait=(("retry-after", "7"),))
    google.script.append(fault)
    with pytest.raises(UnavailableError) as failed:
        await sheet.upsert([row(1, nome="Ana")])
    assert (failed.value.code, failed.value.retry_after) == (code, wait)
    await sheet.upsert([row(1, nome="Ana")])
    assert len(shown(google.tab(TAB))) == 1


async def test_a_refused_token_is_replaced_once_and_then_told(
    google: SheetsSimulator, sheet: GoogleSheet
) -> None:
    await sheet.upsert([row(1, nome="Ana")])
    google.tokens.clear()
    await sheet.upsert([row(2, nome="Bia")])
    google.script.extend([SheetFault.UNAUTHORIZED, None, SheetFault.UNAUTHORIZED])
    with pytest.raises(UnavailableError) as refused:
        await sheet.upsert([row(3, nome="Cid")])
    assert refused.value.code is FaultCode.SHEETS_AUTH


@pytest.mark.parametrize("broken", ["missing", "no json", "another account", "another key"])
async def test_a_key_that_cannot_be_used_is_told_without_a_word_of_it(
    broken: str, google: SheetsSimulator, key: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key.chmod(0o600)
    match broken:
        case "missing":
            key.unlink()
        case "no json":
            key.write_text(key.read_text()[:900], encoding="utf-8")
        case "another account":
            key.write_text(key.read_text().replace("orbion@", "outra@"), encoding="utf-8")
        case _:
            google._public_key = f"-----BEGIN PUBLIC KEY-----\n{OTHER}\n-----END PUBLIC KEY-----"
    async with google_sheet(google, key, clock=HurryingClock()) as sheet:
        with pytest.raises(UnavailableError) as refused:
            await sheet.upsert([row(1, nome="Ana")])
    assert refused.value.code is FaultCode.SHEETS_AUTH
    secret = key_pair()[0].splitlines()[1]
    assert secret not in str(refused.value) + caplog.text
    assert google.journal == []


OTHER = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffAt0gun"
    "VTLw7onLRnrq0/IzW7yWR7QkrmBL7jTKEn5u+qKhbwKfBstIs+bMY2Zkp18gnTxKLxoS2tFczGkPLPgizskuemMghRni"
    "WaoLcyehkd3qqGElvW/VDL5AaWTg0nLVkjRo9z+40RQzuVaE8AkAFmxZzow3x+VJYKdjykkJ0iT9wCS0DRTXu269V264"
    "Vf/3jvredZiKRkgwlL9xNAwxXFg0x/XFw005UWVRIkdgcKWTjpBP2dPwVZ4WWC+9aGVd+Gyn1o0CLelf4rEjGoXbAAEg"
    "AqeGUxrcIlbjXfbcmwIDAQAB"
)
"""The public key of the example in RFC 7519's tools: not the pair of ours."""
