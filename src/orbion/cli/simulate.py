"""`orbion simulate`: simulated customers talk to the service, and a gate says how it did."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from orbion.cli.exits import Exit
from orbion.cli.output import print_json, table
from orbion.cli.rehearsal import Model, Rehearsal
from orbion.config import load_settings
from orbion.domain.errors import FaultCode, RejectedError
from orbion.evals.outcomes import Limit, Result, gate
from orbion.evals.personas import Persona, Vertical, read_personas
from orbion.main.playbooks import playbook_of, playbook_path

_GIVEN: Final = "given"
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 the folder made in it has a name that nobody guesses


@click.command()
@click.option(
    "--personas",
    "file",
    metavar="FILE.jsonl",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The customers, one JSON object a line: docs/evals.md shows the fields.",
)
@click.option(
    "--playbook",
    metavar="P",
    help="A shipped one takes only its own customers, a file takes all.",
)
@click.option(
    "--model",
    type=click.Choice(["scripted", "openai"]),
    default="scripted",
    show_default=True,
    help="openai = a simulated model behind the real client, meter and ledger.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def simulate(file: Path, playbook: str | None, model: Model, *, as_json: bool) -> int:
    """Let simulated customers talk to the service, and show how it went.

    The whole service runs in virtual time on a database of its own, with a simulated WhatsApp
    gateway: nothing leaves this machine. Exit code 1 says that the gate fails.

    \b
    orbion simulate --personas tests/corpora/personas.jsonl --model openai
    """  # noqa: D301 \b is click's mark for lines that keep their breaks
    personas = read_personas(str(file), file.read_bytes())
    chosen, served = _served(personas, playbook)
    with tempfile.TemporaryDirectory(prefix="orbion-simulate-", dir=_memory()) as folder:
        rehearsal = Rehearsal(
            folder=Path(folder),
            playbooks={name: (name_of, playbook_of(name_of)) for name, name_of in served.items()},
            serves=lambda each: each.vertical if each.vertical in served else _GIVEN,
            model=model,
        )
        results = rehearsal(chosen)
    if as_json:
        print_json(_report(file, model, results), str)
    else:
        for line in _told(model, results):
            click.echo(line)
    return Exit.OK if all(limit.holds for limit in gate(results)) else Exit.BUG


def _memory() -> Path | None:
    """Where files cost no wait for a disk, if there is such a place: nothing here must last."""
    return _MEMORY if _MEMORY.is_dir() else None


def _served(
    personas: Sequence[Persona], playbook: str | None
) -> tuple[Sequence[Persona], Mapping[str, str]]:
    """The customers that take part, and the playbooks by the names of their accounts."""
    if playbook is None:
        return personas, {each.vertical: each.vertical for each in personas}
    if playbook not in list(Vertical):
        return personas, {_GIVEN: str(playbook_path(playbook).resolve())}
    chosen = [each for each in personas if each.vertical == playbook]
    if not chosen:
        raise RejectedError(
            FaultCode.INPUT_BAD,
            f"no persona is of the vertical {playbook!r}: give another playbook",
        )
    return chosen, {playbook: playbook}


def _report(file: Path, model: Model, results: Sequence[Result]) -> Mapping[str, Any]:
    limits = gate(results)
    return {
        "file": str(file),
        "model": model,
        "personas": [_row(each) for each in results],
        "totals": _totals(results),
        "gate": [
            {
                "measure": limit.measure,
                "value": round(limit.value, 4),
                "at_least" if limit.is_floor else "at_most": limit.limit,
                "holds": limit.holds,
            }
            for limit in limits
        ],
        "passed": all(limit.holds for limit in limits),
    }


def _row(result: Result) -> Mapping[str, Any]:
    return {
        "id": result.persona.id,
        "vertical": result.persona.vertical,
        "expected": result.persona.expected,
        "outcome": list(result.reached),
        "as_expected": result.is_expected,
        "turns": result.turns,
        "unanswered": result.unanswered,
        "asked_a_third_time": result.third,
        "asked_although_answered": result.again,
        **asdict(result.usage),
        "cost_brl": _brl(result.usage.cost),
    }


def _totals(results: Sequence[Result]) -> Mapping[str, Any]:
    count = len(results)
    usages = [each.usage for each in results]
    calls, tokens = sum(each.calls for each in usages), sum(each.tokens_in for each in usages)
    cost = sum(each.cost for each in usages)
    return {
        "conversations": count,
        "as_expected": sum(each.is_expected for each in results),
        "turns": sum(each.turns for each in results),
        "calls": calls,
        "tokens_in": tokens,
        "tokens_cached": sum(each.tokens_cached for each in usages),
        "tokens_out": sum(each.tokens_out for each in usages),
        "cost_brl": _brl(cost),
        "calls_per_conversation": round(calls / count, 2),
        "tokens_in_per_conversation": round(tokens / count),
        "cost_brl_per_conversation": round(_brl(cost) / count, 6),
    }


def _brl(cost: int) -> float:
    """Reais from micro-dollars, by the rate of the settings' default."""
    return round(cost / 1_000_000 * load_settings(_env_file=None).brl_per_usd, 6)


def _told(model: Model, results: Sequence[Result]) -> Iterator[str]:
    head = ("persona", "expected", "outcome", "turns", "calls", "tokens in", "out", "R$", "")
    yield table(head, [_cells(each) for each in results])
    yield ""
    totals = _totals(results)
    yield (
        f"{totals['as_expected']} of {totals['conversations']} as expected, model {model}; "
        f"{totals['turns']} turns, {totals['calls']} model calls, {totals['tokens_in']} tokens in "
        f"({totals['tokens_cached']} cached), {totals['tokens_out']} out, "
        f"R$ {totals['cost_brl']:.4f}"
    )
    yield (
        f"a conversation: {totals['calls_per_conversation']} calls, "
        f"{totals['tokens_in_per_conversation']} tokens in, "
        f"R$ {totals['cost_brl_per_conversation']:.4f}"
    )
    yield ""
    yield from map(_line, gate(results))


def _cells(result: Result) -> Sequence[object]:
    usage = result.usage
    faults = {
        "UNEXPECTED": not result.is_expected,
        "unanswered": result.unanswered,
        "asked a third time": result.third,
        "asked although answered": result.again,
    }
    return (
        result.persona.id,
        result.persona.expected,
        "+".join(result.reached),
        result.turns,
        usage.calls,
        usage.tokens_in,
        usage.tokens_out,
        f"{_brl(usage.cost):.4f}",
        ", ".join(name for name, is_so in faults.items() if is_so),
    )


def _line(limit: Limit) -> str:
    sign, verdict = "≥" if limit.is_floor else "≤", "holds" if limit.holds else "FAILS"
    return f"{verdict}: {limit.measure} {limit.value:.4g} {sign} {limit.limit:g}"
