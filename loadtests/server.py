"""The product itself, web and workers in one process, set by ORBION_* like any other start."""

import sys
from functools import partial

from loadtests.listen import serve
from orbion.config import load_settings
from orbion.kit.ids import new_trace
from orbion.main.service import serving
from orbion.main.world import real_world
from orbion.telemetry.logs import configure
from orbion.web.app import create_app


def main() -> None:
    settings = load_settings(_env_file=None)
    configure(settings.log_level, sys.stderr)
    world = real_world()
    serve(create_app(partial(serving, settings, world), new_trace=partial(new_trace, world.random)))


if __name__ == "__main__":
    main()
