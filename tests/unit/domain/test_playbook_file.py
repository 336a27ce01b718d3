"""A playbook file is either whole or refused with everything that is wrong."""

from datetime import date, time
from pathlib import Path

import pytest

from orbion.domain.errors import FaultCode, RejectedError
from orbion.domain.playbook_file import load_playbook
from orbion.domain.qualification import open_slots, score, stage
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
    return str(caught.value).splitlines()


def test_the_packaged_playbook_is_whole() -> None:
    playbook = solar()
    assert playbook.id == "solar"
    assert "assistente virtual" in playbook.greeting
    assert playbook.business_name in playbook.greeting
    assert len(playbook.faq) >= 12
    assert [slot.key for slot in playbook.slots][:2] == ["nome", "valor_conta"]
    assert playbook.catalogue[0].price == 11_900_00
    assert playbook.hours[0].opens == time(8)
    assert date(2026, 12, 25) in playbook.holidays
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
        "business.timezone is 'Marte/Base'; write an IANA zone, as \"America/Sao_Paulo\"",
        "catalogue[0].price is not a number; write the price in reais, as 12900.00",
        "business.tonne is unknown (did you mean 'tone'?); remove it or correct its name",
    ]


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
    assert open_slots(playbook, everything) == ()
    assert open_slots(playbook, {"cidade": ""})[-1].key == "prazo"
