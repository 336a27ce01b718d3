"""Recognise who wants no more messages, who may want that, and who wants them again."""

from enum import StrEnum
from typing import Final

from orbion.domain.intents import agrees
from orbion.domain.stop_letters import letters
from orbion.domain.stop_phrases import STOP_PHRASES
from orbion.domain.text import clauses, normalise
from orbion.domain.vocabulary import spelled_out, without_courtesy
from orbion.domain.wording import Wording
from orbion.kit.pattern import Pattern


class StopWish(StrEnum):
    """A clear wish ends the messages at once; an ambiguous one is asked about."""

    OPT_OUT = "opt_out"
    AMBIGUOUS = "ambiguous"
    NONE = "none"


STOP_QUESTION: Final = "?stop"  # in the place of an open slot, whose keys have no such sign
_WORDING: Final = Wording("opt-out", likely=0.5)
_PREPOSITIONS: Final = frozenset(["pra", "pro"])  # «para» stays the verb that stops
_PLUS: Final = Pattern(r"\+(?!\s*\d)")
# «Quero não»: the no of the Northeast comes last.
_NO_AFTER: Final = Pattern(
    r"^(?!.*\b(?:nao|nunca|nem) (?!meu |visse|viu|hein)\w)(.+)(?<! ou) nao(?: meu \w+| visse| viu|"
    r" ne| hein| ta| por"
    r" favor)*$"
)
_NO_OF_NORTHEAST: Final = Pattern(
    r"\bnum(?= (?:quero|manda|mande|me|precisa|aguento|enche|liga|tenho)\b)"
)
# Ways of saying that are said again in words with a letter: «para de» as «pare», «num» as «nao».
_SAID_AGAIN: Final = (
    (
        Pattern(
            r"\b(?:para|chega|basta|deixa)(?= (?:ja |logo |agora |voces? )?(?:d[aeo]s?"
            r"|d|com|dess[ae]s?|dest[ae]s?)\b)"
        ),
        "pare",
    ),
    (_NO_OF_NORTHEAST, "nao"),
    (Pattern(r"\b(?:pra(?= de me\b)|dej(?:a|e|en|ar) de\b)"), "pare"),
    (Pattern(r"\b(?:meu|minha) (?:filh[oa]|fi[oa]?|amig[oa]|rei|irmao|bem|anjo|querid[oa])$"), ""),
    (_NO_AFTER, r"nao \1"),
    (
        Pattern(
            r"\b(?:cansei|cansad[oa]|enjoei|enjoad[oa]|fart[oa]|saco cheio|exaust[oa])(?: ja)? "
            r"d(?:e|ess[ae]s?|est[ae]s?|isso)\b"
        ),
        "nao quero mais",
    ),
    (Pattern(r"\b(?:seu banco|banco de dados)\b"), "base"),
    (Pattern(r"\bproibid[oa]s?(?: de)?\b"), "nao"),
    (Pattern(r"\bnada de\b"), "sem"),
    (Pattern(r"\bvolt(?:a|e|em|ar) a\b"), "mais"),
    (
        Pattern(
            r"\b(?:entr(?:a|e|em|ar|arem|ando)( mais)?(?: mais)? em|fa(?:ca|cam"
            r"|zer)( mais)?) contato\b"
        ),
        r"contatar\1\2",
    ),
)
_OPT_OUT: Final = tuple(
    Pattern(pattern)
    for pattern in (
        r"P[FJHO+]*[VKZ][VKZFJ]*[^XDn]*(?:$|k)",
        r"P[FO]*J[FO]*S",
        r"N(?=[^X]*\+)[FO+]*J[FO+]*S",
        r"B[FJH]*M",
        r"^[FO]*RF?U$",
        r"P[FJHO+]*[VKZ][FJHTcOV+]*M[^Dn]*$",
        r"P[FJHTOV+]*[MI](?!X|.*[Dn])",
        r"C[FJH]*[MI][^XDn]*(?:$|k)|C[FJH]*I",
        r"P[FJ]*E(?:[^XDn]*(?:$|k)|[FJHTO+]*M)",
        r"N[FJO+]*W[FJOWV+]*E(?:[^XDn]*(?:$|k)|[FJHTcO+]*M[^Dn]*$)",
        r"N[FJO+]*E[FJTHO+]*[MT][^XDn]*(?:$|k)",
        r"N[FJO+]*W[FW+]*[JO][FJOW+]*[VKZ]+(?:[^XDn]*(?:$|k)|[FJHTcO+]*M[^Dn]*$)",
        r"N[FJO+]*W[FJHO+]*[McI][^XDn]*(?:$|k)",
        r"N[FJO+]*W[FHO+]*L[^XDn]*(?:$|k)",
        r"N[FJO+]*V[FJHTcO+V]*M[^XDn]*(?:$|k)",
        r"N[FO+]*J[FO+]*V[FJHTcO+V]*M[^Dn]*$",
        r"(?:^|[^XULMn])N(?=[^X]*\+)[FJO+]*[VK][^XDn]*(?:$|k)",
        r"N(?=[^X]*\+)(?=[^X]*J)[FJO+]*[VK][^XDn]*(?:$|k)",
        r"N[FO]*u[FH]*[JH]F*[Uc]",
        r"N[FJO+]*VJ[FO+]*$",
        r"N[FO+]*J[FO+]*V[F+]*L",
        r"N(?=[^X]*[+J])[+F]*Z[FJ+]*$",
        r"N[FO+]*[FJO+]*V[FJHO+]*T[^XDn]*(?:$|k)",
        r"N[FO+]*J[FO+]*Z[^X]*$",
        r"N[FO]*J[FO+]*V$",
        r"R[FJHO]*[JH]F*[Uc](?:[^XDn]*(?:$|k)|[FHO]*[LU][^Dn]*$)",
        r"[JH]F*[Uc][FJOW]*R[^XDn]*(?:$|k)",
        r"(?:JR|RJ)J?(?:[FHJTa+]*$|[FHJOa]*L[^n]*$|[FHJOa]*U[^XDn]*(?:$|k)|F?O)",
        r"^[FJOW]*WF*RF?[FHO]*[UL][^XDn]*(?:$|k)",
        r"Q[FHO]*[LU][^n]*$|Q[FH]*J[FU]$",
        r"C[FJ]*U[^Dn]*$",
        r"R[FHOa]*L[^XDn]*(?:$|k)",
        r"R[FH]*T[FH]*J?[UL]",
        r"^[FJO]*[VK][FJ]*\+T?[FJ]*N$",
        r"N[FJO+]*VJ[KV]",
        r"P[FJH]*c[^XDn]*(?:$|k)|0[F+]*c[FJ]*$",
        r"eX?[FHJ]*[JH][FJ]*[UcX]?U|e[FHJ]*[LI]|^[FJ]*WJe$",
        r"N[FJO+]*W[FJHO+]*U[^XDn]*(?:$|k)",
        r"N\+F*M|B[FJO]+m|M[FHO]*N[FJ]*W$|BF?HL$|^[FJOW]*e[FHJ]*U[^XDn]*$",
        r"Z[FJO]*[HF]+M|P[FJHO]*m|0[FW]*E[FHJOT+]*M",
        r"^[FJO]*(?:B[FHO]*)+[FHJUcOMTV]*$",
    )
)
_WITHOUT: Final = Pattern(r"[FJO]*0[FI+]*M[FJHO+]*")
_DENIED: Final = Pattern(r"N[FOWJ]*$")
_WISH: Final = Pattern(
    r"\bnao (?:\w+ )?(?:quero|queria|gostaria|aceito|permito|autorizo)(?: mais)? que (?:voces )?"
    r"(?:me )?(?:mandem|enviem|chamem|procurem|contatem|contatar|entrem|fiquem)\b"
    r"|\bnao (?:\w+ )?(?:quero|desejo|gostaria de|aceito)(?: mais)? ser"
    r" (?:contac?tad|incomodad|perturbad|procurad|importunad)[oa]"
)
_KEYWORD: Final = Pattern(
    r"(?:sair )?stop(?: all| please| sair)?|sair|quero sair|remover|remova|quit"
    r"|para (?:logo|ja)"
    r"|(?:(?:eu|quero|queria|que|voces?|podem?|favor|por|e|pra|ja|da|tem|como|gentileza) )*"
    r"(?:pare|parem|parar|parasse|parassem)(?: logo| agora| ja| ai| imediatamente)*"
    r"|me (?:remov[ae]|exclu[ai]|descadastra)|removam|excluam|retirem|baja"
)
_ORDER: Final = Pattern(
    r"(?:(?:por|favor|podem?|entao|e) )*(?:parem?|parar|stop|removam?|excluam?|apaguem?|retirem?"
    r"|deletem?|exclui|remove|remover|excluir|apagar|apaga|tirem)"
    r"(?: (?:el[ea]|isso|dai|ja|logo|por favor))*"
)
_ABOUT_US: Final = Pattern(r"[MUcVO]")
_NUISANCE: Final = Pattern(r"[MZ]")
# «Vocês não me mandam mais nada» complains of silence, «depois das 20h não» is about the hour,
# «minha sogra não quer» about somebody else: the wording judges such alone.
_COMPLAINT: Final = Pattern(
    r"\bnao precisam? (?:mais )?ligar\b|\b(?:depois|antes) das? \d|"
    r"\b(?:minha|meu) \w+ (?:nao )?(?:quer|pediu|disse|falou|gosta|bloqueou)\b|"
    r"\b(?:por que|porque|voces?|ele|ela|ninguem|vendedor|corretor)(?: ainda| ja)? nao(?: me)?"
    r" (?:mandam?|enviam?|chama|liga|procura)\b|\b(?:por que|porque) (?:voces? )?(?:nao|nunca|para)"
)
_CALLS_ONLY: Final = Pattern(
    r"(?<!\bnem )(?<!\bnao )(?<!\bde )\b(?:so|somente|apenas|prefiro|pode|podem|manda|mande"
    r"|chama|melhor)(?: \w+)?"
    r" (?:(?:por|no|pelo|via) )?(?:mensagem|msg|whats|whatsapp|zap|aqui|texto|escrito|email)\b"
)
_ABOUT_CALLS: Final = Pattern(r"\b(?:lig(?:ar|ue|uem|a|acao|acoes)|audios?)\b")
_AMBIGUOUS: Final = Pattern(
    r"(?:ja |por hoje )?chega(?: por hoje)?|basta|para|para (?:com isso|um pouco|vai)|ja deu"
    r"|deu(?: ja| por hoje)?|ja era"
    r"|(?:ja )?cansei(?: disso| ja)?|que (?:saco|chato|chatice|insistencia|mala)"
    r"|(?:esta |isso esta |ta )?(?:enchendo|enchendo o saco|chato|demais|dificil)(?: isso)?"
    r"|isso (?:esta|ja) (?:demais|chato|enchendo|chega|enche)|enche"
    r"|(?:isso e|que) spam|(?:ja )?(?:ta|esta) bom(?: ja)?|(?:eu )?nao (?:curti|gostei)(?: nao)?"
    r"|(?:hoje )?nao estou(?: muito)? (?:afim|a fim|interessad[oa])(?: hoje| agora| nao)?"
    r"|de novo(?: isso)?|toda hora isso|todo dia isso|outra vez(?: isso)?"
    r"|(?:e |sao |quanta |quantas )?(?:muitas? |muita )?(?:mensagem|mensagens|msg|msgs)(?: demais)?"
    r"|(?:voces )?(?:mandam?|estao mandando|enviam?) (?:muita |muitas )?"
    r"(?:mensagem|mensagens|msg|coisa)(?: demais)?"
    r"|voces? (?:e|sao|nao) (?:muito )?(?:insistentes?|chatos?|desistem?|cansam?)"
    r"|(?:por )?(?:agora|hoje|enquanto|ora|momento|hora) nao(?: quero| posso| da| consigo| vou"
    r"| tenho)?(?: tempo| interesse| nada)?"
    r"|nao(?: quero| posso| da| consigo| tenho tempo| tem como)?"
    r" (?:agora|no momento|por enquanto|hoje|por ora)(?: nao)?"
    r"|(?:no|nesse|neste) momento (?:nao|sem)(?: tenho| quero| posso| estou| vou)?"
    r"(?: interesse| interessad[oa]| nada| comprar| condicoes| tempo)?"
    r"|(?:so )?(?:depois|mais tarde|outra hora|outro dia|outro momento|amanha|qualquer dia)"
    r"(?: eu| a gente| nos)? (?:vejo|ve|vemos|falo|fala|falamos|olho|penso|respondo|conversa"
    r"|conversamos|te falo|te chamo|te respondo|te aviso|retorno|te retorno)(?: isso| disso"
    r"| com calma| com voce)?"
    r"|(?:depois|outra hora|outro dia|outro momento|mais pra frente|mais para frente|mais tarde"
    r"|quem sabe(?: depois| mais pra frente| um dia| outra hora)?"
    r"|fica (?:pra|para)(?: a)? (?:proxima|depois|outra))"
    r"|nao e (?:o )?(?:momento|hora|uma boa hora)"
    r"|(?:eu )?nao (?:tenho|estou com|estou)(?: mais)?(?: nenhum)?(?: interesse| interessad[oa])"
    r"(?: nao| mais| nisso| no momento| agora)?"
    r"|(?:estou |meio )*sem (?:interesse|tempo|condicoes|grana|dinheiro)(?: no momento| agora)?"
    r"|nao me interessa(?: nao)?"
    r"|(?:eu )?perdi (?:o interesse|a vontade)"
    r"|(?:eu )?(?:nao|nem) quero(?: mais)?(?: nao| nada| isso| nada disso| saber| saber disso"
    r"| mais)*|quero nao"
    r"|(?:eu )?desist[io](?: da compra| do negocio| disso)?|ja tenho|nao e (?:pra|para) mim"
    r"|(?:quero |pode |podem )?cancelar?(?: tudo| isso)?|cancele"
    r"|esquece(?: isso)?|(?:ah )?deixa(?: eu)?(?: pra la| para la| (?:pra|para) depois| quieto"
    r"| isso| assim| estar)?|me deixa"
    r"|nao precisa(?: mais| nao)*|(?:eu )?(?:estou|to) (?:fora|de boa|suave|tranquil[oa]|ocupad[oa]"
    r"|sem tempo)(?: agora| hoje)?"
    r"|(?:eu )?(?:dispenso|passo|passo essa)|nao(?: vai)? rola(?:r)?|nao vou (?:querer|comprar)"
    r"(?: nao| mais| nada)?|sem chance|acho que nao(?: vou querer"
    r"| quero)?|nao sei se quero|talvez depois|quanta mensagem|(?:esta "
    r"|ja esta )?me enchendo(?: o saco)?|nao (?:obrigad[oa]|valeu)"
    r"|ja (?:resolvi|comprei|fechei|contratei|consegui|fiz)(?: em outro lugar| com outr[oa]"
    r"(?: empresa| pessoa)?| com outros| o que precisava)?"
    r"|(?:eu )?(?:vou pensar|penso)(?: e| depois)?(?: te| e te)? (?:chamo|aviso|falo|retorno)"
    r"|(?:qualquer coisa|se eu? precisar|se precisar|quando precisar|se mudar de ideia)(?: eu)?"
    r"(?: te| vos)? (?:chamo|procuro|aviso|falo|retorno|ligo)"
)
_WHEN: Final = (
    r"(?:(?:no|neste|nesse|por|hoje|agora|ainda|o|so|enquanto|momento|hora|ora|mais|muito|mesmo)(?:"
    r" |$))*"
)
# «No momento não preciso», «nem quero mais»: a no to the whole, in whatever order.
_UNWILLING: Final = Pattern(
    rf"{_WHEN}(?:eu )?(?:nao|nem)(?: |$){_WHEN}(?:(?:eu )?(?:quero|queria|vou querer|preciso|curti"
    rf"|gostei|rola|me interessou|me interesso|me interessa|(?:tenho|tem|ha)(?: mais)? interesse"
    rf"|(?:estou|to)(?: mais)? (?:afim|a fim|interessad[oa]|precisando|querendo))(?: |$))"
    rf"(?:nao |nada |mais |isso |disso )*{_WHEN}(?:nao|nada)?"
    r"|(?:ja )?(?:comprei|fechei|contratei|fiz|peguei)(?: (?:com|de|em|a|o))* outr[oa]s?"
    r"|(?:eu )?(?:vou|prefiro) deixar (?:pra|para) (?:depois|la|outra hora)|enjoei|obrigad[oa] nao"
    r"|aff+e? (?:voces )?(?:de novo|outra vez)(?: voces)?"
    r"|chega disso|mais (?:pra|para) frente(?: talvez)?|(?:eu )?nao vou(?: mais)? querer(?: nao)?"
    r"|mudei de ideia|ninguem merece|aff+e?s?|(?:eu )?passo(?: dessa)?"
)
_OBJECT: Final = (
    r"(?: (?:as |os |me |esses |essas |mais |suas )*(?:mensage[nm]s?|mensagens?|msgs?|novidades?"
    r"|promoc(?:ao|oes)|ofertas?|propagandas?|coisas|tudo|zaps?|contatos?))?"
)
_AGAIN: Final = r"(?: de novo| novamente| outra vez)"
_OPT_IN: Final = Pattern(
    r"voltar|start|ativar|reativar|(?:quero |vou )?voltar|retomar|voltei|desbloquear"
    rf"|(?:quero |queria |gostaria de |podem? |aceito )?voltar a (?:me )?(?:receber|mandar|enviar"
    rf"|falar|conversar|chamar)(?: comigo| com voces?)?{_OBJECT}(?: comigo| com voces?)?"
    rf"|(?:quero|queria|podem?|aceito)(?: me)? (?:receber|mandar|enviar|chamar|falar)"
    rf"(?: comigo)?{_OBJECT}{_AGAIN}"
    rf"|(?:quero|queria|podem?|aceito){_AGAIN} (?:receber|mandar|enviar){_OBJECT}"
    rf"|(?:me )?(?:cadastr[ae]r?|inscrev[ae]r?|recadastr[ae]r?|coloc[ae])(?: me)?"
    rf"(?: na lista)?{_AGAIN}"
    rf"|(?:mudei de ideia|me arrependi|voltei)(?: \w+)? podem?(?: me)? (?:mandar|enviar|chamar)"
    rf"{_OBJECT}{_AGAIN}?"
)
_STOP_NOW: Final = Pattern(r"(?:(?:chega|para|basta|quero|pode|por favor|sim|isso)(?: |$))+")
_REFUSED: Final = Pattern(
    r"nao(?: nao)* (?:obrigad[oa]|valeu|grat[oa])|no (?:thanks|thank you|gracias)|not interested"
    r"|no me interesa|(?:obrigad[oa]|valeu|grat[oa])(?: mas)? nao"
)


