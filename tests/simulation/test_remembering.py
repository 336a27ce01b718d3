"""With the caches on or off the model reads the same to the byte; a usual turn hits."""

import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec

from tests.simulation.drills import Drill, Play
from tests.simulation.neighbours import Trouble

PEOPLE, WORDS = 4, 10
SAID = tuple((person, 1.0 + 8 * word + person) for word in range(WORDS) for person in range(PEOPLE))


def played(template: Path, *, remembered: int) -> tuple[list[bytes], dict[str, float]]:
    """Every prompt, in an order that does not depend on time, and each cache's share of hits."""
    drill = Drill(broken=(), trouble=Trouble.DOWN, said=SAID)
    with tempfile.TemporaryDirectory(prefix="cache-", dir=template.parent) as folder:
        play = Play(drill=drill, folder=Path(folder), template=template, remembered=remembered)
        seen = play.run()
        assert (seen.bugs, seen.lost, seen.twice) == ([], 0, 0)
        assert play.service is not None
        found = play.service.state.sections["caches"]()
        prompts = sorted(msgspec.json.encode(body) for body in play.model.journal)
        shares = {name: found[name] for name in ("history", "lead", "answer")}
        return prompts, {
            name: each.hits / (each.hits + each.misses) for name, each in shares.items()
        }


def test_prompts_are_the_same_with_the_caches_off_and_nine_of_ten_turns_hit(
    playing: tuple[ProcessPoolExecutor, Path],
) -> None:
    on, hits = played(playing[1], remembered=1_024)
    off, none = played(playing[1], remembered=0)
    assert len(on) >= PEOPLE * WORDS
    assert on == off
    assert min(hits["history"], hits["lead"]) >= 0.9
    assert hits["answer"] > 0
    assert set(none.values()) == {0.0}
