"""A playbook file is either whole or refused with everything that is wrong."""

import re
from datetime import date, time
from pathlib import Path

import pytest

from orbion.domain.errors import FaultCode, RejectedError
from orbion.domain.playbook import SheetRange
from orbion.domain.playbook_file import load_playbook
from orbion.domain.qualification import open_slots, score, stage
from orbion.domain.toml_lines import line_numbers, line_of
from tests.support.playbooks import SOLAR_FILE, solar


def faults(tmp_path: Path, *changes: tuple[str, str]) -> list[str]:
    """The lines of the error after each (old, new) change to the first place in the file."""
    text = SOLAR_FILE.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    broken = tmp_path / "solar.toml"
    broken.write_text(text)
    with pytest.raises(RejectedError) as caught:
        load_playbook(broken)
    assert caught.value.code is FaultCode.INPUT_BAD
    return [re.sub(r"^solar\.toml(:\d+)?: ", "solar.toml: ", line) for line in lines(caught.value)]


def lines(error: RejectedError) -> list[str]:
    return str(error).splitlines()


def test_the_packaged_playbook_is_whole() -> None:
    playbook = solar()
    assert playbook.id == "solar"
    assert "assistente virtual" in playbook.greeting
    assert playbook.business_name in playbook.greeting
    assert len(playbook.faq) >= 12
    assert [slot.key for slot in playbook.slots][:2] == ["nome", "valor_conta"]
    assert playbook.catalogue[0].price == 11_900_00
    assert playbook.hours[0].opens == time(8)
    assert playbook.national_holidays
    assert date(2026, 12, 24) in playbook.holidays
    assert playbook.slot("nada") is None


def test_the_version_changes_with_any_byte(tmp_path: Path) -> None:
    copy = tmp_path / "solar.toml"
    copy.write_bytes(SOLAR_FILE.read_bytes() + b"\n")
    assert load_playbook(copy).version != solar().version


def test_a_missing_question_names_file_key_and_cure(tmp_path: Path) -> None:
    found = faults(tmp_path, ('question = "Em qual cidade fica o imóvel?"\n', ""))
    assert found == [
        "solar.toml: slots[2].question is missing; add the sentence the assistant should ask"
    ]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        ('tone = "', 'tonne = "'),
        ("price = 11900.00", 'price = "muito"'),
        ('timezone = "America/Sao_Paulo"', 'timezone = "Marte/Base"'),
    )
    assert [line.removeprefix("solar.toml: ") for line in found] == [
        "business.tone is missing; describe how the assistant speaks",
        "business.tonne is unknown (did you mean 'tone'?); remove it or correct its name",
        "business.timezone is 'Marte/Base'; write an IANA zone, as \"America/Sao_Paulo\"",
        "catalogue[0].price is not a number; write the price in reais, as 12900.00",
    ]


def test_the_part_of_a_sheet_that_holds_the_catalogue_is_checked(tmp_path: Path) -> None:
    cure = 'write the tab and its cells, as "Catálogo!A1:F"'
    for written, fault in (
        ('range = "A1:F"', f"range is 'A1:F'; {cure}"),
        ('rnge = "Catálogo!A1:F"', f"range is missing; {cure}"),
        ('range = ""', f"range is empty; {cure}"),
    ):
        changed = ("[knowledge]", f"[catalogue_sheet]\n{written}\n\n[knowledge]")
        assert f"solar.toml: catalogue_sheet.{fault}" in faults(tmp_path, changed)
    good = tmp_path / "good.toml"
    good.write_text(f'{SOLAR_FILE.read_text()}\n[catalogue_sheet]\nrange = "Catálogo!A1:F"\n')
    assert load_playbook(good).catalogue_sheet == SheetRange(tab="Catálogo", area="A1:F")
    assert solar().catalogue_sheet is None


