"""Tell from a tool's name what it can have done, whoever named it and in which language."""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from orbion.domain.text import words


class Deed(StrEnum):
    BOOK = "book"
    MOVE = "move"
    CANCEL = "cancel"
    REFUND = "refund"
    SEND = "send"
    PAY = "pay"
    HAND_OVER = "hand_over"
    NOTE = "note"
    CHECK = "check"
    APPLY = "apply"
    OPT_OUT = "opt_out"


_PART: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_READING: Final = words(
    "search get list find lookup query fetch check read consult verif show view availab status "
    "track"
    " valid simul calc estimat analy buscar busca consulta listar pesquis look see describe browse"
)
_CANCELLING: Final = words("cancel delete remov desmarc estorn refund release unbook void clear")
_REFUNDING: Final = words("refund estorn reembols chargeback void")
_MOVING: Final = words("reschedul reagend remarc postpone rebook")
_CHANGING: Final = words("move change update edit alter mudar trocar")
_OPTING: Final = words("opt unsubscrib optout blocklist dnd descadastr")
_DOING: Final = words("create add insert confirm make new set criar register place finalize save")
_EVENTS: Final = words("appoint visit meeting slot event calendar booking agenda visita horario")
_ROOTS: Final[Mapping[Deed, tuple[str, ...]]] = MappingProxyType(
    {
        Deed.BOOK: tuple(words("book schedul reserv hold agend marc encaix appoint")),
        Deed.SEND: tuple(
            words(
                "send mail email document enviar envia envio mandar manda whatsapp sms attach share"
                " deliver dispatch pdf file contract contrat proposal propost catalog message post"
                " resend upload quote"
            )
        ),
        Deed.PAY: tuple(
            words("payment pay pix boleto charg invoice checkout bill cobranc fatur pagamento")
        ),
        Deed.HAND_OVER: tuple(
            words(
                "human hand handoff handover transfer escalat agent attend atend person assign "
                "route"
                " encaminh notif alert call callback team forward queue manager repass chamar "
                "acionar"
                " operator supervisor specialist consultant seller vendedor humano support page"
                " request"
            )
        ),
        Deed.NOTE: tuple(
            words(
                "record update lead fact save store registr register anot note crm cadastr create "
                "add"
                " insert write atualiz profile contact customer log ticket tag stage preference "
                "upsert"
                " order pedido waitlist enrol inscrev matricul set open put salvar gravar capture"
                " remember memo"
            )
        ),
        Deed.APPLY: tuple(words("apply activ discount unlock enable coupon aplic liber ativ")),
    }
)


def deeds(tool: str) -> frozenset[Deed]:
    """All that a tool of this name may have done; reading does nothing but find out."""
    said = [part.lower() for part in _PART.findall(tool)]
    if _any(said, _OPTING):
        return frozenset((Deed.OPT_OUT, Deed.CANCEL, Deed.NOTE))
    if _any(said, _MOVING) or (_any(said, _CHANGING) and _any(said, _EVENTS)):
        return frozenset((Deed.MOVE, Deed.BOOK))
    if _any(said, _REFUNDING):
        return frozenset((Deed.REFUND, Deed.CANCEL, Deed.PAY))
    if _any(said[:1], _CANCELLING):
        return frozenset((Deed.CANCEL,))
    asked = [*said[:1], *(each for each in said[1:] if each != "consulta")]  # a visit to a doctor
    return frozenset((Deed.CHECK,)) if _any(asked, _READING) else _done(said)


def _done(said: Sequence[str]) -> frozenset[Deed]:
    found = frozenset(deed for deed, roots in _ROOTS.items() if _any(said, roots))
    if _any(said, _DOING) and _any(said, _EVENTS):
        found = found - {Deed.NOTE} | {Deed.BOOK}
    if _any(said, _CHANGING):
        found |= {Deed.NOTE}
    if Deed.PAY in found:
        return found - {Deed.SEND, Deed.NOTE}
    if Deed.SEND in found:
        return found - {Deed.NOTE, Deed.BOOK, Deed.HAND_OVER}
    return found - {Deed.NOTE} if Deed.BOOK in found else found


def _any(words: Iterable[str], roots: Iterable[str]) -> bool:
    return any(word.startswith(root) for word in words for root in roots)
