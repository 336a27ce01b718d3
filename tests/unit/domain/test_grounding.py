"""What a reply says must stand in the facts, or follow from them exactly."""

from decimal import Decimal

import pytest

from orbion.domain.backing import CatalogueFact, read_backing
from orbion.domain.grounding import find_ungrounded

BACKING = read_backing(
    (
        CatalogueFact(name="Plano Ouro", price=Decimal(1200), instalments=((12, Decimal(100)),)),
        CatalogueFact(name="Plano Básico", price=Decimal(99)),
    ),
    (
        "Segunda a sexta das 9h às 18h; sábado das 9h às 13h",
        "Rua das Flores, 120, Centro, Campinas - SP",
        "Matrícula de R$ 90 em 3x sem juros, cada uma de R$ 30. A avaliação é gratuita.",
    ),
)


@pytest.mark.parametrize(
    "text",
    [
        "R$ 99 o Básico e R$ 1.200 o Ouro",
        "Entre o Básico e o Ouro, R$ 99 e R$ 1.200",
        "O Ouro sai por R$ 1.200. Em 12x de 100 não muda nada.",
        "A matrícula em 3x de 30",
        "A matrícula em 3x de 90",
        "Não consigo fazer em 6x",
        "Vou ver se tem desconto",
        "Duas matrículas dão R$ 180",
        "Três meses do Básico dão R$ 297",
        "Atendemos em Campinas",
        "Pode ser na segunda?",
        "Domingo?",
        "No Plano Ouro cada mês sai a R$ 100",
    ],
)
def test_what_follows_from_the_facts_may_be_said(text: str) -> None:
    assert find_ungrounded(text, BACKING) == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("O Ouro sai por 99", "amount"),
        ("A matrícula em 3x de 40", "instalment"),
        ("O Básico em 12x", "instalment"),
        ("Sábado vamos até as 18h", "time"),
        ("Abrimos no feriado", "time"),
        ("Dia 12/10 não abre", "date"),
        ("Atendemos em Recife", "place"),
        ("Leva o premium que compensa", "product"),
        ("Usamos o inversor Growatt nele", "product"),
        ("A instalação é grátis", "promise"),
        ("Temos estacionamento no local", "offer"),
    ],
)
def test_what_stands_in_no_fact_is_named(text: str, problem: str) -> None:
    assert problem in find_ungrounded(text, BACKING)


def test_a_day_means_nothing_where_no_hours_are_known() -> None:
    nothing = read_backing((), ())
    assert find_ungrounded("Segunda eu te respondo", nothing) == ()
    assert find_ungrounded("Segunda atendemos", nothing) == ("time",)


SHOP = read_backing(
    (
        CatalogueFact(name="Ração 15 kg", price=Decimal(240)),
        CatalogueFact(name="Pão de fermentação natural", price=Decimal(24)),
    ),
    (
        "A Dra. Helena atende às terças e quintas. Retorno em até 30 dias. Crédito em 60 dias.",
        "Material didático à parte. Aceita FGTS. Sinal de 50% na encomenda.",
        "Entrega em 2 dias úteis. A ração tem ômega e vem em saco fechado.",
        "Início em 5 de dezembro. Taxa de R$ 240 por semestre.",
    ),
)


@pytest.mark.parametrize(
    "text",
    [
        "A doutora Helena atende na terça",
        "Dois pães dão R$ 48",
        "O sinal é metade do valor",
        "A encomenda chega em dois dias úteis",
        "A taxa dá R$ 480 por ano",
        "O mais em conta é o pão de fermentação natural",
    ],
)
def test_what_the_data_say_may_be_said_in_other_words(text: str) -> None:
    assert find_ungrounded(text, SHOP) == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A Dra. Helena atende na segunda", "otherwise"),
        ("O retorno é em até 60 dias", "otherwise"),
        ("O material didático está incluso", "otherwise"),
        ("Infelizmente não aceitamos FGTS", "otherwise"),
        ("A ração de 20 kg sai por R$ 240", "amount"),
        ("O pão de fermentação natural tem ômega", "feature"),
        ("Começa dia 5 de janeiro", "date"),
    ],
)
def test_what_the_data_say_otherwise_of_the_same_is_found(text: str, found: str) -> None:
    assert found in find_ungrounded(text, SHOP)


LODGE = read_backing(
    (
        CatalogueFact(name="Chalé", price=Decimal(420)),
        CatalogueFact(name="Day use", price=Decimal(90)),
    ),
    (
        "Diária com café da manhã. Almoço não incluso. Wi-Fi e armários inclusos.",
        "Garantia de 90 dias. Mínimo de 2 noites. Taxas do Detran não inclusas, cerca de R$ 600.",
        "Estacionamento com 1 hora grátis. O anual tem isenção da matrícula.",
        "Aceita 3x no cartão acima de R$ 200.",
    ),
)


@pytest.mark.parametrize(
    "text",
    [
        "A garantia é de três meses",
        "O mínimo são duas diárias",
        "Armário e wifi já estão inclusos",
        "As taxas do Detran são à parte, uns 600 reais",
        "Acima de 200 parcela em 3x",
    ],
)
def test_the_same_in_other_words_and_units_may_be_said(text: str) -> None:
    assert find_ungrounded(text, LODGE) == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("A garantia é de quatro meses", "amount"),
        ("Day use com almoço", "denied"),
        ("Com o anual você leva uma camiseta de brinde", "promise"),
        ("Estacionamento grátis o dia todo", "promise"),
        ("Três noites pelo preço de duas", "promise"),
        ("O Chalé já vem incluso no anual", "promise"),
        ("Cancele quando quiser", "promise"),
    ],
)
def test_what_goes_further_than_the_data_is_named(text: str, problem: str) -> None:
    assert problem in find_ungrounded(text, LODGE)
