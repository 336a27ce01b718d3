"""A Google spreadsheet of the simulator, the key that opens it, and sheets built on both."""

import json
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from orbion.adapters.http import build_client
from orbion.adapters.sheets.google import GoogleSheet
from orbion.adapters.sheets.google_api import SheetsApi, build_pace
from orbion.adapters.sheets.google_key import read_key
from orbion.adapters.sheets.google_token import AccessTokens
from orbion.domain.leads import LeadRow
from orbion.kit.clock import Clock, SystemClock
from orbion.simulators.faults import SheetFaults
from orbion.simulators.sheets import TOKEN_URI, SheetsSimulator
from orbion.simulators.sheets_grid import Tab

SPREADSHEET = "1aB-planilha_dos_leads"
EMAIL = "orbion@exemplo.iam.gserviceaccount.com"
TAB = "leads"
QUICK = SheetFaults(latency_ms=(0, 0))


class HurryingClock:
    """Two seconds pass at each look: no quota is ever used up."""

    def __init__(self) -> None:
        self.time = 1_800_000_000_000

    def now(self) -> int:
        self.time += 2_000
        return self.time

    def monotonic(self) -> float:
        return self.now() / 1000


@cache
def key_pair() -> tuple[str, str]:
    """The private and the public key, PEM; making one takes a tenth of a second."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


def key_file(folder: Path) -> Path:
    path = folder / "google.json"
    written = {
        "type": "service_account",
        "private_key_id": "k1",
        "private_key": key_pair()[0],
        "client_email": EMAIL,
        "token_uri": TOKEN_URI,
    }
    path.write_text(json.dumps(written), encoding="utf-8")
    path.chmod(0o400)
    return path


def simulator(now: Callable[[], int], faults: SheetFaults = QUICK) -> SheetsSimulator:
    return SheetsSimulator(
        SPREADSHEET,
        email=EMAIL,
        public_key=key_pair()[1],
        random=random.Random(3),
        now=now,
        faults=faults,
    )


async def inline(work: Callable[[], None]) -> None:
    work()


@asynccontextmanager
async def google_sheet(
    google: SheetsSimulator, key: Path, *, clock: Clock | None = None, tab: str = TAB
) -> AsyncGenerator[GoogleSheet]:
    """A new process's view of the spreadsheet: it knows nothing yet."""
    timer = clock or SystemClock()
    async with build_client(transport=httpx.ASGITransport(app=google)) as client:
        tokens = AccessTokens(client, read_key=lambda: read_key(key), run=inline, now=timer.now)
        api = SheetsApi(client, tokens, spreadsheet=SPREADSHEET, pace=build_pace(timer), user=EMAIL)
        yield GoogleSheet(api, tab=tab)


def row(lead: int, business: str = "sol", **columns: str) -> LeadRow:
    return LeadRow(lead_id=lead, business=business, columns=columns)


def shown(tab: Tab) -> list[dict[str, str]]:
    """Each row under the header as people read it, without rows that are empty.

    Of two columns of one name it is the first.
    """
    header, *lines = tab.cells
    named = list(enumerate(header))[::-1]
    return [
        {name: tab.cell(number, place) for place, name in named}
        for number, line in enumerate(lines, 1)
        if any(line)
    ]
