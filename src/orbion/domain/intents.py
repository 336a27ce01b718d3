"""Recognise what a message asks for before any data is looked up: a person, a yes, a no."""

from typing import Final

from orbion.domain.spelling import Lexicon
from orbion.domain.text import clauses, words
from orbion.domain.vocabulary import spelled_out, without_courtesy
from orbion.domain.wording import Wording
from orbion.kit.pattern import Pattern

_WORDING: Final = Wording("human-request", likely=0.6)
_LEAST_TYPED: Final = 5
_ROLES: Final = Lexicon(
    words("atendente atendimento vendedor vendedora pessoa humano humana alguem responsavel")
)
_ROLE: Final = (
    r"(?:atendentes?|atendimento humano|pessoa|humanos?|humana|ser humano|vendedora?|vendedores"
    r"|consultora?|corretora?|gerente|supervisora?|coordenadora?|coordenacao|diretora?|direcao"
    r"|diretoria|secretaria|recepcao|recepcionista|responsavel|don[oa]|representante|especialista"
    r"|tecnic[oa]|engenheir[oa]|engenharia|financeiro|comercial|suporte|operadora?|alguem|gente"
    r"|chefe|encarregad[oa]|patrao|patroa|advogad[oa]|analista|arquitet[oa]|sac|ouvidoria|rapaz"
    r"|vivente"
    r"|assessora?|equipe|time|setor|area|vendas|administracao"
    r"|quem (?:manda|resolve|entende|decide|cuida|sabe|possa|e responsavel))"
)
_ONE: Final = (
    r"(?:(?:um|uma|o|a|os|as|algum|alguma|outro|outra|seu|sua|ser|uns|qualquer|de|do|da) )*"
)
_PERSON: Final = Pattern(rf"\b{_ONE}{_ROLE}\b")
_THEIRS: Final = (
    r"(?! (?:(?:aqui |la )?(?:de|em) casa|d[oae] (?:banco|meu|minha|outr[oa]|obra|predio|meus)"
    r"|jurid|fisica|que ja|que me (?:indicou|passou)))"
)
_TALK: Final = (
    r"(?:falar|fala(?= (?:direto )?com\b)|conversar|tratar|papo|papear|resolver|negociar|dialogar"
    r"|contato|reclamar|conversa"
    r"|falo|converso|resolvo|trato|continuar|seguir)"
)
_WANT: Final = (
    r"(?:quero|queria|prefiro|preferia|preferiria|preciso|precisava|necessito|solicito|exijo"
    r"|gostaria|cade|desejo|peco)"
)
_HAND_ON: Final = (
    r"(?:pass(?:a|e|ar)|transf(?:ere|ira|erir)|encaminh(?:a|e|ar)|direcion(?:a|e|ar)"
    r"|redirecion(?:a|e|ar)|conect(?:a|e|ar)|coloc(?:a|ar)|coloque|poe|ponha|bot(?:a|e)|jog(?:a"
    r"|ue))"
)
_FETCH: Final = (
    r"(?:cham(?:a|e|ar|em)|ped(?:e|ir)|peca|arrum(?:a|e|ar)|arranj(?:a|e|ar)|mand(?:a|e|ar)"
    r"|me ve|traz|coloca|acion(?:a|e|ar))"
)
_HELP: Final = (
    r"(?:lig(?:ar|ue|uem|a)|cham(?:ar|e|a)|atend(?:er|a|e)|ajud(?:ar|e|a)|respond(?:er|a|e)"
    r"|procur(?:ar|e)|retorn(?:ar|e|a)|expli(?:car|que|ca)|entr(?:ar|e|asse) em contato|fal(?:ar"
    r"|e|asse) comigo"
    r"|vir falar)"
)
_MACHINE: Final = r"(?:robos?|maquinas?|bots?|ia|inteligencia artificial|assistente virtual|parede)"
_REAL: Final = (
    r"(?:ai|aqui|de verdade|de carne|real|humano|humana|disponivel|online|dai|do outro lado)"
)
# In these the people of the business, with their articles, stand as one word.
_OF_PERSON: Final = tuple(
    Pattern(pattern)
    for pattern in (
        rf"\b{_TALK}(?: \w+){{0,2}}? com PERSON\b{_THEIRS}|^fala com PERSON\b",
        r"\b(?:quero|preciso|queria|prefiro|posso|gostaria de) .*\bcom PERSON$|\bso com PERSON\b",
        r"\bPERSON (?:disponivel|livre)\b|\bcade PERSON\b|\bpor (?:telefone|ligacao) com PERSON\b",
        r"\b(?:aguard|esper)\w+ (?:(?:o|um|contato|retorno|ligacao|resposta|de) )*PERSON\b",
        (
            rf"\b{_WANT}(?: \w+)?? (?:ajuda |atendimento (?:com |por )?|(?:um )?contato (?:com )?)?"
            r"PERSON(?:$| (?:que|me|mim|para me|para falar|para conversar|para atender|agora|PERSON"
            rf"|urgente|e|por|responda|nao|logo|d[aeo] (?:loja|verdade|voces)|{_REAL})\b)"
        ),
        (
            r"\b(?:ser|seja) (?:atendid|direcionad|transferid|encaminhad)[oa] (?:(?:ao?|por|para"
            r"|pelo) )?PERSON\b"
        ),
        (
            rf"\b{_HAND_ON}(?: me)?(?: direto| em contato| para falar| a ligacao| meu caso)?"
            rf" (?:(?:para|por|com|ao|a|pela|pelo|na|no) )?PERSON\b{_THEIRS}"
        ),
        rf"\b(?:me )?{_FETCH} (?:para )?PERSON\b",
        (
            r"\b(?:PERSON|um|uma|algum|alguma|o|a|que)(?: d[aoe] (?:\w+ )?\w+)?"
            rf"(?: PERSON)?(?: vai| pode| podia| poderia| possa| para| me)* me {_HELP}\b"
        ),
        (
            rf"\bque PERSON (?:me )?{_HELP}\b|\bPERSON (?:pode|podia"
            rf"|poderia) (?:me )?(?:vir )?{_HELP}\b"
        ),
        (
            r"^PERSON (?:de carne e osso|de verdade|responde|para falar)\b"
            r"|^PERSON que me atendeu .*\b(?:ai|aqui|disponivel|online)$|\bPERSON de carne e osso\b"
            r"|\bPERSON (?:ai |aqui )?(?:me )?entr(?:ar|e|asse) em"
            r" contato\b"
            r"|\bPERSON (?:ai |aqui )?para me \w+r\b|^tem PERSON atendendo\b|\brespond[ea] PERSON\b"
            r"|\b(?:tem|existe|ha|teria) PERSON com quem\b|\bso \w+ com PERSON\b"
            r"|\bPERSON .*(?:pode|consegue|poderia) me \w+r\b"
        ),
        (
            rf"\btem PERSON (?:{_REAL}|que (?:me|possa)|para (?:me )?(?:atender|falar|conversar"
            r"|ajudar))\b"
        ),
    )
)
_HUMAN: Final = tuple(
    Pattern(pattern)
    for pattern in (
        (
            rf"\b{_TALK} com (?:o|a) \w+ (?:d[aeo] (?:equipe|loja|empresa|voces|escola|vendas)"
            rf"|dai)\b"
            rf"|\b{_TALK}(?: direto)? com (?:a |o |alguem da )?(?:loja|empresa|unidade|central)\b"
        ),
        (
            rf"\b(?:quero|queria|preciso|gostaria de|posso|prefiro|deixa eu|me deixa) {_TALK} com"
            r" (?:um|uma|o|a|os|algum|alguma) (?!meu|minha|familia|banco|marido|esposa|mulher"
            r"|mae|pai"
            r"|filh[oa]|contadora?|soci[oa]|sindico|vizinh[oa]|voce|calma|pessoal|gente|namorad)\w+"
        ),
        (
            r"\bquero ser atendid[oa]$|\bna linha$|\bquero gente\b|\bcade (?:as pessoas"
            r"|todo mundo)\b"
            r"|\b(?:falar|conversar)\b.*\bpor (?:telefone|ligacao|voz)\b"
        ),
        (
            r"\b(?:cham(?:a|e|ar)|ped(?:e|ir)) (?:o|a) \w+ que (?:me )?(?!(?:tem|fica|e)\b)"
            r"|\b(?:o|a) \w+ (?:pode|podia|poderia) me (?:ligar|chamar|atender|responder)\b"
            rf"|\b{_HAND_ON} .*\bfalar com (?:o|a|um|uma) \w+"
        ),
        (
            r"\bme transf(?:ere|erir|ira)(?: por favor)?$|^(?:entao )?transf(?:ere|ira)(?: ai| logo"
            r"| ja)?$"
            r"|\batendimento (?:por telefone|por ligacao|telefonico)\b|\brobo nao (?:serve|resolve"
            r"|ajuda"
            r"|entende|presta)\b|^(?:\w+ )?(?:robo|bot) nao (?:serve|resolve|ajuda|entende"
            r"|presta)\b"
            r"|\b(?:prefiro|quero|melhor|so) (?:por |uma )?(?:ligacao|telefone)$"
            r"|\b(?:ajuda|apoio|contato) human[oa]\b|\btransf(?:ira|ere|erir) me\b"
            r"|\btem (?:um )?(?:sac|ouvidoria)\b|\bninguem (?:vai |para )?me (?:atende|atender"
            r"|ajuda|ajudar)\b|\bretorno por (?:telefone|ligacao)\b"
        ),
        (
            r"\b(?:contato|telefone|numero) d[eoa] (?:um |uma )?(?:corretora?|vendedora?"
            r"|consultora?"
            r"|atendente|gerente)\b"
        ),
        (
            r"\bme (?:liga|ligue|ligar|ligam|ligarem|liguem|telefona|telefone|telefonar)\b"
            r"|\blig(?:a|ue|ar|uem|ada) (?:para (?:mim|esse)|nesse|neste|no meu)\b"
            r"|\b(?:uma|sua) ligacao d[eao]\b|\b(?:aguard|esper)\w+ (?:a |uma |sua )?ligacao\b"
        ),
        (
            r"\b(?:talk|speak|chat)(?:ing)? (?:to|estou|with) (?:an? |the |some|your )?(?:real "
            r"|live "
            r"|human )*(?:person|human|agent|one|body|manager|representative|rep|owner|staff)\b"
            r"|\bis there (?:an? )?(?:human|person|agent|someone|anyone)\b|\bconnect me (?:to|estou"
            r"|with)\b"
            r"|\b(?:quiero|necesito) (?:un |una )?(?:agente|persona|asesora?|humano)\b|^persona"
            r" real\b"
            r"|\b(?:hablar|comunicarme|charlar) con (?:un |una |el |la )?(?:persona|human[oa]"
            r"|alguien|asesora?|agente|encargad[oa]|gerente|vendedora?|duen[oa])\b"
        ),
        (
            r"\b(?:tem|existe|ha) (?:algum |alguma |um |uma )?(?:atendente(?: humano| real)?"
            r"|atendimento (?:humano|real))$|\b(?:atendimento|atendente|suporte) (?:com )?(?:humano"
            r"|humana|real"
            r"|pessoal|de verdade|com (?:uma )?pessoa)\b"
        ),
    )
)
_NO_PERSON: Final = Pattern(r"nao (?:quero|preciso|precisa)(?: \w+)? (?:com )?PERSON")
_THAT_PERSON: Final = Pattern(
    r"\b(?:cade|quem (?:e|manda|cuida|resolve)) .*\bfalar com (?:ele|ela)\b"
)
_AGAINST_MACHINES: Final = Pattern(
    rf"\b(?:nao|n) (?:quero|gosto|adianta|aguento|suporto|falo|converso|vou|queria|curto)"
    rf"(?: de| mais)*(?: falar| fala| conversar| tratar| papo| atendimento)?(?: com| de)?"
    rf"(?: um| uma| esse| essa)? {_MACHINE}\b"
    rf"|\b(?:chega (?:de|desse)|cansei (?:de|desse)|odeio|detesto|cansad[oa] de)(?: falar com"
    rf"| conversar com)?"
    rf"(?: esse)? {_MACHINE}\b|\b{_MACHINE} nao$|\bsem robo\b"
)
_ALONE: Final = Pattern(
    r"(?:(?:quero|opcao|digitar|digito|transferir|transfere|falar|ir|\d|com|para|um|uma|o|a) )*"
    r"(?:atendentes?|atendimento|humano|pessoa|vendedora?|consultora?|corretora?|operadora?|gerente"
    r"|(?:tem )?alguem(?: ai| aqui| me ouve)?|pessoa (?:real|de verdade)|atendente humano"
    r"|atendimento humano|ser humano"
    r"|suporte humano|(?:real |live |human )*(?:human|agent)|real person)"
)
_NOT_ASKING: Final = Pattern(
    rf"\bou (?:e |um )*{_MACHINE}\b"
    r"|\b(?:nao|nunca)(?: \w+){0,3} (?:mand\w+|lig\w+|contato|cham\w+|pass\w+|transf\w+)\b"
    r"|\b(?:pare|para|parem|parar) de me lig\w+\b|\bdeix\w+ (?:o )?meu \w+ com\b|"
    r"\b(?:nao|nem) (?:\w+ )?(?:quero|preciso|precisa|queria|gosto|prefiro|vou|necessito|passa"
    r"|transfere|chama|chame|liga|me liga|me ligue|me liguem|me ligar|liguem)\b"
    r"|\b(?:ja consegui|consegui|acabei de|vou|ja pude|fui|irei|vamos|posso deixar|nao consigo)"
    r" (?:falar|conversar|tratar|resolver|negociar|chamar)\b"
    r"|\b(?:quero|queria) (?:ser|virar|trabalhar)\b(?! atend| transf| direc| encam)|\b(?:trabalh\w+"
    r"|vaga|vagas|sou|curso|contrat\w+|salario|ganha)\b"
    r"|\bse (?:eu )?(?:ligar|for|incomoda)\b|\bme liga nao\b|\bme liga so\b"
    r"|\b(?:gosta|gosto|dificuldade|ele fala|ela fala)\b|\bpreciso de alguem (?:pra|para) (?!me"
    r"|fal)"
)


