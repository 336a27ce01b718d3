"""Each event is one line, JSON or pretty, that carries no phone number and no secret."""

import io
import json
import logging
from collections.abc import Callable, Generator
from typing import Any

import pytest

from orbion.telemetry import logs

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def stream() -> Generator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    buffer = io.StringIO()
    logs.configure("INFO", buffer, secrets=["s3cr3t-token", "s3cr3t-token-longer", "abc"])
    yield buffer
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def lines(stream: io.StringIO) -> Lines:
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_json_object_with_its_fields(lines: Lines) -> None:
    logs.log(logs.WEBHOOK, channel="evolution", count=3, ratio=0.5, ok=True, none=None)
    [line] = lines()
    time = line.pop("time")
    assert time.endswith("Z")
    assert len(time) == len("2026-01-01T00:00:00.000Z")
    assert line == {
        "level": "info",
        "event": "webhook",
        "logger": "orbion",
        "channel": "evolution",
        "count": 3,
        "ratio": 0.5,
        "ok": True,
        "none": None,
    }


def test_control_characters_cannot_break_the_line(stream: io.StringIO, lines: Lines) -> None:
    name = "Ana\r\n\x1b[31m\u2028\u202e\x85\x7f\ud800 São"
    logs.log(logs.TURN, name=name)
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert not {"\r", "\x1b", "\u2028", "\u202e", "\x85", "\x7f", "\ud800"} & set(text)
    assert "São" in text
    assert lines()[0]["name"] == name


def test_phone_numbers_are_masked_wherever_they_are(stream: io.StringIO) -> None:
    phone = "5511900000042"
    logs.log(
        logs.DELIVERY,
        to=f"{phone}@s.whatsapp.net",
        nested={phone: [phone, (phone,)]},
        error=ValueError(phone),
    )
    logging.getLogger("other.library").warning("sent to %s", phone)
    assert phone not in stream.getvalue()
    assert stream.getvalue().count("5511*******42") >= 5


def test_secrets_are_removed_the_longer_one_whole(stream: io.StringIO, lines: Lines) -> None:
    logs.log(logs.BUG, header="Bearer s3cr3t-token-longer", error=OSError("s3cr3t-token"))
    assert "s3cr3t" not in stream.getvalue()
    assert lines()[0]["header"] == "Bearer [redacted]"


def test_what_is_too_short_for_a_secret_stays_readable(lines: Lines) -> None:
    logs.log(logs.UPKEEP, text="abc")
    assert lines()[0]["text"] == "abc"


def test_a_trace_id_is_never_masked(lines: Lines) -> None:
    trace = "ab1234567890123fabcdefabcdefabcd"
    logs.log(logs.TURN, trace=trace, other=trace)
    assert lines()[0]["trace"] == trace
    assert lines()[0]["other"] != trace


def test_times_and_numbers_keep_their_digits(lines: Lines) -> None:
    logs.log(logs.TURN, at=1_700_000_000_000)
    assert lines()[0]["at"] == 1_700_000_000_000


def test_what_json_does_not_know_becomes_text(lines: Lines) -> None:
    logs.log(logs.TURN, odd=float("nan"), kinds=frozenset({"a"}), raw=b"x")
    line = lines()[0]
    assert (line["odd"], line["kinds"], line["raw"]) == ("nan", ["a"], "b'x'")


def test_a_traceback_is_one_field(lines: Lines) -> None:
    with pytest.raises(ValueError, match="boom") as raised:
        raise ValueError("boom")
    logs.log(logs.BUG, logging.ERROR, raised.value)
    [line] = lines()
    assert line["level"] == "error"
    assert "ValueError: boom" in line["traceback"]
    assert "\n" in line["traceback"]


def test_lower_levels_are_not_written(stream: io.StringIO) -> None:
    logs.log(logs.TURN, logging.DEBUG)
    assert stream.getvalue() == ""


def test_configuring_again_replaces_the_first(stream: io.StringIO) -> None:
    second = io.StringIO()
    logs.configure(logging.INFO, second)
    logs.log(logs.TURN, text="s3cr3t-token")
    assert stream.getvalue() == ""
    assert second.getvalue().count("\n") == 1
    assert "s3cr3t-token" in second.getvalue()


@pytest.fixture
def pretty(stream: io.StringIO) -> io.StringIO:
    logs.configure("INFO", stream, secrets=["s3cr3t-token"], form="pretty")
    return stream


def test_a_pretty_line_shows_each_field_by_its_name(pretty: io.StringIO) -> None:
    logs.log(logs.WEBHOOK, channel="evolution", ms=1.5, events=("stored",), account=None)
    logging.getLogger("other.library").warning("retries %d times", 3)
    first, second = pretty.getvalue().splitlines()
    assert len(first.partition("Z")[0]) == len("05:54:48.123")
    assert first.partition(" ")[2] == 'info    webhook channel=evolution ms=1.5 events=["stored"]'
    assert second.partition(" ")[2] == "warning retries 3 times logger=other.library"


def test_a_pretty_value_cannot_be_taken_for_another_field_or_line(pretty: io.StringIO) -> None:
    logs.log(logs.TURN, name="Ana\n05:54:48.123Z error\x1b[31m\u2028", spaced="a b=c", empty="")
    logging.getLogger("other").warning("two\nlines\x85")
    first, second = pretty.getvalue().splitlines()
    assert r'name="Ana\n05:54:48.123Z error\u001b[31m\u2028"' in first
    assert first.endswith('spaced="a b=c" empty=""')
    assert second.partition(" ")[2] == r'warning "two\nlines\u0085" logger=other'


def test_a_pretty_traceback_stands_below_its_line_and_nothing_in_it_is_read(
    pretty: io.StringIO,
) -> None:
    error = ValueError("s3cr3t-token 5511900000042\n05:54:48.123Z info    webhook\x1b[2J")
    logs.log(logs.BUG, logging.ERROR, error, token="s3cr3t-token")
    head, *below = pretty.getvalue().splitlines()
    assert head.endswith("error   bug token=[redacted]")
    assert below[0] == "    ValueError: [redacted] 5511*******42"
    assert below[1] == r'    "05:54:48.123Z info    webhook\u001b[2J"'
