"""`orbion serve` with a model that lists the tokens it was shown: the process that is killed."""

import asyncio
from dataclasses import replace

import uvloop

from orbion.cli.serve import serve_until_stopped
from orbion.cli.setup import log_to_stderr
from orbion.config import load_settings
from orbion.main.world import real_world
from tests.support.tokens import TokenLLM


def main() -> None:
    settings = load_settings()
    log_to_stderr(settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve_until_stopped(settings, replace(real_world(), llm=TokenLLM())))


if __name__ == "__main__":
    main()
