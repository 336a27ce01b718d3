"""Slot values out of the customer's own words."""

from datetime import date

import pytest

from orbion.domain.extraction import read_slot, read_value
from orbion.domain.playbook import Slot, SlotKind
from tests.support.playbooks import solar


def read(key: str, text: str, *, asked: bool) -> str | None:
    slot = solar().slot(key)
    assert slot is not None
    found = read_slot(slot, text, asked=asked)
    return found.value if found else None


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("nome", "Carlos", "Carlos"),
        ("nome", "oi, bom dia, ana paula", "Ana Paula"),
        ("nome", "pode me chamar de Zé", "Zé"),
        ("nome", "sou a maria", "Maria"),
        ("nome", "Maria da Silva e Souza Neto Lima Costa Dias", None),
        ("nome", "quero saber o preço", None),
        ("nome", "prefiro não dizer", None),
        ("nome", "por quê?", None),
        ("nome", "👍", None),
        ("valor_conta", "uns 400", "R$ 400,00"),
        ("valor_conta", "R$ 1.800,50", "R$ 1.800,50"),
        ("valor_conta", "2 contas de R$ 300", "R$ 300,00"),
        ("valor_conta", "não sei", None),
        ("cidade", "Campinas", "Campinas"),
        ("cidade", "São José dos Campos - SP", "São José dos Campos"),
        ("cidade", "moro em sorocaba, perto do centro", "Sorocaba"),
        ("cidade", "rio de janeiro", "Rio de Janeiro"),
        ("cidade", "depois te falo", None),
        ("tipo_imovel", "é uma padaria", "comércio"),
        ("tipo_imovel", "não é casa, é sítio", "sítio"),
        ("tipo_imovel", "hein", None),
        ("decisor", "sim", "decide sozinho"),
        ("decisor", "eu e meu marido", "decide junto"),
        ("decisor", "não", "outra pessoa decide"),
        ("prazo", "ainda pesquisando", "só pesquisando"),
    ],
)
def test_an_answer_to_the_question_is_read(key: str, text: str, value: str | None) -> None:
    assert read(key, text, asked=True) == value


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("nome", "Oi, sou a Maria. Tudo bem?", "Maria"),
        ("nome", "aqui é o Pedro da loja", "Pedro"),
        ("nome", "me chamo joão da silva, tudo bem", "João da Silva"),
        ("nome", "sou o dono", None),
        ("nome", "sou cliente antigo", None),
        ("nome", "Carlos", None),
        ("valor_conta", "minha conta tá vindo uns R$ 450 por mês", "R$ 450,00"),
        ("valor_conta", "pago 320 de luz", "R$ 320,00"),
        ("valor_conta", "vi um kit de R$ 9.000", None),
        ("valor_conta", "tenho 2 contas de luz", None),
        ("cidade", "vcs atendem em Sorocaba?", "Sorocaba"),
        ("cidade", "é casa própria, aqui em Campinas", "Campinas"),
        ("cidade", "sou de Limeira", "Limeira"),
        ("cidade", "aqui em casa gasta muito", None),
        ("cidade", "moro em apartamento", None),
        ("cidade", "estou em dúvida", None),
        ("tipo_imovel", "quanto custa na padaria", "comércio"),
        ("decisor", "sim", None),
        ("prazo", "agora", None),
    ],
)
def test_a_volunteered_value_needs_its_own_signs(key: str, text: str, value: str | None) -> None:
    assert read(key, text, asked=False) == value


def test_mail_addresses_and_free_text_have_their_own_kinds() -> None:
    mail = free(SlotKind.EMAIL)
    assert read_value(mail, "Meu e-mail é Ana.B@Exemplo.com.br!") == "ana.b@exemplo.com.br"
    assert read_value(mail, "ana@") is None
    text = free(SlotKind.TEXT)
    assert read_value(text, " telhado de barro ") == "telhado de barro"
    assert read_slot(text, "telhado de barro", asked=False) is None
    assert read_value(text, "como assim?") is None


@pytest.mark.parametrize("slot", solar().slots, ids=lambda slot: slot.key)
def test_every_option_of_the_playbook_is_read_back_as_itself(slot: Slot) -> None:
    assert [read_value(slot, option.value) for option in slot.options] == [
        option.value for option in slot.options
    ]


@pytest.mark.parametrize(
    ("kind", "text", "asked", "value"),
    [
        (SlotKind.PHONE, "meu zap é 19 8765-4321", False, "+5519987654321"),
        (SlotKind.CPF, "cpf 529.982.247-25", False, "***.982.247-**"),
        (SlotKind.CPF, "52998224725", True, "***.982.247-**"),
        (SlotKind.CPF, "529.982.247-24", True, None),
        (SlotKind.CPF, "111.111.111-11", True, None),
        (SlotKind.TIME, "às 3 da tarde", False, "15:00"),
        (SlotKind.TIME, "de manhã", True, None),
        (SlotKind.COMPANY, "sou da Padaria Pão Bom", False, "Padaria Pão Bom"),
        (SlotKind.COMPANY, "Norte Sul", True, "Norte Sul"),
        (SlotKind.COMPANY, "Norte Sul", False, None),
        (SlotKind.NEIGHBORHOOD, "algo na Vila Mariana", False, "Vila Mariana"),
        (SlotKind.NEIGHBORHOOD, "taquaral", True, "Taquaral"),
        (SlotKind.BEDROOMS, "quero 2 quartos", False, "2"),
        (SlotKind.BEDROOMS, "dois tá bom", True, "2"),
        (SlotKind.BEDROOMS, "2 ou 3", True, None),
        (SlotKind.BEDROOMS, "dois tá bom", False, None),
        (SlotKind.CHILD_NAME, "é pra minha filha Sofia", False, "Sofia"),
        (SlotKind.CHILD_NAME, "enzo", True, "Enzo"),
        (SlotKind.CHILD_AGE, "meu filho tem 4 anos", False, "4"),
        (SlotKind.CHILD_AGE, "4", True, "4"),
        (SlotKind.CHILD_AGE, "4", False, None),
    ],
)
def test_each_kind_reads_its_value(
    kind: SlotKind,
    text: str,
    asked: bool,  # noqa: FBT001 a table's column
    value: str | None,
) -> None:
    found = read_slot(free(kind), text, asked=asked)
    assert (found.value if found else None) == value


def test_a_day_is_meant_as_seen_from_the_day_it_was_written() -> None:
    slot, friday = free(SlotKind.DATE), date(2026, 11, 20)
    found = read_slot(slot, "pode ser terça?", asked=False, today=friday)
    assert found
    assert found.value == "2026-11-24"
    assert read_value(slot, "2026-11-24", today=friday) == "2026-11-24"
    assert read_value(slot, "semana que vem", today=friday) is None
    assert read_value(slot, "terça") is None


def free(kind: SlotKind) -> Slot:
    return Slot(
        key="livre",
        label="Livre",
        question="Qual?",
        weight=1,
        kind=kind,
        required=True,
        options=(),
        cues=(),
    )
