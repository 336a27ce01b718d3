"""Signs that something was done, in words of their own: «segue o contrato», «seu pix caiu»."""

from collections.abc import Iterator
from typing import Final

from orbion.domain.action_words import DOCUMENTS, NOUNS
from orbion.domain.claims import STEMS, THINGS, ActionClaim, claim, real
from orbion.domain.receipts import Deed
from orbion.kit.pattern import Pattern

_HELD: Final = Pattern(
    r"\b(?:sua|seu|o|a) (?:visita|consulta|horario|reuniao|aula|vistoria|avaliacao|atendimento"
    r"|encontro|vaga)"
    r"(?: (?:com|da|do|na|no) (?:\w+ ){1,2})? ?(?:ja )?(?:ficou|esta|ta|e|eh) (?:pra|para|na|no"
    r"|as|em|garantid|cert|confirmad|de pe)\w*"
    r"|\b(?:ficou|mudou|passou)(?: \w+)? (?:pra|para|na|no|as)(?: o| a)? (?:dia|&|hoje|amanha"
    r"|segunda|terca|quarta|quinta|sexta|sabado|domingo|\d)"
    rf"|\btudo certo (?:com|para|pra) (?:o |a |seu |sua )?(?:{THINGS})\b"
    r"|\bdeixei (?:o |seu |teu )?(?:nome|contato|numero|telefone)\b"
    r"|\bdeixei (?:um |uma )?(?:recado|aviso|mensagem|bilhete|nota|pedido)\b"
    r"|\b(?:ja )?(?:ta|esta|entrou|coloquei|botei|pus|deixei)(?: \w+){0,3} (?:na|em) (?:nossa "
    r")?agenda\b"
)
_GONE: Final = Pattern(
    r"\b(?:segue|seguem|mando|envio)(?: (?:aqui|abaixo|ai|em anexo|anexo|agora|o|a|os|as|seu|sua"
    r"|ja))* "
    rf"(?:{DOCUMENTS}|boleto|link|pix|qr|chave|codigo|comprovante|arquivo)\w*"
    rf"|\b(?:aqui|ai) (?:esta|ta|vai|vao|estao)(?: (?:o|a|os|as|seu|sua))* "
    rf"(?:{DOCUMENTS}|boleto|link|pix|qr|chave|codigo|comprovante|arquivo)\w*"
    r"|\bem anexo\b|\b(?:ja )?(?:ta|esta|foi|chegou|caiu|chega|acabou de ir|deve estar|deve ter "
    r"chegado)(?: \w+){0,2} (?:no|pro|ao|para o) seu (?:e-?mail|zap|whats\w*|celular)\b"
    r"|\b(?:confere|confira|olha|da uma olhada|veja|verifica|dá uma olhada)(?: \w+){0,3} (?:seu"
    r"|sua|no seu|na sua) (?:e-?mail|caixa de entrada|spam)\b"
)
_CALLED: Final = Pattern(
    r"\b(?:atendente|consultor\w*|vendedor\w*|equipe|time|gerente|especialista|corretor\w*"
    r"|secretaria|responsavel|pessoal|colega)\b"
    r"(?: \w+){0,3} (?:ja )?(?:foi|esta|ta|recebeu|foram|estao|tem|sabe|viu|pegou|assumiu|ja)\b"
    r"(?: \w+){0,3} ?(?:avisad|acionad|notificad|cient|sabendo|seus? dados|seu (?:caso|pedido"
    r"|contato|numero)|chamad|informad|ciente|a par|assumindo|a caminho|recebeu)\w*"
    r"|\b(?:voce|vc|seu (?:nome|numero|caso|contato)) (?:ja )?(?:esta|ta|entrou|foi|consta)"
    r"(?: \w+){0,2} (?:na fila|na lista|inscrit|cadastrad|no sistema|matriculad|registrad)\w*"
)
_GRANTED: Final = Pattern(
    r"\b(?:gerente|gerencia|diretora?|diretoria|proprietari[oa]|don[oa]|equipe|banco|responsavel"
    r"|coordena\w+|supervisora?|chefe|financeiro|consultora?|corretora?|medic[oa]|pessoal)"
    r"(?: \w+){0,2}? (?:ja )?(?:me |te )?(?:liberou|aceitou|autorizou|aprovou|confirmou|topou"
    r"|concordou"
    r"|deixou|garantiu|conseguiu|fechou|reservou|separou)\b"
)
_OURS: Final = Pattern(
    r"^\W*(?:pronto |prontinho )?(?:ja )(?:esta|ta) n[oa] (?:sistema|lista|agenda|fila|cadastro)\b|"
    r"\b(?:vaga|horario|lugar|unidade|apartamento|desconto) (?:ja )?(?:e|eh) (?:toda |todo"
    r" )?(?:su[ao]|teu|tua)\b"
    r"|\b(?:tecnic\w+|entregador\w*|motoboy|instalador\w*|corretor\w*|pedido|equipe|encomenda"
    r"|produto|consultor\w*|material)(?: \w+){0,2} (?:a caminho|(?:ja )?(?:saiu|saindo|foi"
    r" despachad\w+|em rota))\b"
    r"|\b(?:seu|o|sua|a) e-?mail (?:ja )?(?:deve ter chegado|chegou|foi)\b"
)
# «Seu plano já está ativo», «já tô com seu pedido em separação», «a mesa está em seu nome».
_STATE: Final = (
    r"(?:ativ[oa]|valendo|vigente|em (?:separacao|producao|andamento|analise|preparo|rota"
    r"|transito|processamento|execucao)|n[oa] (?:portaria|lista|fila|agenda|cozinha|producao"
    r"|expedicao|sistema|forno|cadastro|estoque)|a caminho)\b"
)
_IN_HAND: Final = Pattern(
    rf"\b(?:seus?|suas?|teu|tua) (?:\w+ ){{1,4}}?(?:ja |agora )?(?:esta|ta|tao|estao) (?:ja )?"
    rf"{_STATE}"
    rf"|\b(?:ja|agora) (?:to|tou|estou|estamos|tamo|ta|esta) (?:\w+ )?(?:seus?|suas?|teu|tua)"
    rf" (?:\w+ ){{1,3}}?{_STATE}"
    r"|\bja (?:esta|ta|ficou) (?:\w+ ){0,3}?(?:em|no) (?:seu nome|nome d[aeo])\b"
    r"|\b(?:ja )?consta(?:m)?(?: \w+){0,3} (?:seus?|suas?|teu|tua)\b"
    r"|\b(?:seus?|suas?|teu|tua) \w+(?: \w+)? (?:ja )?consta(?:m)?\b"
)
# «Deixei pago», «deixamos tudo certo»: whatever was done, it was done for somebody.
_LEFT: Final = Pattern(
    r"\bdeix(?:ei|amos) (?:(?:ja|tudo|o|a|os|as|seus?|suas?|teu|tua|la|aqui|bem|\w+) ){0,3}?"
    r"(?:pag[oa]|pront[oa]|cert[oa]|acertad[oa]|combinad[oa]|post[oa]|abert[oa])s?\b"
)
# «A moça da recepção já anotou seu nome»: somebody of ours did.
_STAFF_DID: Final = Pattern(
    rf"\b(?:moc[ao]|menin[ao]|recepcao|recepcionista|atendente|tecnic[ao]|corretor[a]?|secretaria"
    rf"|consultor[a]?|vendedor[a]?|equipe|time|pessoal|gerente|financeiro|motorista|motoboy"
    rf"|entregador|instalador|medic[ao]|professor[a]?|colega|galera|setor|suporte|central)"
    rf"(?: d[aeo] \w+)? ja (?:te |lhe |me )?(?:{STEMS})(?:ou|eu|iu)\b"
    r"(?! (?:por )?(?:ai|la|aqui)\b)"
)
# «Te mando em seguida» is still to come.
_TO_COME: Final = Pattern(r"(?:mando|envio)\b")
_THEN_I: Final = Pattern(r"\b(?:que|e|ai|dai|entao) eu (?:(?:ja|te|lhe|logo) )*$")
_LATER: Final = Pattern(
    r"\b(?:em seguida|daqui a pouco|ja ja|depois|mais tarde|amanha|logo mais|logo em seguida|em"
    r" breve"
    r"|em instantes|em \d+ min\w*)\b"
)
_LOOKED: Final = Pattern(
    r"\b(?:olhei|vi|dei uma olhada) (?:aqui )?(?:n[oa]|a|o|com) (?:nossa |nosso )?(?:agenda|estoque"
    r"|sistema"
    r"|calendario|planilha|cadastro)\b"
)
_KNOWING: Final = Pattern(
    r"\b(?:coordena\w+|diretor\w*|gerente|equipe|time|financeiro|tecnic\w+|consultor\w*|corretor\w*"
    r"|responsavel|secretaria|pessoal|atendente|especialista)(?: \w+){0,2} (?:sabe|soube|viu"
    r"|recebeu|tem"
    r"|pegou|assumiu)(?: d?[oa]s?)? (?:o )?seus? (?:caso|pedido|contato|dados|numero|documentos?)\b"
)
_PAID: Final = Pattern(
    r"\bdei baixa\b|\bbaixei (?:o |seu )*(?:boleto|debito|pagamento)\b|\breceb(?:i|emos) (?:aqui |o"
    r" |a |ja |seu |sua |teu )*(?:pagamento|pix|deposito|valor"
    r"|transferencia"
    r"|entrada|sinal)\b"
    r"|\b(?:pagamento|pix|deposito|transferencia|comprovante)(?: \w+){0,2} (?:caiu|entrou|consta"
    r"|compensou"
    r"|aprovad\w|baixad\w)\b"
)
_PROTOCOL: Final = Pattern(
    r"\b(?:numero d[eo] )?protocolo(?: (?:e|n|numero|de atendimento|:))* ?[#:]? ?\d+"
)
_SIGNS: Final = (
    (_HELD, NOUNS["visita"] | {Deed.HAND_OVER}),
    (_GONE, frozenset((Deed.SEND, Deed.PAY))),
    (_CALLED, frozenset((Deed.HAND_OVER, Deed.NOTE))),
    (_GRANTED, frozenset((Deed.HAND_OVER, Deed.CHECK))),
    (_OURS, frozenset((Deed.BOOK, Deed.HAND_OVER, Deed.SEND, Deed.NOTE, Deed.APPLY))),
    (_KNOWING, frozenset((Deed.HAND_OVER, Deed.NOTE, Deed.SEND))),
    (_LOOKED, frozenset((Deed.CHECK,))),
    (_PAID, frozenset((Deed.PAY, Deed.CHECK))),
    (_IN_HAND, frozenset(Deed) - {Deed.CHECK}),
    (_LEFT, frozenset(Deed) - {Deed.CHECK}),
    (_STAFF_DID, frozenset((Deed.HAND_OVER, Deed.NOTE))),
    (_PROTOCOL, frozenset((Deed.NOTE, Deed.HAND_OVER, Deed.BOOK))),
)


def find_signs(text: str) -> Iterator[ActionClaim]:
    for pattern, backed in _SIGNS:
        yield from (
            claim(found, backed)
            for found in real(pattern, text)
            if not (_TO_COME.match(found.group()) and _is_to_come(text, found.start()))
        )


def _is_to_come(text: str, start: int) -> bool:
    return _LATER.search(text) is not None or _THEN_I.search(text[:start]) is not None
