"""Recognise that another machine is writing: by its words over three exchanges, never by its pace.

One message proves nothing, for people write «como posso te ajudar?» too. Only when each of the last
three things said to us reads like a machine's or repeats itself does a person have to look.
"""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from orbion.domain.messages import Message
from orbion.domain.text import normalise, sentences
from orbion.domain.vocabulary import spelled_out

EXCHANGES: Final = 3
_LONG_WORDS: Final = 5
_MACHINE: Final = re.compile(
    r"\b(?:mensagem|resposta|atendimento|sistema) (?:e )?automatic[oa]\b|\bassistente virtual\b"
    r"|\batendente virtual\b|\bsou (?:o |a |um |uma )?(?:robo|bot|chatbot|assistente digital)\b"
    r"|\b(?:digite|tecle|pressione)\b.{0,30}\b(?:\d|opcao|opcoes|numero|menu)\b"
    r"|\b(?:escolha|selecione) (?:uma |a |umas )?(?:das |opcao|opcoes|alternativa)"
    r"|\bmenu (?:principal|de opcoes|inicial)\b|\bprotocolo (?:de atendimento|n|numero|e|\d)"
    r"|\bem breve (?:um|uma|nosso|nossa|retorn|entrar|sera|voce sera)"
    r"|\bretornaremos\b|\bagradecemos (?:o |pelo |a )?(?:seu |sua )?(?:contato|mensagem)\b"
    r"|\bobrigad[oa] por entrar em contato\b|\bfora do (?:nosso )?horario de atendimento\b"
    r"|\b(?:nao entendi|opcao invalida)\b.{0,40}\b(?:opcao|opcoes|digite|menu|novamente)\b"
    r"|\bauto ?reply\b|\bautomat(?:ed|ic) (?:message|reply|response)\b|\bthank you for contacting\b"
)


def is_machine_talk(batch: Sequence[Message], history: Sequence[Message]) -> bool:
    """Whether what is said now and the two things said before our last answers are a machine's."""
    answered = {message.id for message in batch}
    earlier = [message for message in history if message.id not in answered]
    said = [[message.text for message in batch], *_said_before(earlier)][:EXCHANGES]
    if len(said) < EXCHANGES:
        return False
    repeated = [_repeatable(texts) for texts in said]
    marked = [any(map(_reads_like_a_machine, texts)) for texts in said]
    if not any(marked):
        return bool(repeated[0]) and all(each == repeated[0] for each in repeated)
    return all(
        is_marked or not repeated[place].isdisjoint(_others(repeated, place))
        for place, is_marked in enumerate(marked)
    )


def _said_before(history: Sequence[Message]) -> Sequence[list[str]]:
    """What the other side said between our answers, newest first."""
    turns = groupby(reversed(history), key=lambda message: message.direction)
    return [[message.text for message in said] for direction, said in turns if direction == "in"]


def _reads_like_a_machine(text: str) -> bool:
    """People ask whether we are one; machines tell that they are."""
    told = " ".join(part for part in sentences(text) if "?" not in part)
    return _MACHINE.search(spelled_out(told)) is not None


def _repeatable(texts: Sequence[str]) -> frozenset[str]:
    """Sentences that nobody says three times: an answer like «não sei» is none."""
    parts = [part for text in texts for part in sentences(text)]
    return frozenset(
        said
        for part in parts
        if (said := normalise(part)) and ("?" in part or len(said.split()) >= _LONG_WORDS)
    )


def _others(repeated: Sequence[frozenset[str]], place: int) -> frozenset[str]:
    return frozenset().union(*(said for at, said in enumerate(repeated) if at != place))
