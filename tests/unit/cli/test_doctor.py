"""The doctor names each fault and its fix, and tells no secret."""

import asyncio
import contextlib
import random
import socket
import threading
from collections.abc import Generator, Mapping
from pathlib import Path

import pytest

from orbion.cli.exits import Exit
from orbion.simulators import tcp
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Instance
from orbion.simulators.faults import EvolutionFaults
from tests.support.commands import run

KEY = "chave-do-gateway-123456"
SECRET = "segredo-do-webhook-com-32-letras"


async def _deliver(_url: str, _headers: Mapping[str, str], _body: bytes) -> int:
    return 200


@pytest.fixture
def gateway() -> Generator[str]:
    """A gateway in a thread of its own, because a command brings its own event loop."""
    simulator = EvolutionSimulator(
        [Instance(name="loja", token="token"), Instance(name="muda", token="t", state="close")],
        api_key=KEY,
        random=random.Random(1),
        now=lambda: 1_800_000_000_000,
        faults=EvolutionFaults(),
        deliver=_deliver,
    )
    urls: list[str] = []
    up = threading.Event()
    loop = asyncio.new_event_loop()
    end = asyncio.Event()

    async def serve() -> None:
        async with tcp.serve(simulator) as url:
            urls.append(url)
            up.set()
            await end.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert up.wait(10)
    yield urls[0]
    loop.call_soon_threadsafe(end.set)
    thread.join()
    loop.close()


def accounts(folder: Path, url: str, **changes: str) -> str:
    fields = {"business": "sol", "base_url": url, "instance": "loja", "api_key": KEY} | changes
    lines = [f'{name} = "{value}"' for name, value in fields.items()]
    secret = changes.get("secret", SECRET)
    path = folder / "accounts.toml"
    given = [line for line in lines if not line.startswith("secret ")]
    path.write_text("\n".join(["[accounts.loja]", *given, f'webhook_secrets = ["{secret}"]']))
    return str(path)


def row(text: str, check: str) -> str:
    return next(line for line in text.splitlines() if f"  {check}  " in line)


def test_with_everything_in_place_all_is_well(tmp_path: Path, gateway: str) -> None:
    done = run(
        tmp_path,
        "doctor",
        ACCOUNTS_FILE=accounts(tmp_path, gateway, owner_phone="5511900000001"),
        PORT="0",
        ADMIN_KEY="chave-do-operador",
        PUBLIC_URL="https://orbion.example",
    )
    assert done.exit_code == 0, done.stdout
    assert "is connected" in row(done.stdout, "gateway of loja")
    assert "5511*******01" in row(done.stdout, "owner of loja")
    assert "all well" in done.stdout
    for secret in (KEY, SECRET, "chave-do-operador"):
        assert secret not in done.output


@pytest.mark.parametrize(
    ("changes", "check", "fix"),
    [
        ({"api_key": "chave-errada-123"}, "gateway of loja", "give the gateway's API key"),
        ({"instance": "nada"}, "gateway of loja", "create the instance"),
        ({"instance": "muda"}, "gateway of loja", "scan its QR code"),
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
    path = accounts(tmp_path, gateway, **changes)
    done = run(tmp_path, "doctor", ACCOUNTS_FILE=path, PORT="0")
    assert done.exit_code == Exit.REFUSED
    found = row(done.stdout, check)
    assert found.startswith("FAULT")
    assert fix in found
    assert "segredo" not in done.stdout


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
