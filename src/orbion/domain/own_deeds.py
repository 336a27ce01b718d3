"""Find what a reply claims of itself: «agendei», «acabei de enviar», «falei com o gerente»."""

import re
from collections.abc import Iterator
from typing import Final

from orbion.domain.action_words import NOUNS, VERBS
from orbion.domain.claims import STEMS, THINGS, ActionClaim, backing, claim, is_real, real
from orbion.domain.clauses import Clause
from orbion.domain.other_deeds import find_other_deeds
from orbion.domain.receipts import Deed
from orbion.kit.pattern import Pattern

_PAST: Final = Pattern(rf"\b({STEMS})(?:ei|i|uei|quei)\b")
_WE: Final = Pattern(
    rf"\b(?:ja|acabamos de|nos|prontinho|pronto)\b[^.!?]{{0,25}}\b({STEMS})(?:amos|imos|emos)\b"
    rf"|\ba gente (?:ja )?(?:te |lhe )?({STEMS})(?:ou|eu|iu)\b"
    rf"|\b({STEMS})(?:amos|imos) (?:agora|hoje|o seu|a sua|seu|sua|pra voce|pra vc|para voce)\b"
    rf"|\b({STEMS})(?:amos|imos)(?: entao)? (?:pra|para) (?:o |a )?(?:dia|hoje|amanha|segunda"
    rf"|terca"
    r"|quarta|quinta|sexta|sabado|domingo|\d)"
    rf"|\b({STEMS})(?:amos|imos) (?:\w+ ){{1,3}}(?:pra|para) (?:voces?|vcs?)\b"
    rf"|^\W*({STEMS})(?:amos|imos)\s*$"
)
_JUST: Final = Pattern(
    rf"\b(?:acab(?:ei|o|amos|ou) de|consegui(?:mos)?|deu pra|tomei a liberdade de|aproveitei "
    rf"(?:pra|para|e)) (?:ja |te |lhe |me )?({STEMS})(?:ar|er|ir|uir|irmos|ear|iar|r)\b"
)
_NOW: Final = Pattern(
    rf"\b(?:estou|to|tou|estamos|tamo|tamos|vou)(?: ja| aqui| agora)?(?: te| lhe| o| a| ja)* "
    rf"({STEMS})(?:ando|endo|indo|uindo|iando|eando)\b"
    rf"|^\W*(?:ok |pronto |certo |ja )*(?!pass)({STEMS})(?:ando|endo|indo)\b"
)
_WROUGHT: Final = Pattern(
    rf"\b(?:fiz|fizemos|consegui|conseguimos|abri|deixei|d(?:ei|emos) entrada|fechei"
    rf"|coloquei|botei|pus|lancei|adicionei|dei baixa|resolvi|tratei|rodei|montei|criei|preparei)\b"
    rf"(?: \w+){{0,3}} ({THINGS})\b"
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
# «Já combinei com ele»: with anybody but the customer.
_AGREED: Final = Pattern(
    r"\b(?:acab(?:ei|amos) de (?:falar|conversar|combinar|alinhar|acertar)"
    r"|falei|falamos|conversei|conversamos|combinei|combinamos|alinhei|acertei)"
    r"(?: (?:ja|tudo|isso|direto|agora|aqui|la|pessoalmente|por telefone))* com "
    r"(?!(?:voces?|vcs?|ti|a gente|o senhor|a senhora|calma|carinho|cuidado|antecedencia)\b)\w+"
)
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
# «Pagando até dia 5 tem desconto», «levando os quatro»: a condition, no deed.
_IS_TERM: Final = Pattern(
    r"\b(?:ate|antes|depois|ganh\w+|tem|sai|fica|paga|recebe|leva|custa|[oa]s \w+|dois|duas|aqui$"
    r"|\d+)\b"
)
_BARE: Final = Pattern(r"(?:\b(?:ja|eu|te|pronto|prontinho|tambem|e|sim|certo|ok)\b|\W)*")


def own_deeds(clause: Clause) -> Iterator[ActionClaim]:
    """«Agendei», «acabei de enviar», «estou transferindo»: said of oneself."""
    text = clause.text
    for pattern in (_PAST, _WE, _JUST, _NOW):
        for found in real(pattern, text):
            stem = next(group for group in found.groups() if group)
            if not _is_no_deed(pattern, stem, found, text, is_asked=clause.is_asked):
                yield claim(found, backing(stem, text[found.start() :]))
    for found in find_other_deeds(text):
        if not _PAST.match(text, found.start()) and is_real(text[: found.start()]):
            yield claim(found, frozenset(Deed))
    for found in real(_WROUGHT, text):
        yield claim(found, NOUNS[found[1]])
    for found in (*real(_SPOKE, text), *real(_AGREED, text)):
        yield claim(found, frozenset((Deed.HAND_OVER,)))


def _is_no_deed(
    pattern: Pattern, stem: str, found: re.Match[str], text: str, *, is_asked: bool
) -> bool:
    """A turn of phrase, an ongoing look-up, or «já inclui» said of a price."""
    if pattern is _NOW:
        is_bare = found[2] is not None
        return Deed.CHECK in VERBS[stem] or (is_bare and _IS_TERM.search(text) is not None)
    if pattern is _WE:
        return is_asked and not found.group().startswith("ja")
    if pattern is not _PAST:
        return False
    if found.group() == "inclui" and not _BARE.fullmatch(text[: found.start()]):
        return True
    return _NO_DEED.search(text, max(0, found.start() - 4)) is not None
