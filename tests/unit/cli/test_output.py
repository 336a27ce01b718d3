"""What commands print is aligned, masked and harmless to a terminal."""

import json
from datetime import datetime

import pytest

from orbion.cli.output import cut, local, plain, print_json, shown, table, width
from orbion.domain.conversations import Mode
from orbion.domain.listing import ConversationLine


def test_columns_are_as_wide_as_their_widest_cell_on_the_screen() -> None:
    assert table(("a", "b"), [("日本", 1), ("x", 22)]) == "a     b\n日本  1\nx     22"


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("ção", 3), ("c\u0327", 1), ("😩", 2), ("👍🏽", 4), ("", 0)]
)
def test_width_counts_columns(text: str, columns: int) -> None:
    assert width(text) == columns


def test_a_long_text_is_cut_to_its_columns() -> None:
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdefg", 6) == "abcde…"
    assert width(cut("😩😩😩😩", 4)) <= 4


@pytest.mark.parametrize("evil", ["\x1b[2Jgone", "a\rb", "a\u202eb", "a\x07b", "a\nb"])
def test_a_text_cannot_move_the_cursor(evil: str) -> None:
    assert plain(evil).isprintable()
    assert plain(table(("t",), [(evil,)])).isprintable()


def test_phones_are_masked_unless_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    line = ConversationLine(
        id=1,
        account="loja",
        name="Maria",
        phone="5511900000001",
        mode=Mode.BOT,
        mode_reason=None,
        last_text="meu número é 5511900000001",
        last_at=1,
        waiting=0,
    )
    print_json({"items": [line]}, shown(unmasked=False))
    masked = capsys.readouterr().out
    print_json({"items": [line]}, shown(unmasked=True))
    bare = capsys.readouterr().out
    assert "5511900000001" not in masked
    assert json.loads(masked)["items"][0]["phone"] == "5511*******01"
    assert json.loads(bare)["items"][0]["phone"] == "5511900000001"


def test_json_keeps_bytes_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"raw": b"\xff{}", "n": 1, "none": None}, shown(unmasked=False))
    assert json.loads(capsys.readouterr().out) == {"raw": "\ufffd{}", "n": 1, "none": None}


def test_a_time_is_shown_as_on_the_wall() -> None:
    moment = datetime(2026, 11, 20, 12, 0, 5).astimezone()
    assert local(round(moment.timestamp() * 1000)) == "20.11. 12:00:05"
    assert local(None) == "-"
