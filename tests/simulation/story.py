"""What one seed plays, and the shortest part of it that still breaks the same promise."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import TypeVar

from orbion.simulators.faults import EvolutionFaults
from tests.simulation.verdict import Verdict

Item = TypeVar("Item")
WEATHER = "weather"
KINDS = (
    *("send", "unrecorded", "unechoed", "find_fails", "echo_ms"),
    *("duplicated", "late", "jitter_ms", WEATHER),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """`kills` and `conversations` are the numbers of those that take place, `calm` the kinds of
    faults (fields of `EvolutionFaults`, or the weather) that do not.
    """

    seed: int
    kills: tuple[int, ...]
    conversations: tuple[int, ...]
    calm: tuple[str, ...] = ()
    crowd: bool = False
    hail: bool = False
    heals: bool = True

    def __str__(self) -> str:
        faults = ", ".join(kind for kind in KINDS if kind not in self.calm) or "none"
        return (
            f"seed {self.seed}, kills {list(self.kills)}, "
            f"conversations {list(self.conversations)}, kinds of faults: {faults}"
        )


def without(calm: Collection[str], faults: EvolutionFaults) -> EvolutionFaults:
    """Take the named kinds of faults out."""
    harmless = EvolutionFaults()
    fields = {name: getattr(harmless, name) for name in calm if name != WEATHER}
    return replace(faults, **fields)


@dataclass(slots=True)
class Shrinking:
    """Leaves out what it can while the same invariant still breaks; `played` counts the tries."""

    play: Callable[[Story], Verdict]
    invariant: str
    verdict: Verdict
    played: int = 1

    def shrink(self, story: Story) -> Story:
        """Leave out kills, conversations and faults until nothing more can go."""
        shorter = self._calmer(self._quieter(self._safer(story)))
        return story if shorter == story else self.shrink(shorter)

    def _safer(self, story: Story) -> Story:
        kills = self._fewest(story.kills, lambda kept: replace(story, kills=kept))
        return replace(story, kills=kills)

    def _quieter(self, story: Story) -> Story:
        kept = self._fewest(story.conversations, lambda kept: replace(story, conversations=kept))
        return replace(story, conversations=kept)

    def _calmer(self, story: Story) -> Story:
        blowing = _others(story.calm)
        kept = self._fewest(blowing, lambda kept: replace(story, calm=_others(kept)))
        return replace(story, calm=_others(kept))

    def _fewest(
        self, kept: tuple[Item, ...], told: Callable[[tuple[Item, ...]], Story]
    ) -> tuple[Item, ...]:
        """Leave out runs of items, long ones first (delta debugging)."""
        size = len(kept)
        while size:
            parts = (kept[:at] + kept[at + size :] for at in range(0, len(kept), size))
            fewer = next((part for part in parts if self._breaks(told(part))), None)
            kept, size = (kept, size // 2) if fewer is None else (fewer, min(size, len(fewer)))
        return kept

    def _breaks(self, story: Story) -> bool:
        self.played += 1
        verdict = self.play(story)
        if self.invariant not in verdict.invariants:
            return False
        self.verdict = verdict
        return True


def _others(kinds: Collection[str]) -> tuple[str, ...]:
    return tuple(kind for kind in KINDS if kind not in kinds)


def shortest(
    story: Story, play: Callable[[Story], Verdict], invariant: str = ""
) -> tuple[Story, Verdict, int] | None:
    """Find the shortest story, what it shows and how many were played; None if no promise breaks.

    It must break `invariant`, or whatever the whole story broke first.
    """
    verdict = play(story)
    if not verdict.violations or (invariant and invariant not in verdict.invariants):
        return None
    shrinking = Shrinking(play, invariant or verdict.invariants[0], verdict)
    return shrinking.shrink(story), shrinking.verdict, shrinking.played
