"""Cut a business's documents into passages, and choose the one that answers a question."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from orbion.domain.retrieval import subjects
from orbion.domain.text import visible, words
from orbion.domain.vocabulary import spelled_out

MOST_CHARACTERS: Final = 320
"""Of one passage: what can be read at a glance in a chat."""

MOST_LINES: Final = 4
MOST_TERMS: Final = 32
MOST_PASSAGES: Final = 3
CANDIDATES: Final = 30
ENOUGH: Final = 0.65
SURE: Final = 0.9
"""From here on a passage knows better than an answer of the playbook that is only alike."""

CERTAIN: Final = 1.4
"""From here on nearly all that is asked is what the heading names."""

_HEADED: Final = 0.5
_COMMON: Final = -0.5
_EMPTY: Final = frozenset(
    stem
    for word in words(
        "agora fazer faco faz pode poder posso precisar precisa preciso receber recebo levar pegar"
        " dar dao deixar ter tiver quero queria gostaria sobre serve servir funciona vale pena"
        " pagar pago certo coisa cima aqui hoje quantos cento esta ficar fica ir vou meu minha"
        " filho filha existe possivel trabalham fazem mandar chega por casa sozinho"
    )
    for stem in subjects(word)
)
_HEADING: Final = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
_BULLET: Final = re.compile(r"^\s*[-*+]\s+")
_LINK: Final = re.compile(r"!?\[([^\]]*)\]\(([^)\s]*)[^)]*\)")
_MARKS: Final = re.compile(r"(\*\*|__|`+|~~)")
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+")
_NO_SLUG: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A few lines of a document under one heading; `terms` are the stems that it is found by."""

    document: str
    position: int
    heading: str
    text: str
    terms: tuple[str, ...]

    @property
    def fact_id(self) -> str:
        return f"doc:{self.document}:{self.position}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the documents say to one sentence, and how like it that is."""

    sentence: str
    passage: Passage
    likeness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """`name` is its id within the business; `origin` is who brought it and may take it away."""

    name: str
    title: str
    origin: str
    passages: tuple[Passage, ...]


def slug(name: str) -> str:
    """A document's id: lower case letters, digits and «-»."""
    return _NO_SLUG.sub("-", spelled_out(name)).strip("-") or "documento"


def read_markdown(name: str, source: str, *, origin: str) -> Document:
    """Each paragraph or list becomes one passage or more, found by its heading's words too."""
    found: list[tuple[str, str]] = []
    title = heading = ""
    for block in re.split(r"\n\s*\n", visible(source)):
        lines = [line.rstrip() for line in block.splitlines() if line.strip()]
        while lines and (head := _HEADING.match(lines[0])):
            heading = _plain(head[1])
            title = title or heading
            lines = lines[1:]
        found += [(heading, part) for part in _parts([_line(line) for line in lines])]
    document = slug(name)
    return Document(
        name=document,
        title=title or name,
        origin=origin,
        passages=tuple(
            Passage(
                document=document,
                position=position,
                heading=head,
                text=text,
                terms=tuple(sorted(terms_of(head) | terms_of(text))),
            )
            for position, (head, text) in enumerate(found, 1)
        ),
    )


def terms_of(text: str) -> frozenset[str]:
    """Folded stems, so that accents, plurals and the forms of a word make no difference."""
    return subjects(spelled_out(text))


def asked_terms(texts: Iterable[str]) -> tuple[str, ...]:
    """What to search for, in a stable order."""
    return tuple(sorted({term for text in texts for term in terms_of(text)})[:MOST_TERMS])


def best_passage(candidates: Sequence[Passage], sentence: str) -> Found | None:
    """The passage that speaks of nearly all that is asked; None if none does.

    `candidates` hold every passage that shares a term, so a term that none of them has is what
    the question is about and the documents are not.
    """
    asked = terms_of(sentence) - _EMPTY
    if not asked:
        return None
    known = Counter(term for each in candidates for term in set(each.terms))
    found = [
        Found(sentence=sentence, passage=each, likeness=_likeness(asked, each, known))
        for each in candidates
    ]
    best = max(found, key=lambda each: each.likeness, default=None)
    return best if best is not None and best.likeness >= ENOUGH else None


def _likeness(asked: frozenset[str], passage: Passage, known: Mapping[str, int]) -> float:
    """How much of what is asked it speaks of, and how much of its heading was asked for."""
    heading = terms_of(passage.heading) - _EMPTY
    shared = asked & frozenset(passage.terms)
    if len(shared) == 1 and shared.isdisjoint(heading):
        return 0.0  # a word in passing
    covered = _weight(shared, known) / _weight(asked, known)
    headed = _weight(asked & heading, known) / _weight(heading, known) if heading else 0.0
    return covered + _HEADED * headed


def _weight(terms: Collection[str], known: Mapping[str, int]) -> float:
    """A term that many passages share tells less of the subject."""
    return sum((float(max(known.get(term, 1), 1)) ** _COMMON for term in terms), 0.0)


def _parts(lines: Sequence[str]) -> Iterator[str]:
    """Lines, or the sentences of a long one, gathered while they stay short enough."""
    gathered: list[str] = []
    for line in lines:
        for piece in _SENTENCE.split(line) if len(line) > MOST_CHARACTERS else (line,):
            size = sum(len(each) + 1 for each in gathered) + len(piece)
            if gathered and (size > MOST_CHARACTERS or len(gathered) == MOST_LINES):
                yield "\n".join(gathered)
                gathered = []
            gathered.append(piece)
    if gathered:
        yield "\n".join(gathered)


def _line(line: str) -> str:
    bullet = _BULLET.match(line)
    text = _plain(line[bullet.end() :] if bullet else line)
    return f"• {text}" if bullet else text


def _plain(text: str) -> str:
    linked = _LINK.sub(lambda found: f"{found[1]} {found[2]}".strip(), text)
    return _MARKS.sub("", linked).strip()
