"""Runs `orbion` in this process, with settings of the test's own."""

from pathlib import Path

from click.testing import CliRunner, Result

from orbion.cli.root import orbion


def run(folder: Path, *arguments: str, stdin: str = "", **settings: str) -> Result:
    """Run with the database `orbion.db` in `folder`; `settings` are names without ORBION_."""
    given = {"DATABASE_URL": f"sqlite:///{folder}/orbion.db"} | settings
    env = {f"ORBION_{name}": value for name, value in given.items()}
    return CliRunner(env=env).invoke(orbion, list(arguments), input=stdin)
