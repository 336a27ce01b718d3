"""The worker thread keeps order, survives errors and ends when it is closed."""

import logging
import threading
from functools import partial

import pytest

from orbion.kit.executor import ThreadExecutor


def test_work_runs_in_order_on_one_other_thread_and_close_waits_for_it() -> None:
    executor = ThreadExecutor("writer")
    ran: list[tuple[int, str]] = []

    def note(number: int) -> None:
        ran.append((number, threading.current_thread().name))

    for number in range(100):
        executor(partial(note, number))
    executor.close()
    assert ran == [(number, "writer") for number in range(100)]


def test_after_close_work_is_refused_and_closing_again_is_harmless() -> None:
    executor = ThreadExecutor("writer")
    executor.close()
    executor.close()
    with pytest.raises(RuntimeError, match="closed"):
        executor(lambda: None)


def test_an_error_is_logged_and_the_next_work_runs(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ValueError("boom")

    executor = ThreadExecutor("writer")
    ran: list[bool] = []
    with caplog.at_level(logging.ERROR):
        executor(fail)
        executor(lambda: ran.append(True))
        executor.close()
    assert ran == [True]
    assert "executor work failed" in caplog.text
