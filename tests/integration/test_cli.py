"""`orbion serve` as a real process: ready, busy port, graceful stop."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Generator
from pathlib import Path

import pytest

SECONDS = 30


def start(folder: Path, *arguments: str, **settings: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603 our own program
        [sys.executable, "-m", "orbion", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def get(url: str) -> tuple[int, object]:
    with urllib.request.urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 loopback
        return answer.status, json.loads(answer.read())


@pytest.fixture
def serving(tmp_path: Path) -> Generator[tuple["subprocess.Popen[str]", str]]:
    process = start(tmp_path, "serve", "--port", "0")
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.match(r"orbion ready on (http://127\.0\.0\.1:\d+) ", line)
        assert found, line + process.communicate(timeout=SECONDS)[1]
        yield process, found[1]
    finally:
        process.kill()
        process.communicate(timeout=SECONDS)


def test_it_says_where_it_is_ready_and_stops_gracefully(
    serving: tuple["subprocess.Popen[str]", str],
) -> None:
    process, url = serving
    assert get(f"{url}/health/ready") == (200, {"status": "pass", "reason": ""})
    process.send_signal(signal.SIGTERM)
    out, log = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert out == ""
    events = [json.loads(line) for line in log.splitlines()]
    names = [each["event"] for each in events]
    assert names[-2:] == ["service.draining", "service.stopped"]
    assert "ORBION_ACCOUNTS_FILE" in next(each["hint"] for each in events if "hint" in each)


def test_its_log_can_be_written_for_a_person(tmp_path: Path) -> None:
    process = start(tmp_path, "serve", "--port", "0", ORBION_LOG_FORMAT="pretty")
    assert process.stdout is not None
    assert process.stdout.readline().startswith("orbion ready on ")
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=SECONDS)
    assert re.fullmatch(r"[0-9:.]+Z info    service.stopped.*", log.splitlines()[-1])


def test_ctrl_c_stops_it_as_well(serving: tuple["subprocess.Popen[str]", str]) -> None:
    process, _ = serving
    process.send_signal(signal.SIGINT)
    _, log = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert "Traceback" not in log


def test_a_second_service_on_the_same_database_is_refused(
    serving: tuple["subprocess.Popen[str]", str], tmp_path: Path
) -> None:
    process, _ = serving
    second = start(tmp_path, "serve", "--port", "0")
    _, log = second.communicate(timeout=SECONDS)
    assert second.returncode == 5
    assert log.startswith("orbion: ")
    assert str(process.pid) in log
    assert log.count("\n") == 1


def test_a_taken_port_is_one_line_and_exit_code_5(tmp_path: Path) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        process = start(tmp_path, "serve", "--port", str(port))
        out, log = process.communicate(timeout=SECONDS)
    assert (process.returncode, out) == (5, "")
    assert log.startswith(f"orbion: cannot listen on 127.0.0.1 port {port}: ")
    assert log.count("\n") == 1