_YES: Final = Pattern(
    r"(?:(?:sim|s|ss|sims?|simm|isso|isso mesmo|isso ai|e isso|com certeza|certeza|claro"
    r"|claro que sim"
    r"|pode ser|pode sim|pode|pode mandar|manda|ok|okay|beleza|blz|bora|vamos|vamo|quero|eu quero"
    r"|aceito|fechado|fechou|combinado|perfeito|uhum|aham|ahan|positivo|exato|exatamente|correto"
    r"|esta bom|bom|esta certo|certo|show|top|otimo|yes|confirmo|confirmado|de acordo|concordo"
    r"|senhora?|por favor|favor|gostaria|gostaria sim|tenho sim|e sim|sou sim|dale|partiu|eh"
    r"|e)(?: |$))+"
)
_NO: Final = Pattern(
    r"(?:acho que |claro que |eu |olha )?(?:(?:nao|n|nop|nope|no|negativo|nunca|jamais|nem pensar"
    r"|de jeito nenhum|de forma alguma|nada disso|nem a pau|nem|senhora?|mesmo|ainda|melhor|quero"
    r"|e isso|pode|da|assim|agora|obrigad[oa]|deixar|por enquanto|ne|e|mais)(?: |$))+"
)
_NEGATION: Final = Pattern(
    r"\b(?:nao|nada disso|negativo|nunca|jamais|nem|nop|nope|de jeito nenhum)\b|^no?$"
)


