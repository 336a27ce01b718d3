"""Turns what a persona shall say or do into what it says: Portuguese or English, quoted or told."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from orbion.domain.text import compose, fold

_QUOTED: Final = re.compile(r"[\"“«']([^\"”»']{3,})[\"”»']")
_AT_LAST: Final = (
    r"no final|ao final|no fim|por fim|por ultimo|finalmente|at the end|in the end|finally|lastly"
)
_WHEN: Final = re.compile(
    rf"^(?:(?:e |and )?(?:{_AT_LAST}|depois|then|afterwards|later|em seguida|antes|tambem|also"
    r"|no meio(?: da conversa)?|midway|in the middle|no comeco|no inicio|at first|first|primeiro"
    r"|before that|logo de cara|turn \d+|(?:apos|after) [^,:]+)[,:]? +"
    r"(?:ele |ela |he |she |they |o cliente )?)+"
)
_LATE: Final = re.compile(rf"^(?:e |and )?(?:{_AT_LAST})\b")
_TELLS: Final = re.compile(
    r"^(?:(?:diz|dizer|diga|fala|falar|fale|informa|informar|conta|contar|avisa|avisar|responde"
    r"|responder|comenta|comentar|menciona|mencionar|escreve|escrever|afirma|explica) que"
    r"|(?:diz|diga|fala|fale|escreve|responde)\b:?) +"
)
_ASKS: Final = re.compile(
    r"^(?:pergunta|perguntar|pergunte|questiona|questionar|quer saber|tira duvida)s?"
    r"(?P<how> se| sobre)? +"
)
_WANTS: Final = re.compile(
    r"^(?:pede|pedir|peca|solicita|solicitar|solicite|exige|exigir|insiste (?:em|no|na|por))"
    r"(?: para| pra)? +"
)
_CORRECTS: Final = re.compile(
    r"^(?:corrige|corrigir|corrija|muda|mudar|troca|trocar|altera|alterar|corrects?|changes?)"
    r" +(?:(?P<the>o|a|os|as|the|his|her|seu|sua) )?(?P<what>[\w ]+?)"
    r" +(?:para|pra|por|to) +(?P<new>.+)$"
)
_ENGLISH_ARTICLE: Final = re.compile(r"the|his|her")
_HIDES: Final = re.compile(
    r"^(?:(?:se )?recusa a (?:dizer|informar|dar)|recusa|nao informa|nao diz"
    r"|nao quer (?:dizer|informar)"
    r"|refuses to (?:give|say|tell|share|inform)|does not (?:give|tell|share)|never (?:gives|tells)"
    r"|esconde|evita dizer|omite) +(?:(?:o|a|the|his|her|seu|sua) )?(?P<what>[\w ]+)$"
)
_GIVES: Final = re.compile(
    r"^(?:informa|diz|conta|fala|menciona|passa|revela|mentions?|volunteers?|gives?|shares?|states?"
    r"|provides?|tells?)(?!:| que\b) +(?P<what>.+)$"
)
_RECTIFIES: Final = re.compile(r"^(?:corrige|corrija|corrigindo):? +")
_KEEPS_QUIET: Final = re.compile(
    r"^(?:fica em silencio|silencio|nao responde(?: mais)?|some|stays silent|goes silent|ignores"
    r"|demora (?:a|para) responder|manda mensagens picadas|escreve com erros)\b"
)
_ENGLISH: Final = re.compile(
    r"^(?:asks?|says?|tells?|gives?|wants?|demands?|requests?|opts?|sends?|mentions?|objects?"
    r"|complains?|insists?|volunteers?|hesitates?|thanks?|gets?|threatens?|agrees|accepts|refuses"
    r"|declines?|loses|interrupts?|tries|claims?|confirms?|know|get|find|learn|buy|rent|enrol+|book"
    r"|schedule|visit|talk|stop|unsubscribe|understand|compare|to|he|she|they|customer|looking)\b"
)
_IN_PORTUGUESE: Final[Mapping[str, str]] = MappingProxyType(
    {
        r"opt(?:s|ing)? ?out|unsubscri|stop\b.*messag|stop (?:contact|writ)|remove": (
            "não quero mais receber mensagens"
        ),
        r"human|person\b|agent|attendant|manager|realtor|someone|representative": (
            "quero falar com um atendente"
        ),
        r"robot|\bbot\b|\bai\b|machine": "você é um robô?",
        r"discount|negotiat|cheaper|lower": "tem desconto?",
        r"visit|schedul|appointment|tour|book": "quero agendar uma visita",
        r"not interested|gives? up|loses interest|no longer": "não tenho interesse, obrigado",
        r"competitor|another company|someone else": "já fechei com outra empresa",
        r"complain": "quero fazer uma reclamação",
        r"expensive|too much": "achei caro",
        r"instal+ments?|financ|payment": "dá para parcelar?",
        r"warrant|guarantee": "qual a garantia?",
        r"how long|install|deadline|lead time": "quanto tempo demora para instalar?",
        r"hours|open": "qual o horário de vocês?",
        r"address|location|where": "qual o endereço?",
        r"enrol|tuition|fee|price|cost|quote|how much|value": "quanto custa?",
        r"document": "quais documentos precisa?",
        r"thank": "obrigado!",
        r"how .*works?|rain|night": "como funciona?",
        r"electric|energy|solar": "quero economizar na conta de luz",
        r"rent\b": "quero alugar um imóvel",
        r"buy\b": "quero comprar",
        r"sell\b": "quero vender meu imóvel",
    }
)
_FIRST_PERSON: Final[Mapping[str, str]] = MappingProxyType(
    {
        "quer": "quero",
        "mora": "moro",
        "tem": "tenho",
        "prefere": "prefiro",
        "precisa": "preciso",
        "acha": "acho",
        "achou": "achei",
        "vai": "vou",
        "está": "estou",
        "gasta": "gasto",
        "paga": "pago",
        "pode": "posso",
        "fechou": "fechei",
        "desistiu": "desisti",
        "decide": "decido",
        "gostou": "gostei",
        "viu": "vi",
        "deseja": "desejo",
        "procura": "procuro",
        "busca": "busco",
        "chama": "chamo",
        "seu": "meu",
        "sua": "minha",
        "se": "se",
    }
)
_PLAIN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "agradece": "obrigado!",
        "reclama": "quero fazer uma reclamação",
        "reclama do preço": "achei caro",
        "acha caro": "achei caro",
        "pede desconto": "tem desconto?",
        "pede descadastro": "quero sair da lista, não me mande mais mensagens",
        "pede opt-out": "não quero mais receber mensagens",
        "pede o endereço": "qual o endereço?",
        "pede preço": "quanto custa?",
        "pede orçamento": "quero um orçamento",
        "confirma": "isso mesmo",
    }
)
_ARTICLE: Final = re.compile(r"[oa]s? ", re.IGNORECASE)
_NOT_ENGLISH: Final = frozenset(
    [
        "de",
        "da",
        "do",
        "para",
        "pra",
        "um",
        "uma",
        "com",
        "quero",
        "queria",
        "em",
        "que",
        "os",
        "as",
    ]
)
_IS_ENGLISH: Final = frozenset(
    [
        *("the", "to", "for", "with", "about", "how", "and", "of", "at", "his", "her", "is", "in"),
        *("bill", "home", "house", "reduce", "lower", "school", "child", "daughter", "son", "rent"),
        *("buy", "sell", "apartment", "price", "find", "want", "wants", "get", "information"),
    ]
)
_ANYTHING: Final = "queria mais informações, por favor"
_INFINITIVE: Final = re.compile(r"^(?:\w+(?:ar|er|ir|or))\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """`says` is said as it is; `learns` and `hides` change what the persona knows and tells.

    `gives` are words that name facts: those are told unasked, or `says` where none is meant.

    A `late` cue waits until nothing is asked any more.
    """

    says: str | None = None
    learns: tuple[str, str] | None = None
    hides: str | None = None
    gives: frozenset[str] = frozenset()
    late: bool = False


def read_hint(hint: str) -> Cue:
    """What is meant by one hint; what reads like nothing known is said word for word."""
    text = compose(hint).strip()
    late = _LATE.search(fold(text)) is not None
    text = text[_end(_WHEN, text) :]
    folded = fold(text).rstrip(".")
    quoted = _QUOTED.search(text)
    if quoted:
        return Cue(says=quoted.group(1), late=late)
    if _KEEPS_QUIET.search(folded):
        return Cue(late=late)
    if found := _CORRECTS.match(folded):
        new = text[found.start("new") : found.end("new")]
        subject = (
            ""
            if _ENGLISH_ARTICLE.fullmatch(found["the"] or "the")
            else f"{found['the']} {found['what']} "
        )
        return Cue(says=f"na verdade {subject}é {new}", learns=(found["what"], new), late=late)
    if found := _HIDES.match(folded):
        return Cue(hides=found["what"], late=late)
    if found := _GIVES.match(folded):
        named = frozenset(re.findall(r"[a-z]+", found["what"]))
        return Cue(says=_spoken(text, folded), gives=named, late=late)
    return Cue(says=_spoken(text, folded), late=late)


def read_goal(goal: str) -> str:
    """A goal as its owner, who is Brazilian, would tell it."""
    text = compose(goal).strip().replace("_", " ")
    spoken = _spoken(text, fold(text).rstrip("."))
    if spoken != text:
        return spoken or _ANYTHING
    first, *rest = text.split()
    told = rest[0] if rest and fold(first) == "nao" else first
    if told.lower() in _FIRST_PERSON:
        return _first_person(text[:1].lower() + text[1:])
    if _INFINITIVE.match(fold(first)):
        return f"queria {first.lower()}{text[len(first) :]}"
    return text


def _spoken(text: str, folded: str) -> str | None:
    """What is said; None for English that has no Portuguese here: a Brazilian says nothing."""
    plain = next((say for key, say in _PLAIN.items() if fold(key) == folded), None)
    if plain:
        return plain
    if found := _ASKS.match(folded):
        return _question(text[found.end() :], about=found["how"] == " sobre")
    if found := _TELLS.match(folded):
        return _first_person(text[found.end() :])
    for order, words in ((_RECTIFIES, "na verdade"), (_WANTS, "quero")):
        if found := order.match(folded):
            return f"{words} {text[found.end() :]}"
    if _ENGLISH.match(folded) or _is_english(folded):
        return _translated(folded)
    return text


def _is_english(folded: str) -> bool:
    said = frozenset(re.findall(r"[a-z]+", folded))
    return bool(said & _IS_ENGLISH) and not said & _NOT_ENGLISH


def _translated(folded: str) -> str | None:
    return next((say for how, say in _IN_PORTUGUESE.items() if re.search(how, folded)), None)


def _question(asked: str, *, about: str | bool) -> str:
    asked = asked.rstrip(" ?.")
    if about:
        return f"e sobre {asked}, como funciona?"
    return f"qual {asked}?" if _ARTICLE.match(asked) else f"{asked}?"


def _first_person(told: str) -> str:
    return " ".join(_FIRST_PERSON.get(word, word) for word in told.split())


def _end(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(fold(text))
    return found.end() if found else 0
