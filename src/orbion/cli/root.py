"""The command `orbion`: loads a verb only when it is asked for and turns errors into one line."""

import gc
import importlib
import os
import sys
from collections.abc import Mapping
from typing import Any, Final, NoReturn

import click

from orbion import __version__
from orbion.cli.exits import EXIT_CODES, Exit, exit_of
from orbion.domain.errors import OrbionError

VERBS: Mapping[str, str] = {
    "serve": "Take webhooks and work the queues, in one process.",
    "web": "Take webhooks alone; needs PostgreSQL.",
    "work": "Work the queues alone; needs PostgreSQL.",
    "migrate": "Bring the database to this version, after a backup.",
    "doctor": "Check everything and name the fix of each fault.",
    "connect": "Link a phone to an account with a QR code.",
    "webhook": "Look at an account's webhook, or set it.",
    "cost": "Show what models cost on a day, by model, task and conversation.",
    "sheet": "Compare a business's sheet with the leads, or read the prices in it.",
    "knowledge": "Add documents that answers are found in, list, search or remove them.",
    "demo": "Show customers, answers, leads and health on one screen.",
    "chat": "Be a customer of a running demo yourself.",
    "playbook": "Check a playbook file before it is in force, or show what it holds.",
    "simulate": "Let simulated customers talk to the service, and show how it went.",
    "eval": "Measure a labelled set: precision, recall, F1, and each miss.",
    "conversation": "Look at conversations, take them over, give them back.",
    "lead": "Look at leads and their history, move and value them, forecast.",
    "dead": "Look at what could not be done; try it again or let it go.",
    "breaker": "Look at the circuits of a running service, hold them open or closed.",
    "quarantine": "Look at what could not be read; read it again or let it go.",
}
_EPILOG: Final = "\b\nExit codes:\n" + "\n".join(
    f"  {code:<4} {meaning}" for code, meaning in EXIT_CODES.items()
)


class Verbs(click.Group):
    """`serve` must not pay for the simulators, nor `--help` for anything."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 click's interface
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 click's interface
        return load_verb(cmd_name) if cmd_name in VERBS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 click's interface
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Run and exit: an expected error is one line on stderr, only a bug shows a traceback."""
        options = {"prog_name": "orbion"} | extra | {"standalone_mode": False}
        try:
            result: object = super().main(*args, **options)
        except click.Abort:
            fail("interrupted", Exit.INTERRUPTED)
        except click.UsageError as error:
            fail(_usage(error), Exit.USAGE)
        except click.ClickException as error:
            fail(error.format_message(), Exit.USAGE)
        except OrbionError as error:
            fail(str(error), exit_of(error))
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(Exit.OK)
        except OSError as error:
            fail(str(error), Exit.UNAVAILABLE)
        sys.exit(result if isinstance(result, int) else Exit.OK)


def load_verb(name: str) -> click.Command:
    """Import one verb, with all that it needs: the simulators for `demo` and `chat`, say."""
    gc.disable()  # imports make much and no garbage: collecting meanwhile takes 10 % longer
    try:
        command: click.Command = getattr(importlib.import_module(f"orbion.cli.{name}"), name)
    finally:
        gc.enable()
    return command


def fail(message: str, code: Exit) -> NoReturn:
    click.echo(f"orbion: {' '.join(message.split())}", err=True)
    sys.exit(code)


def _usage(error: click.UsageError) -> str:
    path = error.ctx.command_path if error.ctx else "orbion"
    return f"{error.format_message()} See {path} --help."


@click.group(cls=Verbs, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version")
def orbion() -> None:
    """Turn a WhatsApp number into a sales agent.

    Settings come from ORBION_… environment variables and .env: docs/reference.md lists them.

    \b
    orbion demo                  see it work, without any account
    orbion doctor                what is missing for a real number?
    orbion serve                 run it
    """  # noqa: D301 \b is click's mark for lines that keep their breaks
