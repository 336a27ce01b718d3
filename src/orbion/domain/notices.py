"""What the owner of a business and other systems are told of: hand-offs, budgets, circuits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Self

from orbion.domain.identity import PHONE_SERVERS
from orbion.domain.playbook import Playbook
from orbion.domain.spend import ALARMS, Alarm
from orbion.domain.text import visible
from orbion.kit.ids import digest

LONGEST_EXCERPT: Final = 160
_REASONS: Mapping[str, str] = {
    "requested": "pediu para falar com uma pessoa",
    "loop": "repetiu a mesma mensagem várias vezes e precisa que alguém olhe",
}
_SCOPES: Mapping[str, str] = {"day": "de hoje", "month": "deste mês"}


class NoticeKind(StrEnum):
    """What happened; the names that the outgoing webhook uses."""

    HANDOFF = "handoff.requested"
    BUDGET = "budget.reached"
    CIRCUIT = "circuit.changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Stored before anybody is told; `details` hold no words of a customer and no secret.

    `account` is whose owner it concerns; None = the whole service. `at` in ms UTC.
    """

    kind: NoticeKind
    at: int
    details: Mapping[str, str | int | None]
    business: str | None = None
    account: str | None = None

    @property
    def is_for_owner(self) -> bool:
        """Whether it is worth a WhatsApp message: a customer waits, or the money is spent."""
        if self.kind is NoticeKind.HANDOFF:
            return True
        spent = self.details.get("percent") == ALARMS[-1] and self.details.get("scope") in _SCOPES
        return self.kind is NoticeKind.BUDGET and spent

    def to_payload(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "at": self.at,
            "details": dict(self.details),
            "business": self.business,
            "account": self.account,
        }

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Self:
        return cls(
            kind=NoticeKind(payload["kind"]),
            at=payload["at"],
            details=payload["details"],
            business=payload["business"],
            account=payload["account"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The customer of a hand-off: where to answer, and what was said last."""

    address: str
    name: str | None
    last_words: str

    @property
    def phone(self) -> str | None:
        """The digits that WhatsApp knows the customer by; None when it hides them."""
        user, _, server = self.address.partition("@")
        return user if server in PHONE_SERVERS and user.isdigit() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A notice as other systems get it; the same `id` at every attempt."""

    id: str
    notice: Notice

    @property
    def body(self) -> dict[str, Any]:
        at = datetime.fromtimestamp(self.notice.at / 1000, UTC)
        return {
            "id": self.id,
            "type": self.notice.kind,
            "timestamp": at.isoformat(timespec="milliseconds"),
            "business": self.notice.business,
            "account": self.notice.account,
            "data": dict(self.notice.details),
        }


def posted(notice: Notice, seq: int) -> Posted:
    """`seq` is its place among all notices; the time tells databases made anew apart."""
    return Posted(id=f"evt_{digest(notice.kind, str(seq), str(notice.at)).hex()}", notice=notice)


def handed_over(
    reason: str, *, business: str, account: str, conversation_id: int, at: int
) -> Notice:
    return Notice(
        kind=NoticeKind.HANDOFF,
        at=at,
        business=business,
        account=account,
        details={"conversation": conversation_id, "reason": _cut(reason)},
    )


def budget_reached(alarm: Alarm, *, account: str | None, at: int) -> Notice:
    return Notice(
        kind=NoticeKind.BUDGET,
        at=at,
        business=alarm.business,
        account=account,
        details={"scope": alarm.scope, "budget": alarm.key, "percent": alarm.percent},
    )


def circuit_changed(circuit: str, *, before: str, after: str, reason: str, at: int) -> Notice:
    details = {"circuit": circuit, "before": before, "after": after, "reason": reason}
    return Notice(kind=NoticeKind.CIRCUIT, at=at, details=details)


def owner_text(notice: Notice, playbook: Playbook, waiting: Waiting | None) -> str:
    """What the owner reads; `waiting` is the customer of a hand-off."""
    if notice.kind is NoticeKind.BUDGET:
        return _spent(notice, playbook)
    return "\n".join(_handed_over(notice, playbook, waiting))


def _spent(notice: Notice, playbook: Playbook) -> str:
    scope = _SCOPES.get(str(notice.details["scope"]), "")
    return (
        f"{playbook.business_name}: o orçamento {scope} do modelo de linguagem acabou. "
        f"{playbook.assistant_name} continua atendendo só com as respostas prontas do roteiro "
        "até o orçamento renovar ou aumentar."
    )


def _handed_over(notice: Notice, playbook: Playbook, waiting: Waiting | None) -> list[str]:
    code = str(notice.details["reason"])
    reason = _REASONS.get(code, f"assunto para uma pessoa: {code.replace('_', ' ')}")
    who = _cut(waiting.name or "") if waiting else ""
    lines = [f"{playbook.business_name}: {who or 'um cliente'} espera por alguém da equipe."]
    lines.append(f"Motivo: {reason}.")
    if waiting is not None and waiting.last_words:
        lines.append(f"Última mensagem: «{_cut(waiting.last_words)}»")
    if waiting is not None and waiting.phone is not None:
        lines.append(f"Conversa: https://wa.me/{waiting.phone}")
    lines.append(
        f"{playbook.assistant_name} fica em silêncio nessa conversa até alguém liberar. "
        "Responda ao cliente pelo número da empresa; esta mensagem é automática."
    )
    return lines


def _cut(text: str) -> str:
    """One line, not too long: it is quoted inside a sentence of ours."""
    line = " ".join(visible(text).split())
    return line if len(line) <= LONGEST_EXCERPT else f"{line[: LONGEST_EXCERPT - 1].rstrip()}…"