def stop_wish(text: str) -> StopWish:
    """What `text` says of being written to, in whatever other words it is wrapped."""
    said = [spelled_out(part, but=_PREPOSITIONS) for part in clauses(_PLUS.sub(" mais ", text))]
    whole = " ".join(said)
    around = _lettered(whole)
    if _is_keyword(said):
        return StopWish.OPT_OUT
    by_rule = any(_asks_to_stop(clause, whole, around) for clause in said)
    if not by_rule and _may_want_to_stop(said):
        return StopWish.AMBIGUOUS
    return StopWish.OPT_OUT if _WORDING.wants(text, by_rule=by_rule) else StopWish.NONE


def opts_out(text: str) -> bool:
    """Whether the message clearly asks to be written to no more."""
    return stop_wish(text) is StopWish.OPT_OUT


def opts_in(text: str) -> bool:
    """Whether the whole message asks to be written to again."""
    said = (spelled_out(part, but=_PREPOSITIONS) for part in clauses(text))
    kept = " ".join(filter(None, map(without_courtesy, said)))
    return _OPT_IN.fullmatch(kept) is not None


def confirms_stop(text: str) -> bool:
    """Whether `text` answers yes to the question if the messages shall stop."""
    return agrees(text) or _STOP_NOW.fullmatch(normalise(text)) is not None


