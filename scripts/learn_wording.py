# ruff: noqa: INP001 — started by `python -m scripts.learn_wording`
"""Learn the weights of `orbion.domain.wording` from the labelled lines of `tests/corpora`."""

import json
import math
import random
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from orbion.domain.action_claims import find_claims
from orbion.domain.text import sentences
from orbion.domain.wording import BIAS, FOLDER, UNIT, pieces

CORPORA: Final = Path(__file__).resolve().parents[1] / "tests" / "corpora"
# The label that is asked for; the lines of the other sets say no, but for those with these labels.
QUESTIONS: Final[Mapping[str, object]] = MappingProxyType(
    {"opt-out": "opt_out", "human-request": True}
)
DEEDS: Final = "action-claims"
ANSWERS: Final = ("grounding", "faq", "docs")  # whose right answers claim no deed
OTHERS: Final = ("opt-out", "human-request", "entities", "intents", "faq")
UNSURE: Final = ("opt_out", "human", "ambiguous")
HALF: Final = 0.5
COPIES: Final = 2  # of each own line, misspelled and with words around it that change nothing
ROUNDS: Final = 20
SEEN_LEAST: Final = 2  # a piece of one line alone teaches nothing
FIRST_STEP: Final = 8.0
BIAS_STEP: Final = 0.1
SOFTNESS: Final = 30.0
FARTHEST: Final = 40.0
KEPT_SHARE: Final = 0.04  # of the greatest weight; what weighs less is left out
MISHEARD: Final[Mapping[str, str]] = MappingProxyType(
    dict(zip("eoiuçszlmxr", ("i", "u", "e", "o", "s", "z", "s", "u", "n", "ch", ""), strict=True))
)
WAYS: Final = Path(__file__).with_name("wordings.toml")
FILLED: Final = 8  # times that each way is filled in
FILLED_DEEDS: Final = 24  # there are more verbs than wishes
SLOT: Final = re.compile(r"\{(\w+)\}")
SHORTEST: Final = 4  # letters of a word that is misspelled


@dataclass(frozen=True, slots=True)
class Line:
    found: tuple[str, ...]
    wanted: bool

    @classmethod
    def of(cls, text: str, *, wanted: bool) -> "Line":
        return cls(tuple(sorted(pieces(text))), wanted)


class Speaker:
    """Says lines again as others would write them; the same ones every time."""

    def __init__(self) -> None:
        self._chance = random.Random(5)  # noqa: S311 no secret
        self._book = tomllib.loads(WAYS.read_text(encoding="utf-8"))
        self._slots = {name: said.split("|") for name, said in self._book["slots"].items()}

    def lines(self, question: str, label: object, *, without: Sequence[str] = ()) -> Iterator[Line]:
        """`without` names files, by their endings, that are kept for measuring."""
        for file in sorted(CORPORA.glob("*.jsonl")):
            if file.name.startswith(OTHERS) and not file.stem.endswith(tuple(without)):
                yield from self._lines_of(file, question, label)
        yield from self._filled(question, FILLED)

    def _filled(self, question: str, times: int) -> Iterator[Line]:
        for answer, told in self._book[question].items():
            for way in told["ways"] * times:
                text = SLOT.sub(lambda slot: self._chance.choice(self._slots[slot[1]]), way)
                yield Line.of(self._noisy(text), wanted=answer == "yes")

    def deeds(self, *, without: Sequence[str] = ()) -> Iterator[Line]:
        """Whole replies that claim a deed, and each sentence of those that claim none."""
        for file in sorted(CORPORA.glob("*.jsonl")):
            if file.stem.endswith(tuple(without)):
                continue
            rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
            if file.name.startswith(DEEDS):
                yield from self._claims_of(rows)
            elif file.name.startswith(ANSWERS):
                told = (row.get("reply" if row.get("ok") else "answer") or "" for row in rows)
                yield from (Line.of(s, wanted=False) for text in told for s in sentences(text))

        yield from self._filled(DEEDS, FILLED_DEEDS)

    def _claims_of(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Line]:
        for row in rows:
            reply = row["reply"]
            is_claim = not row["ok"] or (row["receipts"] and any(find_claims(reply)))
            said = (reply, self._noisy(reply))
            parts = () if is_claim else sentences(reply)
            yield from (Line.of(text, wanted=bool(is_claim)) for text in (*said, *parts))

    def _lines_of(self, file: Path, question: str, label: object) -> Iterator[Line]:
        is_own = file.name.startswith(question)
        has_unsure = file.name.startswith("intents")
        for row in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
            if has_unsure and row["label"] in UNSURE:
                continue
            wanted = is_own and row["label"] == label
            yield Line.of(row["text"], wanted=wanted)
            for _ in range(COPIES if is_own else 0):
                yield Line.of(self._noisy(row["text"]), wanted=wanted)

    def _noisy(self, text: str) -> str:
        said = text.split()
        long = [place for place, word in enumerate(said) if len(word) >= SHORTEST]
        if long and self._chance.random() < HALF:
            place = self._chance.choice(long)
            said[place] = misspelled(said[place], self._chance)
        before, after = (
            [self._chance.choice(self._slots[side])] if self._chance.random() < HALF else []
            for side in ("before", "after")
        )
        return " ".join((*before, *said, *after))