def agrees(text: str) -> bool:
    """Whether nothing is said but yes; a thumb up is one too."""
    said = spelled_out(text)
    return _YES.fullmatch(without_courtesy(said) or said) is not None or (not said and "👍" in text)


def refuses(text: str) -> bool:
    """Whether nothing is said but no: «assim não dá» is one, «não, é 3» is not."""
    said = spelled_out(text)
    return _NO.fullmatch(said) is not None and _NEGATION.search(said) is not None


def wants_human(text: str) -> bool:
    """Whether the message asks for a person instead of the assistant."""
    said = [_well_spelled(spelled_out(part)) for part in clauses(text)]
    if all(_NO_PERSON.fullmatch(_PERSON.sub("PERSON", without_courtesy(part))) for part in said):
        return False
    by_rule = any(map(_asks_for_person, said)) or _THAT_PERSON.search(" ".join(said)) is not None
    return _WORDING.wants(text, by_rule=by_rule)


def _well_spelled(clause: str) -> str:
    return " ".join(
        (len(word) >= _LEAST_TYPED and _ROLES.meant_by(word)) or word for word in clause.split()
    )


def _asks_for_person(clause: str) -> bool:
    if _AGAINST_MACHINES.search(clause):
        return True
    if _NOT_ASKING.search(clause):
        return False
    return (
        (_ALONE.fullmatch(without_courtesy(clause)) is not None and not clause.startswith("e "))
        or any(pattern.search(clause) for pattern in _HUMAN)
        or any(pattern.search(_PERSON.sub("PERSON", clause)) for pattern in _OF_PERSON)
    )