def _asks_to_stop(clause: str, whole: str, around: str) -> bool:
    if _COMPLAINT.search(clause) or (_ABOUT_CALLS.search(clause) and _CALLS_ONLY.search(whole)):
        return False
    again = _said_again(clause)
    if STOP_PHRASES.search(again) or _WISH.search(clause) or _WITHOUT.fullmatch(around):
        return True
    if _ORDER.fullmatch(clause) and _ABOUT_US.search(around):
        return True
    if clause == "para" and _NUISANCE.search(around):
        return True
    lettered = letters(again)
    return any(
        not _DENIED.search(lettered, 0, found.start())
        for pattern in _OPT_OUT
        for found in pattern.finditer(lettered)
    )


def _lettered(clause: str) -> str:
    return letters(_said_again(clause))


def _said_again(clause: str) -> str:
    for way, again in _SAID_AGAIN:
        clause = way.sub(again, clause)
    return clause.strip()


def _is_keyword(said: list[str]) -> bool:
    """Whether nothing is said but the word that stops."""
    kept = list(filter(None, map(without_courtesy, said)))
    return bool(kept) and all(_KEYWORD.fullmatch(clause) for clause in kept)


def _may_want_to_stop(said: list[str]) -> bool:
    if _REFUSED.fullmatch(" ".join(said)):
        return True
    kept = [
        clause
        for clause in said
        if without_courtesy(clause) not in ("", "nao") or clause == "agora nao"
    ]
    return bool(kept) and all(map(_is_unwilling, kept))


def _is_unwilling(clause: str) -> bool:
    bare = without_courtesy(_NO_AFTER.sub(r"nao \1", _NO_OF_NORTHEAST.sub("nao", clause)))
    turned = _NO_AFTER.sub(r"nao \1", without_courtesy(clause))
    return any(
        pattern.fullmatch(way)
        for pattern in (_AMBIGUOUS, _UNWILLING)
        for way in (clause, without_courtesy(clause), bare, turned)
    )
