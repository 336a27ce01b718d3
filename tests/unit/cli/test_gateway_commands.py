"""`orbion connect` and `orbion webhook` against a gateway over TCP, without a word of a secret."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import pytest
import segno
from click.testing import Result

from orbion.cli.connect import half_blocks
from orbion.cli.exits import Exit
from orbion.domain.gateway_webhook import NEEDED, USEFUL
from orbion.simulators.evolution_store import Instance, Socket, Webhook
from tests.support.commands import run
from tests.support.gateways import KEY, SECRET, RemoteGateway, accounts_file, remote_gateway

OURS = "https://orbion.example/webhooks/evolution/loja"
OLD_SECRET = "um-segredo-antigo-e-comprido"
CODE = "2@" + "aB3+/=,xyz" * 23


@pytest.fixture
def remote() -> Generator[RemoteGateway]:
    old = Webhook(
        url=f"http://u:{OLD_SECRET}@velho.example/hook/{OLD_SECRET}",
        headers={"authorization": f"Bearer {OLD_SECRET}", "x-custom": OLD_SECRET},
        by_events=True,
        events=("MESSAGES_UPSERT",),
    )
    with remote_gateway([Instance(name="loja", token="t", webhook=old)]) as opened:
        yield opened


def command(folder: Path, remote: RemoteGateway, *arguments: str, **changes: str) -> Result:
    path = accounts_file(folder, remote.url, **changes)
    return run(folder, *arguments, ACCOUNTS_FILE=path, PUBLIC_URL="https://orbion.example")


def unlink(remote: RemoteGateway, **changes: object) -> None:
    def change(simulator: object) -> None:
        bail = remote.simulator.instances["loja"]
        bail.socket, bail.state = Socket.UNPAIRED, "close"
        for name, value in changes.items():
            setattr(bail, name, value)
        assert simulator is remote.simulator

    remote(change)


# orbion webhook


def test_set_points_the_gateway_here_and_twice_is_once(
    tmp_path: Path, remote: RemoteGateway
) -> None:
    done = command(tmp_path, remote, "webhook", "set", "loja")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == "loja: set"
    assert "http://velho.example/hook/…" in done.stdout
    assert OURS in done.stdout
    stored = remote.simulator.instances["loja"].webhook
    assert stored is not None
    assert (stored.url, stored.enabled, stored.by_events, stored.base64) == (
        OURS,
        True,
        False,
        False,
    )
    assert stored.headers == {"authorization": f"Bearer {SECRET}"}
    assert set(stored.events) == NEEDED | USEFUL
    again = command(tmp_path, remote, "webhook", "set", "loja")
    assert (again.exit_code, again.stdout) == (0, "loja: already set\n")
    assert remote.simulator.instances["loja"].webhook is stored
    for secret in (KEY, SECRET, OLD_SECRET):
        assert secret not in done.output + again.output


def test_show_tells_what_is_wrong_and_afterwards_that_all_is_well(
    tmp_path: Path, remote: RemoteGateway
) -> None:
    before = command(tmp_path, remote, "webhook", "show", "loja")
    assert before.exit_code == 0
    assert "fault: set to another address" in before.stdout
    assert "orbion webhook set loja" in before.stdout
    assert "authorization, x-custom" in before.stdout
    command(tmp_path, remote, "webhook", "set", "loja")
    after = command(tmp_path, remote, "webhook", "show", "loja")
    assert after.stdout.splitlines()[-1] == "ok: set to this service, credential accepted"
    for secret in (KEY, SECRET, OLD_SECRET):
        assert secret not in before.output + after.output


def test_an_instance_without_any_webhook_is_shown_and_set(
    tmp_path: Path, remote: RemoteGateway
) -> None:
    remote(lambda simulator: setattr(simulator.instances["loja"], "webhook", None))
    assert "not set" in command(tmp_path, remote, "webhook", "show", "loja").stdout
    assert command(tmp_path, remote, "webhook", "set", "loja").exit_code == 0


def test_set_needs_the_public_address(tmp_path: Path, remote: RemoteGateway) -> None:
    path = accounts_file(tmp_path, remote.url)
    done = run(tmp_path, "webhook", "set", "loja", ACCOUNTS_FILE=path)
    assert done.exit_code == Exit.REJECTED
    assert done.stderr.startswith("orbion: ORBION_PUBLIC_URL is not set")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("verb", [("webhook", "show"), ("webhook", "set"), ("connect",)])
@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"api_key": "chave-errada-123"}, Exit.REFUSED, "give the gateway's API key"),
        ({"instance": "nada"}, Exit.REFUSED, "create the instance"),
        ({"base_url": "http://127.0.0.1:9"}, Exit.UNAVAILABLE, "start the gateway"),
        ({"secret": "curto"}, Exit.REJECTED, "webhook_secrets"),
    ],
)
def test_each_error_is_one_line_with_its_fix(  # noqa: PLR0917 - cases and fixtures
    verb: tuple[str, ...],
    changes: dict[str, str],
    code: Exit,
    says: str,
    tmp_path: Path,
    remote: RemoteGateway,
) -> None:
    done = command(tmp_path, remote, *verb, "loja", **changes)
    assert done.exit_code == code
    assert done.stderr.startswith("orbion: ")
    assert done.stderr.count("\n") == 1
    assert says in done.stderr


def test_an_unlicensed_gateway_is_refused_with_the_fix(
    tmp_path: Path, remote: RemoteGateway
) -> None:
    remote(lambda simulator: setattr(simulator, "licensed", False))
    done = command(tmp_path, remote, "connect", "loja")
    assert done.exit_code == Exit.REFUSED
    assert "activate the gateway's licence" in done.stderr


def test_an_account_that_is_not_there_is_named(tmp_path: Path, remote: RemoteGateway) -> None:
    done = command(tmp_path, remote, "connect", "filial")
    assert done.exit_code == Exit.REFUSED
    assert done.stderr == "orbion: there is no account filial; there are: loja\n"


# orbion connect


def test_a_connected_number_is_said_to_be_so(tmp_path: Path, remote: RemoteGateway) -> None:
    done = command(tmp_path, remote, "connect", "loja")
    assert (done.exit_code, done.stdout) == (0, "loja: already connected\n")


def test_a_phone_is_linked_with_the_second_code(tmp_path: Path, remote: RemoteGateway) -> None:
    unlink(remote, pairing_code="ABCD1234")
    remote(lambda simulator: setattr(simulator.pairing, "code_life_ms", 1_500))
    with ThreadPoolExecutor(1) as terminal:
        waiting = terminal.submit(command, tmp_path, remote, "connect", "loja")
        remote.wait_for(lambda simulator: simulator.instances["loja"].codes >= 2)
        remote(lambda simulator: simulator.scan("loja"))
        done = waiting.result(20)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == "loja: connected"
    assert "code 1: WhatsApp, Linked devices, Link a device" in done.stdout
    assert "code 2: " in done.stdout
    assert "or enter the pairing code ABCD1234" in done.stdout
    assert half_blocks("2@abcdefghijklmnop1,qrs,tuv,wxyz=") in done.stdout
    assert KEY not in done.output


def test_a_gateway_that_gives_up_is_one_line(tmp_path: Path, remote: RemoteGateway) -> None:
    unlink(remote)

    def impatient(_: object) -> None:
        remote.simulator.pairing.code_life_ms, remote.simulator.pairing.limit = 1_000, 1

    remote(impatient)
    done = command(tmp_path, remote, "connect", "loja")
    assert done.exit_code == Exit.UNAVAILABLE
    assert "restart the instance" in done.stderr
    assert done.stderr.count("\n") == 1


def modules(drawn: str) -> list[list[int]]:
    """Read half blocks back into rows of dark (1) and light (0) modules."""
    uppers, lowers = {"▀": 1, "█": 1}, {"▄": 1, "█": 1}
    rows = []
    for line in drawn.split("\n"):
        rows += [[uppers.get(c, 0) for c in line], [lowers.get(c, 0) for c in line]]
    return rows


@pytest.mark.parametrize("code", ["2@a", CODE])
def test_a_code_is_drawn_whole_within_its_quiet_zone(code: str) -> None:
    matrix = [list(row) for row in segno.make_qr(code, error="l", boost_error=False).matrix]
    rows = modules(half_blocks(code))
    size = len(matrix)
    assert [row[2 : 2 + size] for row in rows[2 : 2 + size]] == matrix
    assert {len(row) for row in rows} == {size + 4}
    border = rows[:2] + rows[2 + size :] + [row[:2] + row[2 + size :] for row in rows]
    assert not any(map(any, border))


def test_a_code_of_whatsapp_fits_an_ordinary_terminal() -> None:
    assert len(CODE) > 230
    lines = click.unstyle(half_blocks(CODE)).split("\n")
    assert max(map(len, lines)) <= 80
