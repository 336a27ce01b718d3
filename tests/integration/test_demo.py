"""The demo plays to its end, loses nothing, and lets a visitor take part."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

SECONDS = 50


def orbion(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603 our own program
        [sys.executable, "-m", "orbion", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(folder), "ORBION_PORT": "nonsense"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def playing(tmp_path: Path) -> Generator["subprocess.Popen[str]"]:
    process = orbion(tmp_path, "demo", "--port", "0")
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=SECONDS)


def read_until(process: "subprocess.Popen[str]", pattern: str) -> "re.Match[str]":
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(pattern, line)
        if found:
            return found
    raise AssertionError(process.communicate(timeout=SECONDS)[1])


def test_it_shows_everything_once_and_leaves_nothing_behind(tmp_path: Path) -> None:
    process = orbion(tmp_path, "demo", "--once")
    out, log = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, out + log
    assert log == ""
    assert "▸ oi, bom dia!" in out
    assert "◂ Oi! Eu sou a Luz, assistente virtual" in out
    assert re.search(r"Mariana Lopes  5511\*+11 .*Campinas", out)
    assert re.search(r"messages\.upsert +43 +stored \d+", out)
    assert "healthy: " in out
    assert ", 170 captured webhooks posted, 0 lost or refused" in out
    assert "\x1b" not in out
    assert list(tmp_path.iterdir()) == []


def test_a_visitor_is_answered_and_ctrl_c_ends_it(
    playing: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    url = read_until(playing, r"orbion chat --url (\S+)")[1]
    chat = orbion(tmp_path, "chat", "--url", url)
    said, _ = chat.communicate("oi\nquanto custa o kit de 5 kWp?\n", timeout=SECONDS)
    assert chat.returncode == 0
    assert "◂ Oi! Eu sou a Luz" in said
    assert "17.500,00" in said
    playing.send_signal(signal.SIGINT)
    out, log = playing.communicate(timeout=SECONDS)
    assert playing.returncode == 0, out + log
    assert log == ""
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_in_the_middle_is_no_traceback(
    playing: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    read_until(playing, "▸")
    playing.send_signal(signal.SIGINT)
    _, log = playing.communicate(timeout=SECONDS)
    assert playing.returncode == 130
    assert "Traceback" not in log
    assert list(tmp_path.iterdir()) == []
