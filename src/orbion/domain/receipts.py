"""Tell from a tool's name what it can have done, whoever named it and in which language."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Deed(StrEnum):
    BOOK = "book"
    MOVE = "move"
    CANCEL = "cancel"
    SEND = "send"
    PAY = "pay"
    HAND_OVER = "hand_over"
    NOTE = "note"
    CHECK = "check"
    APPLY = "apply"
    OPT_OUT = "opt_out"


_PART: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_READING: Final = (
    "search get list find lookup query fetch check read consult verif show view availab status track"
    " valid simul calc estimat analy buscar busca consulta listar pesquis look see describe browse"
).split()
_CANCELLING: Final = "cancel delete remov desmarc estorn refund release unbook void clear".split()
_MOVING: Final = "reschedul reagend remarc postpone rebook".split()
_CHANGING: Final = "move change update edit alter mudar trocar".split()
_OPTING: Final = "opt unsubscrib optout blocklist dnd descadastr".split()
_DOING: Final = "create add insert confirm make new set criar register place finalize save".split()
_EVENTS: Final = "appoint visit meeting slot event calendar booking agenda visita horario".split()
_ROOTS: Final[Mapping[Deed, tuple[str, ...]]] = MappingProxyType(
    {
        Deed.BOOK: tuple("book schedul reserv hold agend marc encaix appoint".split()),
        Deed.SEND: tuple(
            "send mail email document enviar envia envio mandar manda whatsapp sms attach share"
            " deliver dispatch pdf file contract contrat proposal propost catalog message post"
            " resend upload quote".split()
        ),
        Deed.PAY: tuple(
            "payment pay pix boleto charg invoice checkout bill cobranc fatur pagamento".split()
        ),
        Deed.HAND_OVER: tuple(
            "human hand handoff handover transfer escalat agent attend atend person assign route"
            " encaminh notif alert call callback team forward queue manager repass chamar acionar"
            " operator supervisor specialist consultant seller vendedor humano support page"
            " request".split()
        ),
        Deed.NOTE: tuple(
            "record update lead fact save store registr register anot note crm cadastr create add"
            " insert write atualiz profile contact customer log ticket tag stage preference upsert"
            " order pedido waitlist enrol inscrev matricul set open put salvar gravar capture"
            " remember memo".split()
        ),
        Deed.APPLY: tuple("apply activ discount unlock enable coupon aplic liber ativ".split()),
    }
)


def deeds(tool: str) -> frozenset[Deed]:
    """All that a tool of this name may have done; reading does nothing but find out."""
    words = [part.lower() for part in _PART.findall(tool)]
    if _any(words, _OPTING):
        return frozenset((Deed.OPT_OUT, Deed.CANCEL, Deed.NOTE))
    if _any(words, _MOVING) or _any(words, _CHANGING) and _any(words, _EVENTS):
        return frozenset((Deed.MOVE, Deed.BOOK))
    if _any(words[:1], _CANCELLING):
        return frozenset((Deed.CANCEL,))
    if _any(words, _READING):
        return frozenset((Deed.CHECK,))
    found = {deed for deed, roots in _ROOTS.items() if _any(words, roots)}
    if _any(words, _DOING) and _any(words, _EVENTS):
        found = found - {Deed.NOTE} | {Deed.BOOK}
    if Deed.BOOK in found and Deed.SEND not in found:
        found -= {Deed.NOTE}
    if Deed.PAY in found:
        found -= {Deed.SEND, Deed.NOTE}
    elif Deed.SEND in found:
        found -= {Deed.NOTE, Deed.BOOK, Deed.HAND_OVER}
    return frozenset(found)


def _any(words: Iterable[str], roots: Iterable[str]) -> bool:
    return any(word.startswith(root) for word in words for root in roots)
