"""`orbion conversation`: look at conversations, take them over, give them back."""

import click

from orbion.adapters.db.store import DbStore
from orbion.cli import desk
from orbion.cli.output import cut, local, plain, print_json, shown, table
from orbion.domain.conversations import Conversation, Mode, ModeReason
from orbion.domain.listing import ConversationLine
from orbion.domain.messages import Message

_HEAD = ("id", "account", "name", "phone", "who answers", "open", "last message", "text")
_TEXT_COLUMNS = 44


@click.group()
def conversation() -> None:
    """Look at conversations, take them over, give them back.

    Works beside a running service and without one. After a takeover no message of the bot leaves
    any more; what the customer writes is stored and waits for a person.

    \b
    orbion conversation list
    orbion conversation show 17
    orbion conversation takeover 17
    orbion conversation release 17
    """  # noqa: D301 \b is click's mark for lines that keep their breaks


@conversation.command(name="list")
@desk.paged("id")
def list_(before: int | None, limit: int, *, as_json: bool, unmasked: bool) -> None:
    """List conversations, newest first."""
    lines = desk.with_store(lambda store: store.conversations(before=before, limit=limit))
    desk.print_page(
        lines,
        head=_HEAD,
        row=_row,
        empty="No conversations.",
        more=str(lines[-1].id) if len(lines) == limit else None,
        as_json=as_json,
        as_shown=shown(unmasked=unmasked),
    )


@conversation.command()
@click.argument("conversation_id", type=int, metavar="ID")
@click.option("--limit", type=click.IntRange(1, desk.MOST), default=30, show_default=True)
@desk.as_json
@desk.unmasked
def show(conversation_id: int, limit: int, *, as_json: bool, unmasked: bool) -> None:
    """Show who answers and the last messages, oldest first."""
    found, messages = desk.with_store(lambda store: _read(store, conversation_id, limit))
    as_shown = shown(unmasked=unmasked)
    if as_json:
        print_json({"conversation": found, "messages": messages}, as_shown)
        return
    click.echo(as_shown(_title(found)))
    lines = table(("time", "writer", "text", "outcome"), map(_message, messages))
    click.echo(as_shown(lines) if messages else "No messages.")


@conversation.command()
@click.argument("conversation_id", type=int, metavar="ID")
def takeover(conversation_id: int) -> None:
    """Silence the bot here: a person answers."""
    _set_mode(conversation_id, Mode.HUMAN, ModeReason.OPERATOR)
    click.echo(f"conversation {conversation_id}: a person answers now")


@conversation.command()
@click.argument("conversation_id", type=int, metavar="ID")
def release(conversation_id: int) -> None:
    """Let the bot answer again."""
    _set_mode(conversation_id, Mode.BOT, None)
    click.echo(f"conversation {conversation_id}: the bot answers again")


def _set_mode(conversation_id: int, mode: Mode, reason: ModeReason | None) -> None:
    if not desk.with_store(lambda store: store.set_mode(conversation_id, mode, reason, desk.ACTOR)):
        desk.missing(f"conversation {conversation_id}")


async def _read(
    store: DbStore, conversation_id: int, limit: int
) -> tuple[Conversation, list[Message]]:
    found = await store.conversation(conversation_id)
    if found is None:
        desk.missing(f"conversation {conversation_id}")
    return found, list(await store.messages(conversation_id, limit))


def _row(line: ConversationLine) -> tuple[object, ...]:
    return (
        line.id,
        line.account,
        line.name or "-",
        line.phone or "-",
        _mode(line.mode, line.mode_reason),
        line.waiting,
        local(line.last_at),
        cut(plain(line.last_text), _TEXT_COLUMNS),
    )


def _title(found: Conversation) -> str:
    who = plain(found.name or "-")
    opted_out = ", opted out" if found.opted_out else ""
    return (
        f"conversation {found.id}: {who}, {found.phone or found.address}, account {found.account}, "
        f"{_mode(found.mode, found.mode_reason)}{opted_out}"
    )


def _message(message: Message) -> tuple[object, ...]:
    outcome = f"{message.outcome}: {message.reason}" if message.reason else message.outcome
    text = message.text or f"({message.kind})"
    return local(message.occurred_at), message.author, text, outcome


def _mode(mode: Mode, reason: ModeReason | None) -> str:
    return f"{mode} ({reason})" if reason else str(mode)
