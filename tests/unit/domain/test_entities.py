"""What one message tells, field by field; the labelled set measures the breadth."""

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orbion.domain.entities import Entities, find_bedrooms, read_entities
from orbion.domain.numbers import SPOKEN, spoken_number
from orbion.domain.people import find_child, find_company, find_name
from orbion.domain.phones import find_phones
from orbion.domain.places import find_city, find_quarter

FRIDAY = date(2026, 11, 20)


def test_one_message_may_tell_everything() -> None:
    assert read_entities(
        "Oi, me chamo Ana Lima, da Padaria Pão Bom. Moro no Cambuí, Campinas. Conta de luz vem 450."
        " Meu filho Davi tem 4 anos. Quero 2 quartos, até 600 mil. Amanhã às 15h?"
        " ana@exemplo.com.br, 19 98765-4321",
        FRIDAY,
    ) == Entities(
        name="Ana Lima",
        company="Padaria Pão Bom",
        email="ana@exemplo.com.br",
        phone_e164="+5519987654321",
        budget=60_000_000,
        bill=45_000,
        day=date(2026, 11, 21),
        at=time(15),
        bedrooms=2,
        child_age=4,
        child_name="Davi",
        city="Campinas",
        neighborhood="Cambuí",
    )


def test_a_greeting_tells_nothing() -> None:
    assert read_entities("Oi, bom dia! Tudo bem?", FRIDAY) == Entities()


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("11 98765-4321", "+5511987654321"),
        ("(011) 8765-4321", "+5511987654321"),
        ("11 3456-7890", "+551134567890"),
        ("+55 (48) 99123-4567", "+5548991234567"),
        ("5511987654321", "+5511987654321"),
        ("+1 415 555 2671", "+14155552671"),
        ("0xx11 99876 1234", "+5511998761234"),
    ],
)
def test_a_phone_is_written_as_e164_with_the_ninth_digit(text: str, e164: str) -> None:
    assert find_phones(text)[0][0] == e164


@pytest.mark.parametrize(
    "text",
    [
        "98765-4321",
        "20 98765-4321",
        "23 98765-4321",
        "123.456.789-09",
        "11 1234-5678",
        "R$ 1.234.567,89",
        "2026-11-20",
    ],
)
def test_what_has_no_area_or_is_another_number_is_no_phone(text: str) -> None:
    assert find_phones(text) == ()


@pytest.mark.parametrize(
    ("said", "value"),
    [("mil e duzentos", 1200), ("duzentos e cinquenta mil", 250_000), ("meio milhao", 500_000)],
)
def test_numbers_in_words_are_read(said: str, value: int) -> None:
    found = SPOKEN.fullmatch(said)
    assert found
    assert spoken_number(said) == value


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("sou a maria", "maria"),
        ("Dona Cida aqui", "Cida"),
        ("aqui é o Pedro da loja", "Pedro"),
        ("sou Flamengo", None),
        ("sou o dono", None),
        ("meu nome está limpo", None),
        ("minha filha se chama Alice", None),
    ],
)
def test_the_writer_s_name_is_told_from_other_words(text: str, name: str | None) -> None:
    assert find_name(text) == name


@pytest.mark.parametrize(
    ("text", "company"),
    [
        ("sou da padaria Pão Quente", "padaria Pão Quente"),
        ("trabalho na Construtora Alfa", "Construtora Alfa"),
        ("sou da padaria", None),
        ("sou da Vila Mariana", None),
    ],
)
def test_a_company_has_a_name(text: str, company: str | None) -> None:
    assert find_company(text) == company


def test_a_grown_up_is_no_child() -> None:
    assert find_child("ela tem 70 anos").age is None
    assert find_child("tenho 35 anos").age is None
    assert find_child("2 anos de garantia").age is None


def test_rooms_are_counted_unless_there_is_a_choice() -> None:
    assert find_bedrooms("dois dorms") == 2
    assert find_bedrooms("2 ou 3 quartos") is None
    assert find_bedrooms("o quarto andar") is None


@pytest.mark.parametrize(
    ("text", "city", "quarter"),
    [
        ("moro em extrema", "Extrema", None),
        ("moro no Nova Europa em Campinas", "Campinas", "Nova Europa"),
        ("rua Campinas, 20", None, None),
        ("feliz natal", None, None),
        ("procuro casa no Bosque Azul do", None, "Bosque Azul"),
        ("bairro Jardim Novo Mundo da Serra", None, "Jardim Novo Mundo"),
        ("apartamento no Swiss", None, "Swiss"),
        ("moro na praia", None, None),
        ("apartamento no Padaria", None, None),
        ("no centro comercial", None, None),
        ("perto do centro", None, "Centro"),
        ("bairro São Bernardo", None, "São Bernardo"),
        ("moramos em Nova Odessa", "Nova Odessa", None),
    ],
)
def test_cities_and_quarters_are_told_apart(
    text: str, city: str | None, quarter: str | None
) -> None:
    found = find_city(text)
    assert (found.name if found else None, find_quarter(text)) == (city, quarter)


@given(st.text(max_size=80))
def test_any_text_is_read_without_an_error(text: str) -> None:
    read_entities(text, FRIDAY)


@given(st.integers(11_2000_0000, 11_5999_9999).map(str))
def test_a_landline_is_read_back(digits: str) -> None:
    assert find_phones(f"tel {digits[:2]} {digits[2:6]}-{digits[6:]}")[0][0] == f"+55{digits}"
