"""What was answered with 200 is on the disk, whatever a power failure leaves of the rest."""

import shutil
from pathlib import Path
from random import Random

import pytest

from tests.powerloss.disk import Content, Disk, without_commit_syncs, without_syncs
from tests.powerloss.run import LOG, lose_power, record
from tests.powerloss.trace import Answered, Cut, Happening, Reader, Synced, Unlinked, Written

MAIN = "orbion.db"
DICE = 200


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace (Debian's) is not installed")
async def test_a_power_failure_at_any_moment_loses_nothing_acknowledged(tmp_path: Path) -> None:
    recording = await record(tmp_path, 300)
    happenings = recording.happenings
    full = lose_power(recording, happenings, 200, Random(1))
    assert (full.losing, full.found) == (0, []), str(full)
    assert full.acknowledged > 10_000
    # the same judge on the same writes with fewer syncs
    normal = lose_power(recording, without_commit_syncs(happenings, LOG), 40, Random(1))
    assert normal.losing, str(normal)
    assert not normal.found
    off = lose_power(recording, without_syncs(happenings), 40, Random(1))
    assert off.losing, str(off)


def left_of(*happenings: Happening) -> set[tuple[tuple[str, bytes], ...]]:
    """Everything that the disk may hold after these, as (name, content) pairs."""
    disk = Disk(names={MAIN: Content()})
    for what in happenings:
        disk.happen(what)
    return {
        tuple((name, bytes(content)) for name, content in disk.lose_power(Random(seed)).items())
        for seed in range(DICE)
    }


def test_what_was_synced_survives_and_what_was_not_may_not() -> None:
    first = (Written(MAIN, 0, b"one"), Synced(MAIN), Synced(""))
    assert left_of(*first) == {((MAIN, b"one"),)}
    assert left_of(*first, Written(MAIN, 3, b"two")) == {((MAIN, b"one"),), ((MAIN, b"onetwo"),)}
    assert left_of(*first, Cut(MAIN, 1)) == {((MAIN, b"one"),), ((MAIN, b"o"),)}


def test_a_write_is_torn_between_sectors_only() -> None:
    found = left_of(Synced(""), Written(MAIN, 512, b"a" * 512 + b"b" * 512))
    hole = bytes(512)
    assert ((MAIN, hole + hole + b"b" * 512),) in found
    assert ((MAIN, hole + b"a" * 512),) in found
    assert {len(content) % 512 for files in found for _, content in files} == {0}


def test_a_new_file_may_vanish_and_an_old_one_come_back_until_the_folder_is_synced() -> None:
    new = (Synced(""), Written(LOG, 0, b"new"), Synced(LOG))
    assert left_of(*new) == {((MAIN, b""),), ((MAIN, b""), (LOG, b"new"))}
    assert left_of(*new, Synced("")) == {((MAIN, b""), (LOG, b"new"))}
    gone = (*new, Synced(""), Unlinked(LOG))
    assert left_of(*gone) == {((MAIN, b""),), ((MAIN, b""), (LOG, b"new"))}
    assert left_of(*gone, Synced("")) == {((MAIN, b""),)}


def test_normal_syncs_the_log_for_its_header_and_before_it_is_copied() -> None:
    header, frame, page = Written(LOG, 0, b"h"), Written(LOG, 32, b"f"), Written(MAIN, 0, b"p")
    sync, told = Synced(LOG), Answered(1, 200)
    recorded: list[Happening] = [
        header,
        sync,
        frame,
        sync,
        told,
        frame,
        sync,
        sync,
        page,
        Synced(MAIN),
    ]
    assert without_commit_syncs(recorded, LOG) == [
        *(header, sync, frame, told, frame),
        *(sync, page, Synced(MAIN)),
    ]


def hexed(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def test_strace_is_read_as_it_writes() -> None:
    main, log, answer = hexed("/d/orbion.db"), hexed("/d/orbion.db-wal"), hexed("HTTP/1.1 200 OK")
    lines = [
        f'7 pwrite64(9<{log}>, "{hexed("ab")}", 2, 32) = 2',
        f"8 fdatasync(9<{log}> <unfinished ...>",
        f'7 sendto(5<TCP:[127.0.0.1:80->127.0.0.1:39352]>, "{answer}", 15, 0, NULL, 0) = 15',
        "8 <... fdatasync resumed>)       = 0",
        f'7 write(2<{hexed("/dev/null")}<char 1:3>>, "{answer}", 15) = 15',
        f"7 fsync(3<{hexed('/d')}>) = 0",
        f"7 ftruncate(9<{main}>, 8192) = 0",
        f'7 unlink("{hexed("/d/orbion.db-journal")}") = 0',
        f'7 pwrite64(9<{hexed("/d/orbion.db-shm")}>, "{hexed("x")}", 1, 4095) = 1',
        "7 +++ exited with 0 +++",
    ]
    assert Reader(database=Path("/d/orbion.db")).read(lines) == [
        Written(LOG, 32, b"ab"),
        Answered(39352, 200),
        Synced(LOG),
        Synced(""),
        Cut(MAIN, 8192),
        Unlinked("orbion.db-journal"),
    ]
