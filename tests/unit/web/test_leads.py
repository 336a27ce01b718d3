"""Operators see a lead and move it only where its facts let it go."""

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
