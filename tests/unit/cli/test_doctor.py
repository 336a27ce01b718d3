"""The doctor names each fault and its fix, and tells no secret."""

import asyncio
import contextlib
import socket
from collections.abc import Generator
from pathlib import Path

import pytest

from orbion.cli.exits import Exit
from orbion.domain.gateway_webhook import NEEDED, USEFUL
from orbion.kit.clock import SystemClock
from orbion.simulators.evolution_store import Instance, Webhook
from tests.contract.scenes import queue_answer, send
from tests.support.commands import run
from tests.support.gateways import KEY, SECRET, RemoteGateway, accounts_file, remote_gateway
from tests.support.stores import HandClock, make_store, sqlite_database


@pytest.fixture
def remote() -> Generator[RemoteGateway]:
    ours = Webhook(
        url="https://orbion.example/webhooks/evolution/loja",
        headers={"authorization": f"Bearer {SECRET}"},
        events=tuple(NEEDED | USEFUL),
    )
    with remote_gateway(
        [
            Instance(name="loja", token="token", webhook=ours),
            Instance(name="muda", token="t", state="close"),
        ]
    ) as opened:
        yield opened


@pytest.fixture
def gateway(remote: RemoteGateway) -> str:
    return remote.url


def row(text: str, check: str) -> str:
    return next(line for line in text.splitlines() if f"  {check}  " in line)


def test_with_everything_in_place_all_is_well(tmp_path: Path, gateway: str) -> None:
    done = run(
        tmp_path,
        "doctor",
        ACCOUNTS_FILE=accounts_file(tmp_path, gateway, owner_phone="5511900000001"),
        PORT="0",
        ADMIN_KEY="chave-do-operador",
        PUBLIC_URL="https://orbion.example",
    )
    assert done.exit_code == 0, done.stdout
    for check, found in (
        ("gateway", "answers"),
        ("key", "accepted"),
        ("instance", "exists"),
        ("licence", "valid"),
        ("version", "2.3.7"),
        ("connection", "is connected"),
        ("webhook", "set to this service, credential accepted"),
    ):
        assert row(done.stdout, f"{check} of loja").startswith("ok")
        assert found in row(done.stdout, f"{check} of loja")
    assert "receipts" not in done.stdout
    assert "5511*******01" in row(done.stdout, "owner of loja")
    assert "all well" in done.stdout
    for secret in (KEY, SECRET, "chave-do-operador"):
        assert secret not in done.output


@pytest.mark.parametrize(
    ("changes", "check", "fix"),
    [
        ({"api_key": "chave-errada-123"}, "key of loja", "give the gateway's API key"),
        ({"instance": "nada"}, "instance of loja", "create the instance"),
        ({"instance": "muda"}, "connection of loja", "orbion connect loja"),
        ({"instance": "muda"}, "webhook of loja", "orbion webhook set loja"),
        ({"base_url": "http://127.0.0.1:9"}, "gateway of loja", "start the gateway"),
        ({"secret": "curto"}, "secrets of loja", "long random secrets"),
        ({"playbook": "/nada.toml"}, "playbook of loja", "correct the playbook"),
        ({"base_url": "http://a:segredo@127.0.0.1"}, "accounts", "leave user and password out"),
        ({"owner_phone": "+55 11"}, "accounts", "country code, area and phone, digits only"),
        ({"busines": "sol"}, "accounts", "did you mean business?"),
    ],
)
def test_each_fault_of_an_account_has_its_fix(
    changes: dict[str, str], check: str, fix: str, tmp_path: Path, gateway: str
) -> None:
    path = accounts_file(tmp_path, gateway, **changes)
    done = run(tmp_path, "doctor", ACCOUNTS_FILE=path, PORT="0")
    assert done.exit_code == Exit.REFUSED
    found = row(done.stdout, check)
    assert found.startswith("FAULT")
    assert fix in found
    assert "segredo" not in done.stdout


def test_an_unlicensed_gateway_is_a_fault(tmp_path: Path, remote: RemoteGateway) -> None:
    remote(lambda simulator: setattr(simulator, "licensed", False))
    path = accounts_file(tmp_path, remote.url)
    done = run(tmp_path, "doctor", ACCOUNTS_FILE=path, PORT="0")
    assert row(done.stdout, "licence of loja").startswith("FAULT")
    assert "activate" in row(done.stdout, "licence of loja")
    assert row(done.stdout, "version of loja").startswith("ok")


async def stored(path: Path, sends: int) -> None:
    """Let a customer write, and our answers to it be accepted and never confirmed."""
    clock = HandClock()
    clock.time = SystemClock().now() - 300_000
    async with sqlite_database(path, clock) as db:
        store = make_store(db, clock)
        await store.start()
        await queue_answer(store, *(f"resposta {number}" for number in range(sends)))
        for number in range(sends):
            await send(store, f"3EB0{number}")


@pytest.mark.parametrize(("sends", "mark"), [(1, "note"), (3, "FAULT")])
def test_what_the_database_knows_is_told(
    sends: int, mark: str, tmp_path: Path, gateway: str, sqlite_path: Path
) -> None:
    asyncio.run(stored(sqlite_path, sends))
    path = accounts_file(tmp_path, gateway)
    done = run(tmp_path, "doctor", ACCOUNTS_FILE=path, PORT="0")
    assert "5 min ago" in row(done.stdout, "last webhook of loja")
    found = row(done.stdout, "receipts of loja")
    assert f"{sends} of the last {sends} sends never confirmed" in found
    assert found.startswith(mark)


def test_a_taken_port_is_a_fault(tmp_path: Path) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        done = run(tmp_path, "doctor", PORT=str(taken.getsockname()[1]))
    assert done.exit_code == Exit.REFUSED
    assert row(done.stdout, "port").startswith("FAULT")


@pytest.mark.parametrize(
    ("settings", "check"),
    [
        ({"PORT": "x"}, "settings"),
        ({"DATABASE_URL": "postgresql://a@b/c"}, "database"),
        ({"DISK_RESERVE": str(2**60)}, "disk"),
        ({"LLM": "openai"}, "model"),
        ({"ADMIN_KEY_FILE": "/nada"}, "keys"),
    ],
)
def test_each_fault_of_the_settings_is_found(
    settings: dict[str, str], check: str, tmp_path: Path
) -> None:
    done = run(tmp_path, "doctor", **({"PORT": "0"} | settings))
    assert done.exit_code == Exit.REFUSED
    assert row(done.stdout, check).startswith("FAULT")


def test_a_file_that_is_no_database_is_found(tmp_path: Path) -> None:
    (tmp_path / "orbion.db").write_bytes(b"this is no database, only words" * 100)
    done = run(tmp_path, "doctor", PORT="0")
    assert row(done.stdout, "database").startswith("FAULT")


def test_nothing_configured_is_no_fault(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor", PORT="0")
    assert done.exit_code == 0, done.stdout
    assert row(done.stdout, "accounts").startswith("note")
