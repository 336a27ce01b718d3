"""Operators see a lead, move it only where its facts let it go, and say what it is worth."""

from typing import Any

import pytest

from tests.unit.web.house import OPERATOR, house


@pytest.mark.parametrize(
    ("lead_id", "body", "status", "told"),
    [
        (7, {"stage": "perdeu", "reason": "preco"}, 200, '"reason":"preco"'),
        (7, {"stage": "ganhou"}, 409, "needs first: valor_conta, cidade"),
        (7, {"stage": "perdeu"}, 422, "needs a reason"),
        (7, {"stage": "perdeu", "reason": "azar"}, 422, "sem_prioridade"),
        (7, {"stage": "nenhum"}, 422, "there is no stage 'nenhum'"),
        (8, {"stage": "novo"}, 404, "there is no lead 8"),
    ],
)
async def test_a_lead_is_moved_or_it_is_said_why_not(
    lead_id: int, body: Any, status: int, told: str
) -> None:
    async with house() as built:
        path = f"/admin/leads/{lead_id}/stage"
        answer = await built.client.post(path, headers=OPERATOR, json=body)
        assert (answer.status_code, told in answer.text) == (status, True)


@pytest.mark.parametrize(("lead_id", "status"), [(7, 200), (8, 404)])
async def test_a_lead_is_shown_with_what_is_known(lead_id: int, status: int) -> None:
    async with house() as built:
        answer = await built.client.get(f"/admin/leads/{lead_id}", headers=OPERATOR)
        assert answer.status_code == status
        assert status != 200 or answer.json()["lead"]["facts"] == {"nome": "Ana"}


@pytest.mark.parametrize(
    ("lead_id", "body", "status", "told"),
    [
        (7, {"value_centavos": 1_750_000}, 200, '"value":1750000'),
        (7, {"value_centavos": None}, 200, '"value":null'),
        (7, {"value_centavos": -1}, 422, "value_centavos"),
        (7, {"value_centavos": 10**16}, 422, "value_centavos"),
        (7, {}, 422, "value_centavos"),
        (8, {"value_centavos": 1}, 404, "no such lead"),
    ],
)
async def test_the_value_of_a_lead_is_said_or_it_is_told_what_is_wrong(
    lead_id: int, body: Any, status: int, told: str
) -> None:
    async with house() as built:
        path = f"/admin/leads/{lead_id}/value"
        answer = await built.client.put(path, headers=OPERATOR, json=body)
        assert (answer.status_code, told in answer.text) == (status, True)


async def test_the_forecast_weighs_what_leads_are_worth() -> None:
    async with house() as built:
        forecast = "/admin/leads/forecast"
        (none,) = (await built.client.get(forecast, headers=OPERATOR)).json()["items"]
        assert (none["business"], none["expected"], none["left_out"]) == ("sol", 0, 1)
        worth = {"value_centavos": 1_000_000}
        await built.client.put("/admin/leads/7/value", headers=OPERATOR, json=worth)
        (found,) = (await built.client.get(forecast, headers=OPERATOR)).json()["items"]
        assert (found["expected"], found["left_out"]) == (50_000, 0)
        assert (await built.client.get(forecast)).status_code == 401
