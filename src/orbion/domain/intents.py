"""Recognise the requests that come before any answer: stop, start again, a person please."""

import re
from typing import Final

from orbion.domain.text import normalise

_MESSAGES: Final = (
    r"(?:mensagem|mensagens|mensage|msg|msgs|zap|whatsapp|coisas?|nada|propagandas?"
    r"|promocao|promocoes|ofertas?|anuncios?|spam|isso)"
)
_SENDING: Final = r"(?:mandar|enviar|escrever|incomodar|perturbar|encher|ligar|chamar)"
_REMOVE: Final = (
    r"(?:tira|tire|tirem|tirar|remova|remove|removam|remover|exclua|exclui|excluam|excluir"
    r"|apaga|apague|apaguem|apagar|retira|retire|retirem|retirar|deleta|delete|deletem|deletar"
    r"|descadastra|descadastre|descadastrem|descadastrar)"
)
_LIST: Final = (
    r"(?:d?es[st]a|d?es[st]e|da|do|de|da sua|do seu)"
    r" (?:lista|grupo|cadastro|base|banco de dados)(?: de \w+)?"
)
_MINE: Final = (
    r"(?:os? |as? )?(?:meus?|minhas?) (?:numero|contato|cadastro|dados|telefone|nome|inscricao)"
)
_BEFORE: Final = (
    r"(?:(?:por favor|pf|pfv|favor|oi|ola|bom dia|boa tarde|boa noite|gente|lgpd|eu|ja) )*"
)
_AFTER: Final = (
    r"(?: (?:por favor|pf|pfv|favor|obrigad[oa]|obg|agora|ja|imediatamente|aqui|por aqui"
    r"|pra mim|para mim|de voces))*"
)
_OPT_OUT: Final = re.compile(
    _BEFORE
    + "(?:"
    + "|".join(
        (
            r"stop(?: all)?|unsubscribe|opt out|pare|parar|parem|sair|sai fora|remover",
            r"descadastr(?:ar|e|em|a)|cancelar inscricao",
            (
                rf"(?:pare|para|parem|parar|deixe|deixem)(?: ja)? (?:de )?(?:me )?{_SENDING}"
                rf"(?: mais)?(?: (?:essas?|estas?|suas|tantas))?(?: {_MESSAGES})?"
            ),
            r"nao quero mais",
            (
                rf"nao (?:quero|desejo|autorizo|gostaria de)(?: mais)?"
                rf" receber(?: mais)?(?: (?:essas|suas))?(?: {_MESSAGES})?"
            ),
            rf"(?:quero|queria|gostaria de|desejo|vou) parar de receber(?: {_MESSAGES})?",
            r"nao (?:quero|desejo)(?: mais)? (?:contato|ser contatad[oa])(?: mais)?",
            (
                rf"nao (?:me )?(?:mandem?|enviem?|escrevam?|escreva|liguem?|chamem?) mais"
                rf"(?: {_MESSAGES})?"
            ),
            rf"nao me (?:mandem?|enviem?|escrevam?|escreva|incomodem?|perturbem?)(?: {_MESSAGES})?",
            r"nao (?:entrem?|facam?|faca)(?: mais)? (?:em )?contato(?: comigo)?(?: mais)?",
            (
                rf"(?:quero que |pode |podem |peco que )?(?:me )?{_REMOVE}(?: me)?"
                rf" (?:{_LIST}|{_MINE})(?: {_LIST})?"
            ),
            rf"me {_REMOVE}",
            (
                rf"(?:quero|queria|gostaria de|desejo|pode) (?:sair|me descadastrar|{_REMOVE})"
                rf" (?:{_LIST}|{_MINE})"
            ),
            r"(?:quero|gostaria de|desejo) me descadastrar",
            (
                r"(?:quero|solicito|peco|exijo) (?:que (?:apaguem|excluam|removam)|a? ?exclusao de"
                r"|a? ?exclusao dos|a? ?remocao dos) (?:os )?meus dados"
            ),
            (
                r"(?:quero |desejo |gostaria de )?cancelar (?:a |minha |a minha )?"
                r"(?:inscricao|assinatura|cadastro)"
            ),
        )
    )
    + ")"
    + _AFTER
)
_OPT_IN: Final = re.compile(
    _BEFORE
    + "(?:"
    + "|".join(
        (
            r"voltar|start|ativar|reativar|quero voltar|retomar",
            (
                rf"(?:quero |queria |gostaria de |pode |podem )?voltar a"
                rf" (?:receber|mandar|enviar|falar|conversar)(?: {_MESSAGES})?(?: com voces)?"
            ),
            (
                rf"(?:quero|pode|podem) (?:receber|mandar|enviar)(?: as)?(?: {_MESSAGES})?"
                r" (?:de novo|novamente|outra vez)"
            ),
            r"(?:me )?(?:cadastr[ae]|inscrev[ae]|recadastr[ae])(?: me)? (?:de novo|novamente)",
        )
    )
    + ")"
    + _AFTER
)
_PERSON: Final = (
    r"(?:(?:um|uma|o|a|algum|alguma|outro|outra|ser) )*"
    r"(?:atendente|pessoa|humano|humana|ser humano|vendedora?|consultora?"
    r"|gerente|responsavel|alguem(?: d[ae] (?:voces|equipe|loja|verdade))?|gente de verdade)"
)
_HUMAN: Final = re.compile(
    rf"\b(?:falar|conversar|tratar) com {_PERSON}\b"
    r"|\b(?:atendimento|atendente|suporte) (?:humano|humana|real|pessoal|de verdade)\b"
    rf"|\b(?:quero|queria|prefiro|preciso(?: de)?|cade|tem) {_PERSON}"
    r"(?: (?:pra|para|que|aqui|ai|por favor)\b.*)?$"
    rf"|\b(?:me )?(?:chama|chame|chamar|passa|passe|passar|transfere|transfira|transferir)"
    rf" (?:pra|para|pro|por) {_PERSON}\b"
    r"|\b(?:chama|chame|chamar) (?:um|uma|o|a)"
    r" (?:atendente|pessoa|humano|vendedora?|consultora?)\b"
    r"|\bser atendid[oa] por (?:um |uma )?(?:pessoa|humano|atendente)\b"
    r"|^(?:(?:oi|ola) )?(?:atendente|humano|pessoa|vendedora?|consultora?|atendimento)"
    r"(?: (?:por favor|pf|pfv))?$"
)
_NOT_ASKING: Final = re.compile(
    r"\bnao (?:quero|preciso|precisa|queria|gosto|prefiro)\b"
    r"|\b(?:ja consegui|consegui|acabei de|vou|ja pude) (?:falar|conversar|tratar)\b"
)


def opts_out(text: str) -> bool:
    """Whether the whole message, and nothing else in it, asks to be written to no more."""
    return _OPT_OUT.fullmatch(normalise(text)) is not None


def opts_in(text: str) -> bool:
    """Whether the whole message asks to be written to again."""
    return _OPT_IN.fullmatch(normalise(text)) is not None


def wants_human(text: str) -> bool:
    """Whether the message asks for a person instead of the assistant."""
    said = normalise(text)
    return _HUMAN.search(said) is not None and _NOT_ASKING.search(said) is None
