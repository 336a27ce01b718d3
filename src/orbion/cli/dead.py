"""`orbion dead`: look at what could not be done; try it again or let it go."""

import click

from orbion.adapters.db.store import DbStore
from orbion.cli import desk
from orbion.cli.output import cut, local, plain, print_json, shown, table
from orbion.domain.errors import FaultCode, RefusedError
from orbion.domain.lanes import DeadLetter, Queue, Requeued

_HEAD = ("queue", "key", "seq", "kind", "attempts", "died", "died_at", "state", "error")
_ERROR_COLUMNS = 40
_QUEUES = click.Choice([queue.value for queue in Queue])


@click.group()
def dead() -> None:
    """Look at what could not be done; try it again or let it go.

    A dead letter is named by queue, key and seq, as the list shows them. Works beside a running
    service, which then works what is requeued within a second.

    \b
    orbion dead list
    orbion dead show in 17 4
    orbion dead requeue in 17 4
    """  # noqa: D301 \b is click's mark for lines that keep their breaks


@dead.command(name="list")
@desk.paged("died_at")
def list_(before: int | None, limit: int, *, as_json: bool, unmasked: bool) -> None:
    """List dead letters, newest first."""
    letters = desk.with_store(lambda store: store.dead_letters(before=before, limit=limit))
    desk.print_page(
        letters,
        head=_HEAD,
        row=_row,
        empty="No dead letters.",
        more=str(letters[-1].died_at) if len(letters) == limit else None,
        as_json=as_json,
        as_shown=shown(unmasked=unmasked),
    )


@dead.command()
@click.argument("queue", type=_QUEUES)
@click.argument("key")
@click.argument("seq", type=int)
@desk.as_json
@desk.unmasked
def show(queue: str, key: str, seq: int, *, as_json: bool, unmasked: bool) -> None:
    """Show one dead letter with its payload and error."""
    letter = desk.with_store(lambda store: _find(store, queue, key, seq))
    as_shown = shown(unmasked=unmasked)
    if as_json:
        print_json(letter, as_shown)
        return
    click.echo(as_shown(table(_HEAD[:-1], [_row(letter)[:-1]])))
    click.echo(as_shown(f"payload: {plain(str(letter.payload))}\nerror: {plain(letter.error)}"))


@dead.command()
@click.argument("queue", type=_QUEUES)
@click.argument("key")
@click.argument("seq", type=int)
@click.option("--force", is_flag=True, help="Even if it was answered or sent meanwhile.")
def requeue(queue: str, key: str, seq: int, *, force: bool) -> None:
    """Put it at the end of its lane again; refused once it was answered or sent."""
    name = f"{queue} {key} {seq}"
    done = desk.with_store(
        lambda store: store.requeue(Queue(queue), key, seq, desk.ACTOR, force=force)
    )
    match done:
        case Requeued.QUEUED:
            click.echo(f"{name}: queued again")
        case Requeued.MISSING:
            desk.missing(f"dead letter {name}")
        case Requeued.WAITING:
            raise RefusedError(FaultCode.CONFLICT, f"{name} is queued already")
        case Requeued.DONE:
            raise RefusedError(
                FaultCode.CONFLICT, f"{name} was done meanwhile: --force does it a second time"
            )


@dead.command()
@click.argument("queue", type=_QUEUES)
@click.argument("key")
@click.argument("seq", type=int)
def discard(queue: str, key: str, seq: int) -> None:
    """Let it go: it is not listed any more."""
    if not desk.with_store(lambda store: store.discard_dead(Queue(queue), key, seq, desk.ACTOR)):
        desk.missing(f"dead letter {queue} {key} {seq}")
    click.echo(f"{queue} {key} {seq}: discarded")


async def _find(store: DbStore, queue: str, key: str, seq: int) -> DeadLetter:
    before: int | None = None
    while letters := await store.dead_letters(before=before, limit=desk.MOST):
        for letter in letters:
            if (letter.queue, letter.key, letter.seq) == (queue, key, seq):
                return letter
        before = letters[-1].died_at
    return desk.missing(f"dead letter {queue} {key} {seq}")


def _row(letter: DeadLetter) -> tuple[object, ...]:
    return (
        letter.queue,
        letter.key,
        letter.seq,
        letter.kind,
        letter.attempts,
        local(letter.died_at),
        letter.died_at,
        "requeued" if letter.redriven_at else "waiting",
        cut(plain(letter.error), _ERROR_COLUMNS),
    )
