# mypy: disable-error-code="import-not-found,misc,untyped-decorator,no-any-unimported"
"""Customers who write at set times, answered or not, to the gateway's control port.

    locust -f loadtests/locustfile.py --headless --messages-a-minute 50 --host http://127.0.0.1:9999

Each user is one customer. The load is open: who is not answered yet writes all the same, so that a
slow service is not spared; `loadtests.gateway` knows when each message was answered.
"""

import random
import time
from argparse import ArgumentParser
from itertools import count
from typing import Any

from locust import HttpUser, LoadTestShape, events, task

from loadtests.gateway import QUESTIONS
from loadtests.processes import SCENARIOS


@events.init_command_line_parser.add_listener
def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--messages-a-minute", type=int, default=SCENARIOS[0])
    parser.add_argument("--customers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=30.0)


class Customer(HttpUser):
    numbers = count()

    def on_start(self) -> None:
        options: Any = self.environment.parsed_options
        self.between = 60 * options.customers / options.messages_a_minute
        self.phone = f"55119{next(self.numbers):08d}"
        self.questions = iter(random.sample(QUESTIONS, len(QUESTIONS)) * 100)
        self.due = time.monotonic() + random.uniform(0, self.between)
        time.sleep(self.due - time.monotonic())

    def wait_time(self) -> float:
        self.due += self.between
        return max(0.0, self.due - time.monotonic())

    @task
    def write(self) -> None:
        self.client.post("/say", json={"phone": self.phone, "text": next(self.questions)})


class Scenario(LoadTestShape):
    """All customers at once, for the given time."""

    def tick(self) -> tuple[int, float] | None:
        options: Any = self.runner.environment.parsed_options
        if self.get_run_time() > options.seconds:
            return None
        return options.customers, options.customers
