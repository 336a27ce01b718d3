"""Makes endless new customer messages in the shape that was captured from Evolution API."""

import json
import time
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Final

from loadtests.http1 import request

CAPTURED: Final = (
    Path(__file__).resolve().parent.parent
    / "tests/fixtures/evolution/webhooks/sim_in_conversation__messages.upsert.json"
)
ACCOUNT: Final = "loja"
SECRET: Final = "a-secret-of-the-load-runs-0123456789"  # noqa: S105 opens nothing
PATH: Final = f"/webhooks/evolution/{ACCOUNT}"
AUTHENTIC: Final = {
    "accept": "application/json, text/plain, */*",
    "content-type": "application/json",
    "authorization": f"Bearer {SECRET}",
    "user-agent": "axios/1.13.2",
    "accept-encoding": "gzip, compress, deflate, br",
}
WAVE: Final = 64
LINES: Final = 4
_ID, _PHONE, _LID = "@@message-id@@@@@@@@", "@@phone@@@@@@", "@@lid@@@@@@@@@@"
_FORMS: Final[Mapping[str, bytes]] = {  # each as long as its mark: the content-length stays right
    _ID: b"3A%(number)018X",
    _PHONE: b"55119%(who)08d",
    _LID: b"1%(who)014d",
}


def captured_requests() -> Iterator[bytes]:
    """Each a new message id; waves of customers nobody knows yet write `LINES` messages each."""
    document = json.loads(CAPTURED.read_text(encoding="utf-8"))["body"]
    document["instance"] = ACCOUNT
    data = document["data"]
    data["messageTimestamp"] = int(time.time())
    data["key"] |= {
        "id": _ID,
        "remoteJid": f"{_PHONE}@s.whatsapp.net",
        "remoteJidAlt": f"{_LID}@lid",
    }
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    pattern = request("POST", PATH, body, AUTHENTIC).replace(b"%", b"%%")
    for mark, form in _FORMS.items():
        pattern = pattern.replace(mark.encode(), form)
    for number in count():
        who = number % WAVE + number // (WAVE * LINES) * WAVE
        yield pattern % {b"number": number, b"who": who}
