"""Recognise what a question is about where every business has the answer: price, hours, address."""

from typing import Final

from orbion.domain.vocabulary import spelled_out
from orbion.kit.pattern import Pattern

_PRICE: Final = Pattern(
    r"\bquanto (?:que |eu |voces |e que |mais ou menos )*(?:custa|custam|custaria|fica|ficam"
    r"|ficaria|sai"
    r"|saem|sairia|saindo|e|eh|seria|vale|cobra|cobram|esta|pago|pagaria|vou pagar|preciso investir"
    r"|preciso pagar|estou gastando|gasto com)\b"
    r"|\bquanto$|\b(?:custa|custam|cobram?|por|em|de|menos|partir de|sao|e) quanto\b"
    r"|(?<!meu )(?<!nosso )(?<!com )\borcamentos?\b(?! (?:e|de|ate|max\w*|fica|gira|apertado|que))"
    r"|\bcotac(?:ao|oes)\b|\btabela\b|\bprecos?\b(?! d[aeo] (?:gasolina|luz|energia|dolar"
    r"|concorren))"
    r"|\b(?:qual|quais|que|o|os|me \w+|saber|ver|e|passar) (?:o |os |e o |eh o |sao os |seu |um )?"
    r"(?:valor(?:es)?|custos?|investimento|faixa de preco)\b"
    r"|\bvalores\b|^(?:o )?valor\b|\b(?:e|eh|muito|meio) (?:muito )?car[oa]s?$|\bquantos (?:mil"
    r"|reais)\b"
    r"|\bvalor d[aeo] \w+$|\bqual (?:e )?[ao] (?:mensalidade|aluguel|anuidade|taxa)\b"
    r"|\bquantos mil\b|\bme diz quanto\b"
)
_NO_PRICE: Final = Pattern(
    r"\bquanto (?:tempo|falta|de desconto)\b|\bquant[oa]s? (?:vezes|dias|anos|meses|kwh|placas)\b"
)
_HOURS: Final = Pattern(
    r"\b(?:que|quais|quantas) horas?\b|(?<!meu )(?<!minha )(?<!o )\bhorarios?\b(?! (?:d[ae]s? \d"
    r"|livre|das))"
    r"|\b(?:qual|saber|ver|me passa) (?:e )?o (?:seu )?horario\b|\bhorario de (?:atendimento"
    r"|funcionamento|visita|voces)\b"
    r"|\b(?:abrem?|abre|fecham?|abert[oa]s?|funcionamento|expediente)\b"
    r"|\bate que hora\b|\bate (?:mais )?tarde\b|\b(?:funciona|funcionam|atende|atendem|trabalham"
    r"|trabalha|tem atendimento|tem alguem(?: na loja| ai)?)(?: voces)? (?:de |no |aos? |na |em )?"
    r"(?:hoje|amanha|agora|feriados?|sabados?|domingos?|fim de semana|final de semana|segunda)\b"
    r"|\b(?:sabado|domingo|feriado|amanha|hoje) (?:voces )?(?:funciona|funcionam|atende|atendem"
    r"|abre"
    r"|abrem|tem atendimento|trabalham|esta aberto)\b|\batendendo agora\b"
    r"|\b(?:quais|que) (?:os |sao os )?dias?(?: de atendimento| voces (?:abrem|atendem|funcionam))"
)
_NO_HOURS: Final = Pattern(
    r"\b(?:que horas?|horario) (?:que )?(?:ele|ela|o tecnico|chega|chegam|vem|passa|pode ser"
    r"|posso marcar"
    r"|te ligo)\b|\baberto a\b"
)
_ADDRESS: Final = Pattern(
    r"(?<!meu )(?<!novo )(?<!antigo )\bendereco\b(?! (?:d[ao] (?:minha|meu|obra|imovel)|novo|antigo"
    r"|errado|e rua|e av))|\baonde\b|^(?:e|fica|ficam) perto d[aeo]\b"
    r"|\bonde (?:que )?(?:voces |eu )?(?:fica|ficam|estao|esta|e|eh|posso ir|encontro|acho voces"
    r"|encontrar|e que)\b|\b(?:fica|ficam|e|eh|estao|showroom|voces|loja) onde\b|^onde$"
    r"|\b(?:minha )?localizacao\b|\bmaps\b|\bshow ?room\b"
    r"|\b(?:qual|onde|tem) (?:a |e a |uma )?loja fisica\b"
    r"|\bcomo (?:eu |que eu |faco (?:para|pra) )?cheg(?:o|ar)\b|\bponto de referencia\b"
    r"|\bperto d[oe] que\b|\b(?:em|de) (?:que|qual) (?:bairro|rua|lugar|cidade"
    r"|regiao voces ficam)\b"
    r"|\bqual (?:e )?(?:o bairro|a rua|a cidade)(?: de voces| da loja| da escola)?$"
    r"|\b(?:sao|e|eh) de onde\b"
)
_NO_ADDRESS: Final = Pattern(
    r"\bonde (?:fica|ficam) (?:[oa]s?|um|uma) (?!loja|escola|empresa|unidade|imobiliaria"
    r"|escritorio)"
)
_MACHINE: Final = (
    r"(?:robos?|bots?|maquina|ia|inteligencia artificial|chatgpt|chat gpt|gpt|automatic[oa]"
    r"|gravacao)"
)
_SOMEBODY: Final = r"(?:humano|humana|ser humano|pessoa|gente|real|alguem)"
_IDENTITY: Final = Pattern(
    rf"\b(?:voce|isso|isto|aqui|atendimento|resposta|conversa|mensagem)(?: \w+)?? (?:e|eh"
    rf"|com) (?:um |uma |o )?"
    rf"(?:{_MACHINE}|{_SOMEBODY}|de verdade)\b(?! que\b)"
    rf"|\bvoces? usam? {_MACHINE}\b|\b(?:que|q) robo e\b|^(?:mas )?(?:um )?{_MACHINE}$"
    rf"|\b(?:e|eh) (?:um |uma )?{_MACHINE}(?: isso| ne| que| ou|$)|\b{_MACHINE} (?:ne|isso|ou"
    rf"|mesmo)\b"
    rf"|^(?:e|eh) (?:uma |um )?(?:{_SOMEBODY}|{_MACHINE})\b(?! de| que| fis)"
    rf"|\b(?:falando|conversando|conversa|falo) com (?:um |uma )?(?:{_MACHINE}|{_SOMEBODY}|quem)\b"
    rf"|\bcom quem (?:eu )?(?:falo|estou|converso)\b|\b{_SOMEBODY} (?:ai )?ou {_MACHINE}\b"
    r"|\bquem (?:e que )?(?:e voce|fala|esta falando|esta respondendo|e que fala"
    r"|responde aqui)\b(?! e)"
    r"|\b(?:qual|o) (?:e )?(?:o )?seu nome\b|^seu nome\b|\bcomo voce se chama\b"
    r"|\batendid[oa] por quem\b"
    rf"|\b(?:mensagem|resposta|atendimento|conversa) (?:e )?(?:automatic[oa]|com {_MACHINE})\b"
    r"|\bque (?:esta|ta) respondendo\b|\bvoce (?:existe|e gente|e de verdade|e real)\b|\brobo$"
)
_NO_IDENTITY: Final = Pattern(
    r"\b(?:tenho|meu|minha|adora|gosta|aula de|sem|nao quero|nao e|esse|o|quero) (?:um |uma )?"
    r"(?:robo|robos|bot)\b|\bquem fala e\b"
)
_QUESTION: Final = Pattern(
    r"^(?:(?:e|mas|oi|ola|entao|bom dia|boa tarde|boa noite) )*(?:quanto|quantos|quantas|qual|quais"
    r"|como|onde|quando|quem|porque|por que|o que|que tipo|sera|voces|tem|aceitam?|fazem?|vendem?"
    r"|posso|da para|queria saber|quero saber|gostaria de saber)\b"
)


def asks_price(said: str) -> bool:
    return bool(_PRICE.search(said)) and not _NO_PRICE.search(said)


def after_price(said: str) -> str:
    """What follows the words that ask for a price: the thing, if it is named there."""
    end = max((asked.end() for asked in _PRICE.finditer(said)), default=len(said))
    return said[end:]


def asks_hours(said: str) -> bool:
    return bool(_HOURS.search(said)) and not _NO_HOURS.search(said)


def asks_address(said: str) -> bool:
    return bool(_ADDRESS.search(said)) and not _NO_ADDRESS.search(said)


def asks_identity(said: str) -> bool:
    """Whether somebody wants to know who, or what, is writing to them."""
    return bool(_IDENTITY.search(said)) and not _NO_IDENTITY.search(said)


def is_question(sentence: str) -> bool:
    return "?" in sentence or bool(_QUESTION.search(spelled_out(sentence)))
