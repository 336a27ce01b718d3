"""The outgoing webhook is signed so that a correct receiver takes it, and fails in known ways."""

import base64

import httpx
import pytest

from orbion.adapters.events import HttpEvents, signing_key
from orbion.domain.errors import FaultCode, RefusedError, UnavailableError
from orbion.domain.notices import circuit_changed, posted
from orbion.simulators.asgi import Answer
from orbion.simulators.receiver import RESET, EventReceiver
from tests.support.stores import HandClock

KEY = b"uma chave de trinta e dois bytes"
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
EVENT = posted(circuit_changed("openai", before="closed", after="open", reason="x", at=5), 1)


@pytest.fixture
def receiver(clock: HandClock) -> EventReceiver:
    return EventReceiver(KEY, now=clock.now)


async def post(receiver: EventReceiver, clock: HandClock, secret: str = SECRET) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=receiver)) as client:
        await HttpEvents(client, url="http://receiver/orbion", secret=secret, now=clock.now).post(
            EVENT
        )


async def test_a_correct_receiver_takes_each_id_once(
    receiver: EventReceiver, clock: HandClock
) -> None:
    await post(receiver, clock)
    await post(receiver, clock)
    assert receiver.answers == [204, 204]
    assert [each["id"] for each in receiver.taken] == [EVENT.id]
    assert receiver.taken[0]["data"]["circuit"] == "openai"


@pytest.mark.parametrize("secret", ["outro segredo qualquer", "whsec_não é base64"])
async def test_a_wrong_secret_is_refused(
    receiver: EventReceiver, clock: HandClock, secret: str
) -> None:
    with pytest.raises(RefusedError) as error:
        await post(receiver, clock, secret)
    assert error.value.code is FaultCode.EVENTS_REFUSED


@pytest.mark.parametrize(
    ("answer", "code", "wait"),
    [
        (Answer(status=503), FaultCode.EVENTS_UNREACHABLE, 5.0),
        (Answer(status=503, headers=(("retry-after", "9"),)), FaultCode.EVENTS_UNREACHABLE, 9.0),
        (Answer(status=408), FaultCode.EVENTS_UNREACHABLE, 5.0),
        (
            Answer(status=429, headers=(("retry-after", "12"),)),
            FaultCode.EVENTS_RATE_LIMIT,
            12.0,
        ),
        (RESET, FaultCode.EVENTS_UNREACHABLE, 5.0),
    ],
)
async def test_what_may_pass_is_tried_later(
    receiver: EventReceiver, clock: HandClock, answer: Answer, code: FaultCode, wait: float
) -> None:
    receiver.script.append(answer)
    with pytest.raises(UnavailableError) as error:
        await post(receiver, clock)
    assert (error.value.code, error.value.retry_after) == (code, wait)


def test_a_plain_secret_signs_with_its_own_bytes() -> None:
    assert signing_key("segredo") == b"segredo"
    assert signing_key(SECRET) == KEY
