"""Turns of phrase that ask for no more messages as a whole; spelled out words, one way a line."""

from typing import Final

from orbion.kit.pattern import Pattern

_M: Final = r"(?:mensage[nm]s?|mensagens|msgs?|propagandas?|spams?|zaps?)"
_WAYS: Final = (
    # said before, or begged for
    r"\b(?:ja|eu) (?:mandei|falei|disse|pedi) parar\b",
    r"\bpare de ser (?:chat|mala|insist|inconv)\w*$",
    r"^nao me (?:cham(?:a|e|em)|procur(?:a|e|em)|contat(?:a|e|em))$",
    r"^nao (?:me )?(?:mand(?:a|e|em)|envi(?:a|e|em))$",
    (
        r"\b(?:ped\w+|peco|falei|mandei|diss\w+|dizer|avis\w+|implor\w+|quer\w+)(?: \w+)? "
        r"(?:pra|para|que) (?:voces )?(?:parar|pararem|parem|parassem)(?:$| (?:e|mas|porque|com"
        r"|logo|ja)\b)"
    ),
    r"^(?:por favor )?parem(?: por favor| ja| agora)?$",
    r"\bfavor nao (?:me )?(?:lig|cham)(?:ar|ue|uem|e|em|arem)(?: mais)?$",
    r"^(?:por favor )?nao insist[ae]m?(?: mais)?$|^nao (?:enche|encham?)(?: mais)?(?: o saco)?$",
    r"^nao (?:perturb[ae]m?|incomod[ae]m?|insist[ae]m?) mais$",
    r"^nao (?:perturbem?|incomodem?|insistam?)$",
    rf"^nao {_M}$",
    r"\bate quando\b.* (?:\w+[aei]ndo)\b",
    # fed up with it
    (
        r"\b(?:cansei|cansad[oa]|saco cheio|enjoei|enjoad[oa]|fart[oa])"
        rf" (?:d[aeo]s? |dess[ae]s |ja |receber |tant[ao]s? |suas |ess[ae]s |ver )+{_M}\b"
    ),
    r"\bnao (?:aguento|suporto)(?: mais)? voces$",
    r"\bnao (?:quero|tenho)(?: mais)? (?:papo|conversa|assunto|contato) (?:com|de) voces$",
    r"\bnao quero (?:mais )?saber de voces\b|\bdistancia de voces\b",
    r"\b(?:nao|nunca) (?:mais )?(?:fal[ae]m?)(?: mais)? comigo\b",
    (
        r"\bnao (?:quero|desejo|pretendo)(?: mais)? (?:fazer parte|participar) (?:disso|(?:d[ao]"
        r"|dess[ae]"
        r"|dest[ae]) (?:list|grup|transmiss)\w+)"
    ),
    # go away
    r"\bdeix(?:a|e|em|am|ar|arem)(?: \w+)? (?:me|eu|gente|nos|nois|mim) em paz\b",
    r"\bme deix(?:a|e|em|am|ar|arem)(?: \w+)? em paz\b",
    r"\b(?:me deix(?:a|e|em|am)|deix(?:a|e|em|am) (?:a gente|nos|nois)) quiet[oa]s?\b",
    r"\blarg(?:a|ue|uem) do meu pe\b|\bdesgrud\w+\b|\bque eu existo\b",
    r"\bsai(?:am?)? do meu (?:zap|whats\w*|celular|telefone|numero|pe|caminho)\b",
    r"^(?:voces )?(?:some|sum(?:a|am))$|\b(?:some|sum(?:a|am)) (?:daqui|da minha vida|do meu)\b",
    (
        r"^(?:por favor )?(?:sai fora|cai fora|vaza|me erra|me larga|me esquece|vai embora|vao"
        r" embora"
        r"|xo|rala|chispa|desaparec(?:e|a|am))(?: daqui| da minha vida)?$"
    ),
    r"\bva(?:i|o)? (?:encher|incomodar|perturbar|importunar|amolar|chatear|azucrinar|catar)\b",
    # off the list, by the words for it
    r"\bd[ei]scadastr(?!ei|ou|aram)\w*\b(?! (?:[oa]|meu|minha) (?:cartao|filh[oa]))",
    r"\bdesinscrev\w+|\boptout\b|\bopt out\b|\bunsubscribe\b",
    (
        r"\b(?:desativ|inativ|encerr|desabilit|desvincul)\w* (?:o |a )?(?:meu|minha)"
        r" (?:cadastro|numero|contato|conta|inscricao|registro)\b"
    ),
    (
        r"^(?:\w+ )?(?:solicit\w+|peco|quero|desejo|favor) (?:a )?(?:minha )?(?:exclusao|remocao"
        r"|descadastramento)$"
    ),
    r"\bnao receber(?: mais)?$",
    r"\bnao (?:mais )?ser (?:mais )?(?:contac?tad|incomodad|procurad)[oa]\b",
    # the law
    (
        r"^(?:eu )?nao (?:dei|passei|forneci) (?:o )?(?:meu |minha )?(?:autorizacao|permissao"
        r"|numero|contato"
        r"|telefone|consentimento)\b(?: nenhuma?| (?:para|pra) voces?| a voces?)?$"
    ),
    r"\bnao e (?:pra|para) (?:propaganda|spam|publicidade|marketing)\b",
    r"\b(?:revog|retir|cancel)\w+(?: o| a)?(?: meu| minha)? (?:consentimento|autorizacao)\b",
    r"\bdireito (?:ao esquecimento|de (?:exclusao|oposicao|eliminacao|revogacao))\b",
    r"\b(?:exclua|excluam|apaguem?|removam?)\b.*\blgpd\b",
    (
        r"\b(?:se|proxima|mais uma)\b.*\b(?:procon|anpd|justica|denuncio|bloqueio|processo"
        r"|processar|bloquear"
        r"|denunciar)\b"
    ),
    (
        r"\b(?:processo|denuncio|denunciar|procon|anpd|justica|reclamar|bloqueio|bloquear)\b.*\bse"
        r" (?:voces? )?(?:me )?"
        r"(?:continu|mand|insist|envi|nao par)"
    ),
    r"\b(?:processar|denunciar)\b.*\bse nao\b",
    # English and Spanish
    r"\b(?:remove|delete|erase|take) (?:me|my)\b|\bno more (?:messages|texts)\b",
    r"\b(?:don t|dont|do not|stop) (?:text|message|contact|messag|texting|send|call)\w*",
    r"\b(?:don t|dont|do not) want\b.*\b(?:messages?|texts?|contact\w*|spam)\b|\bde baja\b",
    r"\bno (?:me )?(?:mand|escrib|envi|llam)\w+ mas\b|\bno quiero (?:mas|recibir)\b",
)
STOP_PHRASES: Final = Pattern("|".join(_WAYS))
