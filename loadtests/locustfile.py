# mypy: disable-error-code="import-not-found,misc,untyped-decorator,no-any-unimported"
"""Four scenarios, 10 to 200 messages a minute, through the simulated gateway of `loadtests.run`.

    locust -f loadtests/locustfile.py --headless --messages-a-minute 50 --host http://127.0.0.1:9999

The host is the gateway's control port. Each user is one customer who writes five messages a
minute and waits for the answer to each; locust's "answer" is what that customer waited.
"""

import random
import time
from argparse import ArgumentParser
from itertools import count
from typing import Any, Final

from locust import HttpUser, LoadTestShape, events, task

from loadtests.gateway import QUESTIONS
from loadtests.processes import SCENARIOS

SECONDS_BETWEEN: Final = 12.0
MESSAGES_OF_ONE: Final = 60 / SECONDS_BETWEEN


@events.init_command_line_parser.add_listener
def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--messages-a-minute", type=int, default=SCENARIOS[0])
    parser.add_argument("--seconds", type=float, default=30.0)


class Customer(HttpUser):
    numbers = count()

    def on_start(self) -> None:
        self.phone = f"55119{next(self.numbers):08d}"
        self.questions = iter(random.sample(QUESTIONS, len(QUESTIONS)) * 100)
        self.due = time.monotonic() + random.uniform(0, SECONDS_BETWEEN)
        time.sleep(self.due - time.monotonic())

    def wait_time(self) -> float:
        self.due += SECONDS_BETWEEN
        return max(0.0, self.due - time.monotonic())

    @task
    def write(self) -> None:
        """One long request: it ends when the customer was answered, or gave up."""
        body = {"phone": self.phone, "text": next(self.questions)}
        with self.client.post("/ask", json=body, name="answer", catch_response=True) as response:
            if not response.ok:
                response.failure("no answer")


class Scenario(LoadTestShape):
    """As many customers as make the rate, for the given time."""

    def tick(self) -> tuple[int, float] | None:
        options: Any = self.runner.environment.parsed_options
        if self.get_run_time() > options.seconds:
            return None
        customers = max(1, round(options.messages_a_minute / MESSAGES_OF_ONE))
        return customers, customers
