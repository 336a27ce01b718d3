"""`orbion connect`: link a phone to an account's gateway with a QR code in the terminal."""

from itertools import zip_longest

import click
import segno

from orbion.cli.gateway import with_gateway
from orbion.domain.accounts import QrCode
from orbion.main.operating import Reached
from orbion.main.world import World
from orbion.usecases.connect_account import ConnectAccount

_QUIET_ZONE = 2
_HALVES = (" ", "▄", "▀", "█")
"""By the two modules of a cell, the upper one counting twice; a set bit is dark."""


@click.command()
@click.argument("account", metavar="ACCOUNT")
@click.option(
    "--patience",
    type=click.IntRange(10, 900),
    default=180,
    show_default=True,
    help="Seconds to wait for the scan.",
)
def connect(account: str, patience: int) -> None:
    """Link a phone to an account with a QR code.

    Shows the code that the gateway offers, draws it anew when it changes, and ends when the number
    is connected. On the phone: WhatsApp, Linked devices, Link a device.
    """
    if with_gateway(account, lambda reached, world: _connect(reached, world, patience)):
        click.echo(f"{account}: connected")
    else:
        click.echo(f"{account}: already connected")


def half_blocks(code: str) -> str:
    """Draw a QR code, two modules a character, dark ones as ink."""
    matrix = segno.make_qr(code, error="l", boost_error=False).matrix_iter(border=_QUIET_ZONE)
    rows = [list(row) for row in matrix]
    blank = [0] * len(rows[0])
    pairs = zip_longest(rows[::2], rows[1::2], fillvalue=blank)
    return "\n".join(
        "".join(_HALVES[2 * upper + lower] for upper, lower in zip(above, below, strict=True))
        for above, below in pairs
    )


async def _connect(reached: Reached, world: World, patience: int) -> bool:
    linking = ConnectAccount(
        account=reached.account,
        gateway=reached.gateway,
        show=_show,
        clock=world.clock,
        patience=float(patience),
    )
    return await linking()


def _show(code: QrCode) -> None:
    """Black on white whatever the terminal's colours: phones do not read the inverse."""
    click.clear()
    for line in half_blocks(code.code).splitlines():
        click.echo(click.style(line, fg="black", bg="bright_white"))
    pairing = f", or enter the pairing code {code.pairing_code}" if code.pairing_code else ""
    click.echo(f"code {code.count}: WhatsApp, Linked devices, Link a device{pairing}")
