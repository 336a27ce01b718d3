"""The interpreter's lines are read from among a log's, and summed up by package."""

from loadtests.imports import Heavy, Imported, heaviest, read_imports

LOG = """\
import time: self [us] | cumulative | imported package
import time:       500 |        500 |     orbion.kit.clock
{"time":"2026-11-29T05:00:00.000Z","event":"service.started"}
import time:      1500 |       2000 |   orbion
import time:     40000 |      42000 | fastapi
"""


def test_lines_are_read_and_summed_up_by_package() -> None:
    found = list(read_imports(LOG.splitlines()))
    assert found == [
        Imported("orbion.kit.clock", 0.5),
        Imported("orbion", 1.5),
        Imported("fastapi", 40.0),
    ]
    assert heaviest(found) == [Heavy("fastapi", 1, 40.0), Heavy("orbion", 2, 2.0)]
