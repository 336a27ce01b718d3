"""A lead goes only where its facts let it, a loss has a reason, and whoever gives up is let go."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orbion.domain.errors import FaultCode, RefusedError, RejectedError
from orbion.domain.leads import Lead
from orbion.domain.losses import loss_reason
from orbion.domain.pipeline import LOST, WON, LossReason, check_move, is_over, next_stage
from tests.support.playbooks import solar

SOLAR = solar()
NEW = Lead(id=7, contact_id=1, stage="novo", score=0)
WHOLE = dict.fromkeys((slot.key for slot in SOLAR.slots), "x")
STAGES = [stage.key for stage in SOLAR.stages]


def at(stage: str, **facts: str) -> Lead:
    return replace(NEW, stage=stage, facts=facts)


@pytest.mark.parametrize(
    ("stage", "learnt", "after"),
    [
        ("novo", True, "em_conversa"),
        ("qualificado", True, "qualificado"),
        (WON, True, WON),
        (LOST, False, LOST),
        (LOST, True, "em_conversa"),
        ("de_outro_playbook", True, "em_conversa"),
    ],
)
def test_a_turn_never_lowers_a_stage_and_wakes_only_a_lost_lead(
    stage: str, after: str, *, learnt: bool
) -> None:
    assert next_stage(SOLAR, at(stage), {"nome": "Ana"}, learnt=learnt) == after
    assert is_over(at(stage)) is (stage in {WON, LOST})


@pytest.mark.parametrize(
    ("lead", "to", "reason", "code", "told"),
    [
        (NEW, "fechado", None, FaultCode.INPUT_BAD, "there is no stage 'fechado'; write one of"),
        (NEW, LOST, None, FaultCode.INPUT_BAD, "'perdeu' needs a reason: sem_prioridade"),
        (NEW, WON, LossReason.PRICE, FaultCode.INPUT_BAD, "'ganhou' has no reason"),
        (at("novo", nome="Ana"), WON, None, FaultCode.CONFLICT, "needs first: valor_conta, cidade"),
        (at("novo"), "qualificado", None, FaultCode.CONFLICT, "first: nome, valor_conta, cidade"),
        (at(WON, **WHOLE), "novo", None, FaultCode.CONFLICT, "it can only be lost again"),
    ],
)
def test_a_move_that_may_not_be_says_why(
    lead: Lead, to: str, reason: LossReason | None, code: FaultCode, told: str
) -> None:
    with pytest.raises((RejectedError, RefusedError)) as caught:
        check_move(SOLAR, lead, to=to, reason=reason)
    assert caught.value.code is code
    assert told in str(caught.value)


@given(
    st.sampled_from([*STAGES, WON, LOST]),
    st.sampled_from([*STAGES, WON, LOST, "outro"]),
    st.sets(st.sampled_from(list(WHOLE))),
)
def test_no_move_leaves_the_graph(stage: str, to: str, known: set[str]) -> None:
    lead = at(stage, **dict.fromkeys(sorted(known), "x"))
    try:
        check_move(SOLAR, lead, to=to, reason=LossReason.PRICE if to == LOST else None)
    except (RejectedError, RefusedError):
        return
    needed = {each.key: each.requires for each in SOLAR.stages} | {WON: SOLAR.stages[-1].requires}
    assert to in {*STAGES, WON, LOST}
    assert set(needed.get(to, ())) <= known
    assert stage != WON or to == LOST


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("já fechei com outra empresa", LossReason.OTHER_SUPPLIER),
        ("vou ficar com o concorrente mesmo", LossReason.OTHER_SUPPLIER),
        ("achei caro, não vou fazer", LossReason.PRICE),
        ("desisti pelo preço", LossReason.PRICE),
        ("isso não é prioridade agora", LossReason.NO_PRIORITY),
        ("era só curiosidade mesmo", LossReason.CURIOSITY),
        ("não serve pra mim", LossReason.NO_FIT),
        ("desisti", LossReason.GAVE_UP),
        ("oi. não tenho mais interesse, obrigada", LossReason.GAVE_UP),
        ("não vou mais fazer", LossReason.GAVE_UP),
        ("achei caro", None),
        ("não tenho interesse em sala, só quarto e cozinha", None),
        ("não me tira da lista não, tenho interesse", None),
        ("se eu desistir tem multa?", None),
        ("desisti de procurar sozinha, quero ajuda", None),
        ("já comprei o terreno, agora quero construir", None),
        ("esse tipo de telhado não me interessa", None),
    ],
)
def test_who_gives_up_says_so(text: str, why: LossReason | None) -> None:
    assert loss_reason(text) is why