def test_a_fault_of_it_names_its_line(tmp_path: Path) -> None:
    broken = tmp_path / "solar.toml"
    text = f'{SOLAR_FILE.read_text()}\n[catalogue_sheet]\nrange = "Catálogo"'
    broken.write_text(text)
    with pytest.raises(RejectedError, match=f"^solar.toml:{len(text.splitlines())}: catalogue_sh"):
        load_playbook(broken)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('kind = "money"', 'kind = "mony"', "slots[1].kind is 'mony' (did you mean 'money'?)"),
        ('opens = "08:00"', 'opens = "cedo"', "hours[0].opens is not a time of day"),
        ('closes = "18:00"', 'closes = "07:00"', "hours[0].closes is before opens"),
        ("days = [1, 2, 3, 4, 5]", "days = [0, 8]", "hours[0].days must be from 1"),
        ("days = [1, 2, 3, 4, 5]", "days = []", "hours[0].days has 0 of at least 1"),
        ("days = [1, 2, 3, 4, 5]", "days = [true]", "hours[0].days holds something else than int"),
        ("price = 11900.00", "price = -1", "catalogue[0].price must be above zero"),
        ("price = 11900.00", "price = 1.999", "catalogue[0].price must be above zero, with two"),
        ('id = "kit-5"', 'id = "kit-3"', "catalogue has 'kit-3' 2 times"),
        ('id = "kit-3"', 'id = "Kit 3"', "catalogue[0].id may hold only lower case letters"),
        ("weight = 10", "weight = -5", "slots[0].weight is -5; it must be at least 0"),
        ("threshold = 0", "threshold = 5", "stages must begin at threshold 0"),
        ("threshold = 85", "threshold = 850", "stages end at 850, but the slots give 100"),
        (
            'question = "Como posso te chamar?"',
            'question = "Seu nome"',
            "slots[0].question does not",
        ),
        ('kind = "name"', 'kind = "option"', "slots[0].options belong to kind"),
        ("{assistant_name}", "{nome}", "business.greeting has {nome}; only {business_name}"),
        ('thanks = "', 'thanks = ""#', "texts.thanks is empty"),
        ('fallback = "', 'fallback = "' + "x" * 1000, "texts.fallback is longer than 1000"),
        ('opens = "08:00"\n', "", "hours[0].opens is missing"),
        ('kind = "money"\n', "", "slots[1].kind is missing; write one of name, city"),
        ('aliases = ["kit 3"', 'aliases = ["!", "kit 3"', "catalogue[0].aliases holds a phrase"),
        ("[texts]", "[textos]", "texts is missing; add the table [texts]"),
        ("required = false", 'required = "no"', "slots[5].required is not a bool; write true"),
    ],
)
def test_each_fault_names_its_key(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert any(line.startswith(f"solar.toml: {fault}") for line in faults(tmp_path, (old, new)))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('language = "pt-BR"', 'language = "português"', "business.language is 'português'"),
        ("count = 12", "count = 1", "catalogue[0].instalments.count is 1; it must be at least 2"),
        ("percent = 5", "percent = 100", "catalogue[0].discount.percent is 100; it must be below"),
        ("least = 20.00", "least = 900000.00", "slots[1].most is below least; swap them"),
        ('kind = "name"', 'kind = "name"\nleast = 1.00', 'slots[0].least belongs to kind "money"'),
        (
            'requires = ["nome"',
            'requires = ["nomee"',
            "stages[3].requires has 'nomee', which is no",
        ),
        ("probability = 5", "probability = 50", "stages fall in probability; a later stage"),
        ("probability = 5", "probability = 101", "stages[0].probability is 101; write how many"),
        ("threshold = 0", 'threshold = 0\nrequires = ["nome"]', "stages[0].requires is not for"),
        (
            "assistente virtual da {business_name}. Se",
            "pessoa. Se",
            "texts.identity hides the truth",
        ),
        ("volta {reopens}", "volta {quando}", "texts.away has {quando}; only {business_name}"),
        ("day = 20.00", 'day = "vinte"', "budget.day is not a number; write the limit in reais"),
        ('id = "caro"', 'id = "garantia"', "faq has 'garantia' 2 times"),
    ],
)
def test_each_fault_of_the_whole_format_names_its_key(
    tmp_path: Path, old: str, new: str, fault: str
) -> None:
    assert any(line.startswith(f"solar.toml: {fault}") for line in faults(tmp_path, (old, new)))


def test_a_fault_names_the_line_of_its_key_or_of_the_table_it_is_missing_in(tmp_path: Path) -> None:
    text = SOLAR_FILE.read_text()
    broken = tmp_path / "solar.toml"
    broken.write_text(
        text.replace('kind = "city"', 'kind = "cidade"').replace('label = "Tipo de imóvel"\n', "")
    )
    with pytest.raises(RejectedError) as caught:
        load_playbook(broken)
    written = broken.read_text().splitlines()
    kind, label = lines(caught.value)
    place = written.index('kind = "cidade"') + 1
    assert kind.startswith(f"solar.toml:{place}: slots[2].kind")
    header = written.index('key = "tipo_imovel"')
    assert label.startswith(f"solar.toml:{header}: slots[3].label is missing")


def test_lines_are_found_past_long_strings_lists_and_nested_tables() -> None:
    text = '''a = 1
[b]
c = """
d = 2
"""
e = [
  "x = [",
  "y",
]
[[f]]
g = 1
[[f.h]]
i = 1
[[f]]
[[f.h]]
[[f.h]]
i = 2 # [
j = 3
'''
    found = line_numbers(text)
    assert found == {
        "a": 1, "b": 2, "b.c": 3, "b.e": 6, "f[0]": 10, "f[0].g": 11, "f[0].h[0]": 12,
        "f[0].h[0].i": 13, "f[1]": 14, "f[1].h[0]": 15, "f[1].h[1]": 16, "f[1].h[1].i": 17,
        "f[1].h[1].j": 18,
    }  # fmt: skip
    assert line_of("f[1].h[1].zzz", found) == 16
    assert line_of("zzz", found) is None


def test_a_file_that_is_missing_or_no_toml_is_told_plainly(tmp_path: Path) -> None:
    with pytest.raises(RejectedError, match=r"nada\.toml: cannot be read"):
        load_playbook(tmp_path / "nada.toml")
    broken = tmp_path / "x.toml"
    broken.write_text("a = [")
    with pytest.raises(RejectedError, match=r"x\.toml: is not TOML"):
        load_playbook(broken)


def test_score_and_stage_follow_from_the_known_slots_alone() -> None:
    playbook = solar()
    assert (score(playbook, {}), stage(playbook, {}).key) == (0, "novo")
    some = {"nome": "Ana", "valor_conta": "R$ 400,00", "outra": "x"}
    assert (score(playbook, some), stage(playbook, some).key) == (40, "qualificando")
    everything = dict.fromkeys((slot.key for slot in playbook.slots), "x")
    assert stage(playbook, everything).key == "qualificado"
    without_city = {key: "x" for key in everything if key != "cidade"}
    assert score(playbook, without_city) >= playbook.stages[-1].threshold
    assert stage(playbook, without_city).key == "qualificando"
    assert open_slots(playbook, everything) == ()
    assert open_slots(playbook, {"cidade": ""})[-1].key == "prazo"