def misspelled(word: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(word))
    letter, rest = word[place], word[place + 1 :]
    ways = (rest, letter + letter + rest, rest[:1] + letter + rest[1:])
    heard = MISHEARD.get(letter, letter) + rest
    return word[:place] + chance.choice((*ways, heard))


def learnt(known: Sequence[Line]) -> Mapping[str, int]:
    """Logistic regression by gradient steps, averaged over the second half of the rounds."""
    counts = Counter(piece for line in known for piece in line.found)
    frequent = {piece for piece, seen in counts.items() if seen >= SEEN_LEAST}
    rows = [(tuple(filter(frequent.__contains__, line.found)), line) for line in known]
    weights = dict.fromkeys((*sorted(frequent), BIAS), 0.0)
    total = dict.fromkeys(weights, 0.0)
    shrink, scale, step = 1 / (SOFTNESS * len(rows)), 1.0, 0
    order = random.Random(7)  # noqa: S311 the same weights every time
    for turn in range(ROUNDS):
        order.shuffle(rows)
        for kept, line in rows:
            rate = 1 / (shrink * step + 1 / FIRST_STEP)
            step += 1
            norm = math.sqrt(len(line.found))
            stands = weights[BIAS] + scale * sum(map(weights.__getitem__, kept)) / norm
            error = line.wanted - 1 / (1 + math.exp(-max(-FARTHEST, min(FARTHEST, stands))))
            scale *= 1 - rate * shrink
            for piece in kept:
                weights[piece] += rate * error / norm / scale
            weights[BIAS] += BIAS_STEP * rate * error
        if turn >= ROUNDS // 2:
            for piece, weight in weights.items():
                total[piece] += weight * (1.0 if piece == BIAS else scale)
    return _written({piece: sum_ / (ROUNDS - ROUNDS // 2) for piece, sum_ in total.items()})


def _written(weights: Mapping[str, float]) -> Mapping[str, int]:
    least = KEPT_SHARE * max(abs(weight) for piece, weight in weights.items() if piece != BIAS)
    return {
        piece: round(weight * UNIT)
        for piece, weight in sorted(weights.items())
        if piece == BIAS or abs(weight) >= least
    }


def main() -> None:
    shown = {name: Speaker().lines(name, label) for name, label in QUESTIONS.items()}
    for question, lines in {**shown, DEEDS: Speaker().deeds()}.items():
        weights = learnt([line for line in lines if line.found])
        written = "".join(f"{piece}\t{weight}\n" for piece, weight in weights.items())
        (FOLDER / f"{question}.tsv").write_text(written, encoding="utf-8")
        sys.stdout.write(f"{question}: {len(weights)} pieces\n")


if __name__ == "__main__":
    main()
