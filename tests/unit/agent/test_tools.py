"""Each tool keeps the contract: strict schema, server's conversation, errors a model can act on."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from orbion.agent.tools import SPECS, TOOLS, run_tool
from orbion.agent.tools.tool import Arguments, Effects, Scene, Tool
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.domain.turns import ToolCall
from tests.support.playbooks import solar
from tests.support.turns import turn

SNAPSHOT = Path(__file__).parent / "tool_schemas.json"
SCENE = Scene(playbook=solar(), given=turn("oi, sou a Ana", "moro em Itu e pago 450 reais de luz"))


async def use(name: str, arguments: object, scene: Scene = SCENE) -> tuple[Any, Effects]:
    written = arguments if isinstance(arguments, str) else msgspec.json.encode(arguments).decode()
    outcome = await run_tool(ToolCall(id="1", name=name, arguments=written), scene)
    return msgspec.json.decode(outcome.text), outcome.effects


def test_the_schemas_are_those_of_the_snapshot() -> None:
    """A changed schema changes what the model does: read the difference, then write the file."""
    schemas = {spec.name: msgspec.to_builtins(spec) for spec in SPECS}
    assert json.loads(SNAPSHOT.read_text()) == schemas


def test_every_schema_is_strict_and_takes_nothing_that_names_a_conversation() -> None:
    for spec in SPECS:
        assert spec.parameters["type"] == "object"
        for level in objects(spec.parameters):
            assert level["additionalProperties"] is False
            assert level["required"] == list(level["properties"])
            named = {"conversation", "phone", "address", "contact", "id", "to"}
            assert not named & set(level["properties"])


def objects(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [found for item in schema for found in objects(item)]
    if not isinstance(schema, dict):
        return []
    here = [schema] if schema.get("type") == "object" else []
    return here + [found for item in schema.values() for found in objects(item)]


BROKEN = [
    *("", "{", "null", "[]", "3", '"x"', "{}", '{"query": 1}', '{"query": "x", "to": "55"}'),
    *('{"facts": [{}]}', '{"facts": "nome"}', "[" * 100_000, '{"a":' + "[" * 100_000, "\ud800"),
]


@pytest.mark.parametrize("name", [*TOOLS, "send_message"])
@pytest.mark.parametrize("arguments", BROKEN, ids=lambda text: ascii(text[:20]))
async def test_bad_arguments_come_back_as_a_short_error_and_do_nothing(
    name: str, arguments: str
) -> None:
    if name == "search_knowledge" and arguments == '{"query": "x"}':
        return
    told, effects = await use(name, arguments)
    assert 0 < len(told["error"]) < 200
    assert effects == Effects()


async def test_an_error_says_what_to_send_and_repeats_nothing_of_the_model() -> None:
    told, _ = await use("search_knowledge", {"R$ 9.000,00": "golpe.com"})
    assert "query" in told["error"]
    assert "9.000" not in told["error"]
    told, _ = await use("R$ 9.000,00", {})
    assert "search_knowledge" in told["error"]
    assert "9.000" not in told["error"]


@settings(max_examples=200, deadline=None)
@drawn(
    name=st.sampled_from(sorted(TOOLS)),
    arguments=st.text()
    | st.fixed_dictionaries(
        {}, optional={key: st.text() for key in ("query", "quote", "reason")}
    ).map(json.dumps)
    | st.lists(
        st.fixed_dictionaries({key: st.text() for key in ("slot", "value", "quote")}), max_size=3
    ).map(lambda facts: json.dumps({"facts": facts})),
)
async def test_a_tool_never_raises_to_the_model(name: str, arguments: str) -> None:
    told, effects = await use(name, arguments)
    assert isinstance(told, dict)
    assert all(fact.slot in {slot.key for slot in solar().slots} for fact in effects.facts)


async def test_a_tool_whose_outside_is_down_says_so() -> None:
    async def down(_: Arguments, __: Scene) -> Any:
        raise UnavailableError(FaultCode.DB_BUSY, "secret detail")

    tool = Tool(name="agenda", description="", arguments=Arguments, run=down)
    outcome = await tool("{}", SCENE)
    assert "error" in msgspec.json.decode(outcome.text)
    assert "secret" not in outcome.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("qual o horário de atendimento?", "das 8h às 18h"),
        ("onde fica a loja?", "Taquaral"),
        ("quanto custa o kit 5?", "R$ 17.500,00"),
        ("kit 8", "R$ 25.900,00"),
        ("garantia", "25 anos"),
    ],
)
async def test_knowledge_is_found_with_its_fact_ids(query: str, found: str) -> None:
    told, _ = await use("search_knowledge", {"query": query})
    assert any(found in each["text"] for each in told["found"])
    assert all(each["fact_ids"] for each in told["found"])


async def test_what_the_data_do_not_say_is_not_found() -> None:
    told, _ = await use("search_knowledge", {"query": "vocês vendem carro elétrico?"})
    assert set(told) == {"error"}


def said(slot: str, value: str, quote: str) -> dict[str, str]:
    return {"slot": slot, "value": value, "quote": quote}


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        (said("nome", "Ana", "sou a Ana"), "Ana"),
        (said("cidade", "Itu", "moro em Itu"), "Itu"),
        (said("valor_conta", "R$ 450", "450 reais"), "R$ 450,00"),
    ],
)
async def test_a_fact_in_the_customers_words_is_noted(fact: dict[str, str], value: str) -> None:
    told, effects = await use("record_facts", {"facts": [fact]})
    assert told == {"recorded": [fact["slot"]]}
    assert [each.value for each in effects.facts] == [value]


@pytest.mark.parametrize(
    "fact",
    [
        said("nome", "Ana", "me chamo Ana"),
        said("nome", "Bia", "sou a Ana"),
        said("valor_conta", "R$ 9.000", "450 reais"),
        said("valor_conta", "R$ 9.000", "oi"),
        said("cor", "azul", "oi"),
        said("cidade", "Itu", ""),
    ],
)
async def test_a_fact_without_proof_is_not_noted_and_the_model_learns_why(
    fact: dict[str, str],
) -> None:
    told, effects = await use("record_facts", {"facts": [fact, said("nome", "Ana", "a Ana")]})
    assert told["recorded"] == ["nome"]
    assert "valor_conta" in told["slots"]
    assert [each.value for each in effects.facts] == ["Ana"]


async def test_a_reason_for_a_person_is_cut_short() -> None:
    _, effects = await use("request_human", {"reason": "x" * 5_000})
    assert effects == Effects(handoff="x" * 200)


async def test_the_customers_own_words_opt_out() -> None:
    told, effects = await use("record_opt_out", {"quote": "Moro em Itu"})
    assert "recorded" in told
    assert effects == Effects(opted_out=True)
