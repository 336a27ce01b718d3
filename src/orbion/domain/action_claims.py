"""Find what a reply claims to have done, and whether this turn's tools can have done it."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from orbion.domain.action_words import DOCUMENTS, NOUNS, VERBS
from orbion.domain.clauses import Clause, clauses, is_denied
from orbion.domain.other_deeds import find_other_deeds
from orbion.domain.receipts import Deed, deeds
from orbion.domain.states_of_things import is_general, tells_of_thing
from orbion.domain.text import compose, fold, visible
from orbion.kit.pattern import Pattern

_STEMS: Final = "|".join(sorted(VERBS, key=len, reverse=True))
_NOUNS: Final = "|".join(NOUNS)
_PAST: Final = Pattern(rf"\b({_STEMS})(?:ei|i|uei|quei)\b")
_WE: Final = Pattern(
    rf"\b(?:ja|acabamos de|nos|prontinho|pronto)\b[^.!?]{{0,25}}\b({_STEMS})(?:amos|imos|emos)\b"
    rf"|\ba gente (?:ja )?(?:te |lhe )?({_STEMS})(?:ou|eu|iu)\b"
    rf"|\b({_STEMS})(?:amos|imos) (?:agora|hoje|o seu|a sua|seu|sua|pra voce|pra vc|para voce)\b"
    rf"|\b({_STEMS})(?:amos|imos)(?: entao)? (?:pra|para) (?:o |a )?(?:dia|hoje|amanha|segunda"
    rf"|terca"
    r"|quarta|quinta|sexta|sabado|domingo|\d)"
    rf"|\b({_STEMS})(?:amos|imos) (?:\w+ ){{1,3}}(?:pra|para) (?:voces?|vcs?)\b"
    rf"|^\W*({_STEMS})(?:amos|imos)\s*$"
)
_JUST: Final = Pattern(
    rf"\b(?:acab(?:ei|o|amos|ou) de|consegui(?:mos)?|deu pra|tomei a liberdade de|aproveitei "
    rf"(?:pra|para|e)) (?:ja |te |lhe |me )?({_STEMS})(?:ar|er|ir|uir|irmos|ear|iar|r)\b"
)
_NOW: Final = Pattern(
    rf"\b(?:estou|to|tou|estamos|tamo|tamos|vou)(?: ja| aqui| agora)?(?: te| lhe| o| a| ja)* "
    rf"({_STEMS})(?:ando|endo|indo|uindo|iando|eando)\b"
    rf"|^\W*(?:ok |pronto |certo |ja )*(?!pass)({_STEMS})(?:ando|endo|indo)\b"
)
_DONE: Final = Pattern(
    rf"\b({_STEMS})(?:ad|id|uid|iad|ead|t)(?:inh|issim)?[oa]s?\b(?! de volta)|\b(mandad|aberto"
    rf"|aberta|abertos|feit)[oa]?s?\b"
)
_BEING: Final = Pattern(
    r"\b(?:ta|tao|esta|estao|ficou|ficaram|fica|ficam|foi|foram|ja|deixei|deixo|deixamos|tudo"
    r"|prontinho|pronto|encontra(?:-se)?"
    r"|feito|certo|ok|esta tudo|tudo|tava|segue|seguem|consegui|acabou de ser|acaba de ser|sendo"
    r"|tem|temos|tenho|tendo)\b"
)
_MADE: Final = Pattern(
    rf"\b({_NOUNS})s?(?: \w+){{0,4}}? (?:ja )?(?:(?:esta|ta|foi|ficou) )?(?:ja )?"
    rf"(?:(?:feit|ok\b|recebid|identificad|aprovad|abert|caiu)\w*|(?:{_STEMS})(?:ad|id)[oa]s?\b)"
)
_WROUGHT: Final = Pattern(
    rf"\b(?:fiz|fizemos|consegui|conseguimos|abri|deixei|dei entrada|fechei|coloquei|botei|pus"
    rf"|lancei|adicionei|dei baixa|resolvi|tratei|rodei|montei|criei|preparei)\b"
    rf"(?: \w+){{0,3}} ({_NOUNS})\b"
)
_HELD: Final = Pattern(
    r"\b(?:sua|seu|o|a) (?:visita|consulta|horario|reuniao|aula|vistoria|avaliacao|atendimento"
    r"|encontro|vaga)"
    r"(?: (?:com|da|do|na|no) (?:\w+ ){1,2})? ?(?:ja )?(?:ficou|esta|ta|e|eh) (?:pra|para|na|no"
    r"|as|em|garantid|cert|confirmad|de pe)\w*"
    r"|\b(?:ficou|mudou|passou)(?: \w+)? (?:pra|para|na|no|as)(?: o| a)? (?:dia|&|hoje|amanha"
    r"|segunda|terca|quarta|quinta|sexta|sabado|domingo|\d)"
    rf"|\btudo certo (?:com|para|pra) (?:o |a |seu |sua )?(?:{_NOUNS})\b"
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
_SPOKE: Final = Pattern(
    r"\b(?:acabei de (?:falar|conversar|combinar)|falei|conversei|combinei|alinhei|acertei|vi"
    r"|tratei|resolvi)(?: \w+){0,2} com (?:(?:o|a|os|as|meu|minha"
    r"|nosso|nossa|seu|sua) )+"
    r"(?:equipe|time|gerente|gerencia|diretor\w*|supervisor\w*|consultor\w*|corretor\w*|doutor\w*"
    r"|dr\w*|chefe|dono|responsavel|setor|financeiro|pessoal|medic\w+|secretaria|tecnic\w+"
    r"|proprietari\w+|colega|coordena\w+|instalador\w*|fornecedor\w*|motorista|entregador\w*"
    r"|professor\w*|banco)"
)
# «O gerente liberou»: somebody was asked.
_GRANTED: Final = Pattern(
    r"\b(?:gerente|gerencia|diretora?|diretoria|proprietari[oa]|don[oa]|equipe|banco|responsavel"
    r"|coordena\w+|supervisora?|chefe|financeiro|consultora?|corretora?|medic[oa]|pessoal)"
    r"(?: \w+){0,2}? (?:ja )?(?:me |te )?(?:liberou|aceitou|autorizou|aprovou|confirmou|topou"
    r"|concordou"
    r"|deixou|garantiu|conseguiu|fechou|reservou|separou)\b"
)
_ACTS: Final = (
    r"(?:cancel|atualiz|ativ|emit|registr|reserv|agend|marc|envi|confirm|aplic|liber|alter|remov"
    r"|exclu|ger|cadastr|solicit|estorn|finaliz|conclu|efetu|realiz|remarc|reagend|transfer|salv"
    r"|conced|anot|cri|assin|garant|bloque|emit|encaminh|inscrev|separ)"
)
# «Endereço atualizado», «segunda via emitida com sucesso»: a clause that is but a report.
_REPORT: Final = Pattern(
    r"^\W*(?:(?:o|a|os|as|seu|sua|seus|suas|tudo|ok|pronto) )*"
    r"(?!(?:valor|preco|tabela|lista|site)|(?:nao|nada|se|quando|depois|apos|assim|caso"
    r"|uma)\b)"
    rf"\w+(?: (?:d[aeo] )?\w+)?? ({_ACTS})(?:ad|id)[oa]s?"
    r"(?=\W*$| (?:com sucesso|aqui|agora|no sistema|ja|para [oa]|pr[oa]|para voce)\b"
    r"| e \w+ \w+[ai]d[oa]s?\W*$)"
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
_GENERIC: Final = Pattern(r"\b[oa]s $")
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
_NEUTRAL: Final = Pattern(r"\b(?:realiz|efetu|conclu|finaliz|feit|process)\w*")
_USUAL: Final = Pattern(r"\b(?:e|eh|sao|era|eram|so)\b")
_IF: Final = Pattern(
    r"\b(?:se|caso|quando|assim que|logo que|depois que|depois d[aeo]s?|apos|ate"
    r"|antes d[eao]|desde que|como se|a medida que|so depois|somente apos|tao logo|enquanto"
    r"|que pena|infelizmente|sinto muito"
    r"|lament\w+|entendi que|vi que|pelo que"
    r"|(?:voce|vc) (?:disse|falou|comentou)|imagino|parece|quem|nada (?:foi|esta|ficou|ainda)"
    r"|ninguem|que eu (?:ja |te |lhe )*[a-z]+o)\b"
)
_UNREAL: Final = Pattern(
    r"\b(?:para|pra|precis\w+|dev\w+|tem que|teria|poder\w*|seria|poss?o|pode\w*|quer\w*"
    r"|gostaria\w*|deixar|ter|(?<!acabou de )(?<!acaba de )ser|for|forem|estiver\w*|sera\w*"
    r"|vai|vou|vao|vamos|irei|ira|deixe|esteja|fique|seja|com|por|mediante|sem|so|somente|apenas"
    r"|costuma\w*|sempre"
    r"|normalmente|geralmente|qualquer|cada|toda|todo"
    r"|ficara|estara|bem|outr[oa]|voce (?:tem|tinha|ja)|vc (?:tem|tinha|ja)|que voce|que vc"
    r"|tenham?|possivel|provavel\w*|previamente|funciona\w*|atend\w+|trabalh\w+|necessari\w+)\b"
)
_MODAL: Final = Pattern(
    r"\b(?:precis\w+|dev\w+|tem que|poder\w*|pode\w*|sera\w*|vai|vao|vamos|ira|irao|for|vale\w*"
    r"|serve\w*|tenham?)\b"
)
# «Assim que pagar, a vaga fica reservada»: what follows is not yet so.
_ONCE: Final = Pattern(
    r"^\W*(?:e |mas |ai )?(?:se|caso|quando|assim que|logo que|depois|apos|desde que|tao logo"
    r"|mediante)\b"
)
_DONE_ALREADY: Final = Pattern(
    r"\b(?:ja(?! (?:te |lhe )?(?:deixo|mando|envio|reservo|marco|agendo|fica))|agora|acab\w+)\b"
)
_HEARD: Final = Pattern(r"\W*(?:ok |certo |ta |esta )?anotad(?:o|inho|issimo)\W*")
_ASKING: Final = Pattern(
    r"^\W*(?:quer\w*|poss?o|pode\w*|gostaria|deseja|prefere|qual|quais|quando|sera|voce|vc|onde"
    r"|como|que tal|ja (?:foi|esta|ta)|foi|esta|ta)\b"
)
_THEIRS: Final = Pattern(
    r"\b(?:outra pessoa|por (?:outr\w+|voce|vc|ele|ela)|pelo cliente"
    r"|que (?:voce|vc)(?! (?:vem|vai|chega|quer|esta|precisa)\b))\b"
)
_SETTLED: Final = Pattern(
    r"\s*(?:p[ar]+a?\b|com sucesso|aqui|no seu|na sua|[^\w\s,]|$|entao|certinho)"
)
_IS_NOUN: Final = Pattern(r"pedido|chamados? (?:abert|regist|cri|numero|n |tecnic)\w*")
_IRREGULAR: Final[Mapping[str, str]] = MappingProxyType({"m": "mand", "a": "abr", "f": ""})
_EXCHANGED: Final = frozenset(("mud", "troqu", "troc"))
_MOVED: Final = frozenset(("transfer", "pass", "lev"))
_DATED: Final = Pattern(r"\b(?:visita|consulta|horario|reuniao|aula|dia|agenda|vistoria)\b")
_DEEDS: Final = frozenset(Deed) - {Deed.CHECK}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionClaim:
    """Words of the reply, and the deeds of which any would make them true."""

    words: str
    backed_by: frozenset[Deed]


def unreceipted(reply: str, receipts: Collection[str]) -> tuple[str, ...]:
    """The words of each claim that no tool named in `receipts` makes true."""
    done = frozenset(deed for tool in receipts for deed in deeds(tool))
    return tuple(claim.words for claim in find_claims(reply) if not claim.backed_by & done)


def find_claims(reply: str) -> Iterator[ActionClaim]:
    parts = list(clauses(fold(compose(visible(reply)))))
    for place, clause in enumerate(parts):
        is_last = place + 1 == len(parts) or parts[place + 1].sentence != clause.sentence
        start = next(each for each in parts if each.sentence == clause.sentence)
        is_asked = clause.is_asked and (is_last or _ASKING.match(start.text) is not None)
        yield from _own_deeds(clause)
        if not is_asked and not (place and _is_conditional(parts[place - 1], clause)):
            yield from _states(clause)


def _is_conditional(before: Clause, clause: Clause) -> bool:
    return (
        before.sentence == clause.sentence
        and _ONCE.search(before.text) is not None
        and _DONE_ALREADY.search(clause.text) is None
    )


def _own_deeds(clause: Clause) -> Iterator[ActionClaim]:
    """«Agendei», «acabei de enviar», «estou transferindo»: said of oneself."""
    text = clause.text
    for pattern in (_PAST, _WE, _JUST, _NOW):
        for found in _real(pattern, text):
            stem = next(group for group in found.groups() if group)
            if not _is_no_deed(pattern, stem, found, text, is_asked=clause.is_asked):
                yield _claim(found, _backing(stem, text[found.start() :]))
    for found in find_other_deeds(text):
        if not _PAST.match(text, found.start()) and _is_real(text[: found.start()]):
            yield _claim(found, frozenset(Deed))
    for found in _real(_WROUGHT, text):
        yield _claim(found, NOUNS[found[1]])
    for found in _real(_SPOKE, text):
        yield _claim(found, frozenset((Deed.HAND_OVER, Deed.CHECK)))


def _real(pattern: Pattern, text: str) -> Iterator[re.Match[str]]:
    return (each for each in pattern.finditer(text) if _is_real(text[: each.start()]))


_NO_DEED: Final = Pattern(
    r"\b(?:passei (?:por|aqui|pra (?:te )?(?:dar|dizer|saber|ver))|mandei (?:bem|mal)|liguei "
    r"(?:os|o)|pedi desculpa\w*"
    r"|mudei de|coloquei (?:no|na) (?:lugar|seu lugar)|tirei (?:sua|a|essa|todas|as) duvidas?"
    r"|abri (?:mao|agora)|levei (?:um susto|em conta)"
    r"|fechei (?:os|o) olho|informei (?:antes|acima|ali|la|que)|passei (?:os|o|a|as) (?:valor"
    r"|preco|informac|tabela)\w*|te (?:informei|passei|mandei) (?:acima|antes|ali em cima|mais "
    r"cedo|o valor|os valores|o preco)"
    r"|anotei mental|separei (?:algumas?|umas|uns|essas|estas|aqui algumas)|criei coragem|chamei"
    r" (?:sua atencao|a atencao)|mandei (?:ali|ai|logo)? "
    r"?(?:em cima|acima)|confirmei (?:acima|antes)|peguei)\b"
)


_BARE: Final = Pattern(r"(?:\b(?:ja|eu|te|pronto|prontinho|tambem|e|sim|certo|ok)\b|\W)*")


def _is_no_deed(
    pattern: Pattern, stem: str, found: re.Match[str], text: str, *, is_asked: bool
) -> bool:
    """A turn of phrase, an ongoing look-up, or «já inclui» said of a price."""
    if pattern is _NOW:
        return Deed.CHECK in VERBS[stem]
    if pattern is _WE:
        return is_asked and not found.group().startswith("ja")
    if pattern is not _PAST:
        return False
    if found.group() == "inclui" and not _BARE.fullmatch(text[: found.start()]):
        return True
    return _NO_DEED.search(text, max(0, found.start() - 4)) is not None


def _is_real(before: str) -> bool:
    return not is_denied(before) and _IF.search(before) is None


_SIGNS: Final = (
    (_HELD, NOUNS["visita"] | {Deed.HAND_OVER}),
    (_GONE, frozenset((Deed.SEND, Deed.PAY))),
    (_CALLED, frozenset((Deed.HAND_OVER, Deed.NOTE))),
    (_GRANTED, frozenset((Deed.HAND_OVER, Deed.CHECK))),
    (_OURS, frozenset((Deed.BOOK, Deed.HAND_OVER, Deed.SEND, Deed.NOTE, Deed.APPLY))),
    (_KNOWING, frozenset((Deed.HAND_OVER, Deed.NOTE, Deed.SEND))),
    (_LOOKED, frozenset((Deed.CHECK,))),
    (_PAID, frozenset((Deed.PAY, Deed.CHECK))),
    (_PROTOCOL, frozenset((Deed.NOTE, Deed.HAND_OVER, Deed.BOOK))),
)


def _states(clause: Clause) -> Iterator[ActionClaim]:
    """«Está agendado», «visita confirmada», «segue o contrato»: said of the thing."""
    text = clause.text
    if is_general(text):
        return
    yield from _results(text)
    made = list(_made(text))
    yield from made or _reported(text)
    for pattern, backed in _SIGNS:
        yield from (
            _claim(found, backed)
            for found in _real(pattern, text)
            if not (_TO_COME.match(found.group()) and _is_to_come(text, found.start()))
        )


def _is_to_come(text: str, start: int) -> bool:
    return _LATER.search(text) is not None or _THEN_I.search(text[:start]) is not None


def _made(text: str) -> Iterator[ActionClaim]:
    for found in _MADE.finditer(text):
        said = found.group()
        is_open = _USUAL.search(said) or _MODAL.search(said) or is_denied(said)
        is_kind = _GENERIC.search(text[: found.start()]) and not _BEING.search(said)
        if not is_open and not is_kind and _stands(text[: found.start()], text):
            yield _claim(found, _made_by(NOUNS[found[1]], said))


def _made_by(noun: frozenset[Deed], said: str) -> frozenset[Deed]:
    """«Agendamento realizado» is a booking, «reserva cancelada» is none."""
    if _NEUTRAL.search(said):
        return noun
    verb = _backing_of(said)
    return verb if Deed.CANCEL in verb else noun | (verb - {Deed.CHECK})


def _reported(text: str) -> Iterator[ActionClaim]:
    found = _REPORT.match(text)
    if found and _stands(text[: found.start(1)], text):
        yield _claim(found, VERBS[found[1]])


def _results(text: str) -> Iterator[ActionClaim]:
    for found in _DONE.finditer(text):
        before = text[: found.start()]
        if _IS_NOUN.match(text, found.start()) or not _stands(before, text):
            continue
        if _HEARD.fullmatch(text) or tells_of_thing(found, text):
            continue
        if _BEING.search(before) or _opens(before, text[found.end() :]):
            stem = found[1] or _IRREGULAR[found[2][0]]
            yield _claim(found, _backing(stem, text) if stem else _DEEDS)


def _opens(before: str, after: str) -> bool:
    """«Agendado!», and after a name or a thanks «…, marcado pra terça»."""
    lead = before.strip(" \n-\u2013—*_✅🙂👍")
    return not lead or (lead in {",", ":"} and _SETTLED.match(after) is not None)


def _stands(before: str, text: str) -> bool:
    return _is_real(before) and not _UNREAL.search(before) and not _THEIRS.search(text)


def _backing_of(said: str) -> frozenset[Deed]:
    found = [each[1] for each in _DONE.finditer(said) if each[1]]
    return VERBS[found[-1]] if found else frozenset()


def _backing(stem: str, said: str) -> frozenset[Deed]:
    """A link to pay may come from a tool that charges; a contract may not."""
    backed = VERBS[stem]
    if stem in _MOVED and _DATED.search(said):
        return backed | {Deed.BOOK, Deed.MOVE}
    if stem in _EXCHANGED and not _DATED.search(said):
        return backed | {Deed.NOTE, Deed.APPLY}
    if Deed.SEND in backed and Deed.PAY in backed and re.search(rf"\b(?:{DOCUMENTS})", said):
        return backed - {Deed.PAY}
    return backed


def _claim(found: re.Match[str], backed: frozenset[Deed]) -> ActionClaim:
    return ActionClaim(words=found.group().strip(), backed_by=backed)
