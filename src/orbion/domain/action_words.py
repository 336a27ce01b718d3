"""The Portuguese verbs of what an assistant may claim to have done, and what backs each."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from orbion.domain.receipts import Deed

_SENT: Final = frozenset((Deed.SEND, Deed.PAY))
_BOOKED: Final = frozenset((Deed.BOOK, Deed.MOVE))
_TOLD: Final = frozenset((Deed.HAND_OVER, Deed.SEND))
_KEPT: Final = frozenset((Deed.NOTE,))
_REFUNDED: Final = frozenset((Deed.REFUND,))

VERBS: Final[Mapping[str, frozenset[Deed]]] = MappingProxyType(
    {
        **dict.fromkeys(("agend", "reserv", "marqu", "marc", "encaix", "segur"), _BOOKED),
        **dict.fromkeys(("separ", "garant", "bloque"), frozenset((Deed.BOOK, Deed.NOTE))),
        **dict.fromkeys(
            (
                "remarqu",
                "remarc",
                "reagend",
                "adi",
                "adiant",
                "antecip",
                "mud",
                "troqu",
                "troc",
                "prorrog",
                "posterg",
            ),
            _BOOKED,
        ),
        **dict.fromkeys(
            ("cancel", "desmarqu", "desmarc", "suspend", "interromp", "encerr"),
            frozenset((Deed.CANCEL,)),
        ),
        **dict.fromkeys(("estorn", "reembols"), _REFUNDED),
        **dict.fromkeys(
            ("remov", "tir", "exclu", "apagu", "apag", "descadastr", "retir", "delet"),
            frozenset((Deed.CANCEL, Deed.OPT_OUT)),
        ),
        **dict.fromkeys(
            ("envi", "mand", "remet", "dispar", "compartilh", "anex", "reenvi", "post"), _SENT
        ),
        **dict.fromkeys(
            ("ger", "emit", "cri", "abr", "fatur"),
            frozenset((Deed.PAY, Deed.NOTE, Deed.SEND, Deed.BOOK, Deed.HAND_OVER)),
        ),
        **dict.fromkeys(("encaminh", "repass", "pass", "direcion", "redirecion", "lev"), _TOLD),
        **dict.fromkeys(
            ("acion", "cham", "escal", "convoc", "transfer", "conect", "lig"),
            frozenset((Deed.HAND_OVER,)),
        ),
        **dict.fromkeys(
            ("avis", "notific", "notifiqu", "comunic", "comuniqu", "inform", "alert", "sinaliz"),
            _TOLD,
        ),
        **dict.fromkeys(
            ("solicit", "ped", "requisit", "program", "protocol", "agiliz"),
            _TOLD | _KEPT | _BOOKED,
        ),
        **dict.fromkeys(
            (
                *("registr", "anot", "cadastr", "atualiz", "salv", "grav", "inclu", "adicion"),
                *("inser", "lanc", "inscrev", "matricul", "corrig", "alter", "ajust"),
                *("document", "arquiv", "guard", "vincul", "associ", "configur", "prioriz"),
                *("regulariz", "normaliz", "embal", "empacot"),
            ),
            _KEPT,
        ),
        **dict.fromkeys(
            (
                *("aplic", "apliqu", "conced", "ativ", "liber", "desbloque", "reativ", "habilit"),
                *("renov", "abat", "credit", "destrav", "estend", "converti"),
            ),
            frozenset((Deed.APPLY,)),
        ),
        **dict.fromkeys(
            ("verific", "verifiqu", "consult", "chequ", "chec", "confer", "pesquis", "simul"),
            frozenset((Deed.CHECK, Deed.HAND_OVER)),
        ),
        **dict.fromkeys(
            ("aprov", "autoriz"),
            frozenset((Deed.CHECK, Deed.HAND_OVER, Deed.NOTE, Deed.APPLY, Deed.REFUND)),
        ),
        **dict.fromkeys(
            ("confirm",), frozenset((Deed.BOOK, Deed.MOVE, Deed.CHECK, Deed.HAND_OVER))
        ),
        **dict.fromkeys(
            ("finaliz", "conclu", "efetu", "realiz", "fech", "efetiv", "process"),
            frozenset((Deed.BOOK, Deed.NOTE, Deed.PAY, Deed.MOVE)),
        ),
        **dict.fromkeys(("coloqu", "bot"), frozenset((Deed.BOOK, Deed.NOTE, Deed.HAND_OVER))),
        "providenci": frozenset(Deed) - {Deed.CHECK},
        **dict.fromkeys(
            ("identifiqu", "identific", "localiz"),
            frozenset((Deed.CHECK, Deed.PAY, Deed.HAND_OVER)),
        ),
        **dict.fromkeys(("despach", "entreg"), _SENT | _KEPT),
        "imprim": frozenset((Deed.SEND,)),
        "assin": frozenset((Deed.NOTE, Deed.HAND_OVER)),
        **dict.fromkeys(("pag", "cobr", "debit"), frozenset((Deed.PAY,))),
    }
)
NOUNS: Final[Mapping[str, frozenset[Deed]]] = MappingProxyType(
    {
        "agendamento": _BOOKED,
        "reserva": _BOOKED,
        "visita": _BOOKED,
        "consulta": _BOOKED,
        "reuniao": _BOOKED,
        "horario": _BOOKED,
        "aula": _BOOKED,
        "vistoria": _BOOKED,
        "avaliacao": _BOOKED,
        "encaixe": _BOOKED,
        **dict.fromkeys(
            ("alteracao", "atualizacao", "mudanca", "ajuste", "correcao", "troca", "compra"), _KEPT
        ),
        **dict.fromkeys(("mesa", "vaga", "sala", "presenca", "instalacao", "retirada"), _BOOKED),
        **dict.fromkeys(("acesso", "entrega"), _KEPT | _BOOKED | _SENT | {Deed.APPLY}),
        "parcela": frozenset((Deed.PAY,)),
        **dict.fromkeys(("reagendamento",), _BOOKED),
        "remarcacao": frozenset((Deed.MOVE,)),
        "cancelamento": frozenset((Deed.CANCEL,)),
        "cadastro": _KEPT,
        "registro": _KEPT,
        "inscricao": _KEPT,
        "matricula": _KEPT,
        **dict.fromkeys(("pedido", "solicitacao", "chamado"), _KEPT | {Deed.HAND_OVER}),
        "envio": _SENT,
        "pagamento": frozenset((Deed.PAY, Deed.CHECK)),
        "transferencia": frozenset((Deed.HAND_OVER,)),
        **dict.fromkeys(
            ("simulacao", "analise", "financiamento", "credito", "aprovacao"),
            frozenset((Deed.CHECK, Deed.HAND_OVER, Deed.NOTE)),
        ),
        **dict.fromkeys(("lembrete", "alerta", "protocolo"), _KEPT | _BOOKED),
        **dict.fromkeys(("desconto", "cupom"), frozenset((Deed.APPLY, Deed.NOTE))),
        **dict.fromkeys(("estorno", "reembolso", "devolucao"), _REFUNDED),
        "cobranca": frozenset((Deed.PAY, Deed.CANCEL)),
        "boleto": _SENT,
        "contrato": frozenset((Deed.SEND,)),
        "proposta": frozenset((Deed.SEND,)),
    }
)
DOCUMENTS: Final = (
    r"contrato|proposta|documento|catalogo|tabela|folder|ficha|planta|pdf|apresentacao|fotos?"
    r"|orcamento|material|portfolio|video|cronograma|comprovante|mapa|localizacao"
)
