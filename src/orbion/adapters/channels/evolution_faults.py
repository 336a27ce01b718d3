"""Tell from Evolution's words what a failed call means: not sent, refused, or nobody knows."""

import re
from typing import Any

from orbion.adapters.channels.evolution_json import decode, strings
from orbion.domain.errors import (
    FaultCode,
    RefusedError,
    RejectedError,
    UnavailableError,
    UnknownOutcomeError,
)

Fault = UnavailableError | RefusedError | UnknownOutcomeError

_OPERATOR_SECONDS = 60.0  # a person must change something first
_RECONNECT_SECONDS = 5.0
_CROWDED_SECONDS = 5.0
_FILE_SECONDS = 30.0

# What Evolution says of a request that it never tried to send (contract section 7)
_OUR_MISTAKES = (
    "text is required",
    "method not available",
    "reaction must be",
    "owned media must",
    "file name must be informed",
    "unexpected end of json",
    "unexpected token",
    "in json at position",
)
_DATABASE_DOWN = ("can't reach database server", "invalid `prisma.", "invalid prisma.")
_ABOUT_THE_FILE = ("axioserror", "file or buffer is undefined")
_FOR_GOOD = re.compile(r"status code 4(?!08|29)\d\d")
_NO_QUOTED_CONTENT = "typeerror: cannot read properties of undefined (reading 'undefined')"
_AFTER_THE_SEND = ("timed out", "(reading 'message')")


def classify(status: int, body: bytes, *, wait: float = 0.0) -> Fault:
    """Return the error to raise for any answer but a 2xx with a message id.

    `wait` is the answer's Retry-After in seconds. The code of an `UnknownOutcomeError` is
    `whatsapp.5xx` where the gateway itself is failing and `whatsapp.unknown_outcome` where the
    answer says nothing about its health (the breaker column of contract section 7).
    """
    document = _document(body)
    said = " ".join(strings(document)).casefold()
    return (
        _configuration(status, said, wait)
        or _refused(status, document, said)
        or _not_sent(status, said)
        or _unknown(status, said)
    )


def failed_file(status: int, body: bytes) -> Fault | None:
    """Return the error of a send whose file the gateway could not get: nothing was sent.

    It downloads and converts before it sends. None if the answer speaks of something else.
    """
    said = " ".join(strings(_document(body))).casefold()
    if status != 500 or not any(word in said for word in _ABOUT_THE_FILE):  # noqa: PLR2004
        return None
    if "file or buffer" in said or _FOR_GOOD.search(said):
        return RefusedError(FaultCode.WHATSAPP_MEDIA, "the gateway cannot get the file")
    return UnavailableError(
        FaultCode.WHATSAPP_MEDIA,
        "the file's server does not answer the gateway",
        retry_after=_FILE_SECONDS,
    )


def is_unquotable(status: int, body: bytes) -> bool:
    """Whether a send was given up because the quoted message was edited or revoked."""
    said = " ".join(strings(_document(body))).casefold()
    return status == 400 and _NO_QUOTED_CONTENT in said  # noqa: PLR2004


def _document(body: bytes) -> Any:
    try:
        return decode(body)
    except RejectedError:
        return body[:512].decode("utf-8", "replace")


def _configuration(status: int, said: str, wait: float) -> Fault | None:
    if "license_required" in said:
        return _later(FaultCode.WHATSAPP_UNLICENSED, "the gateway needs a licence")
    match status:
        case 401 | 403:
            return _later(FaultCode.WHATSAPP_AUTH, "the gateway refuses the API key")
        case 404:
            return _later(FaultCode.WHATSAPP_INSTANCE_MISSING, "the gateway has no such instance")
        case 429:
            return UnavailableError(
                FaultCode.WHATSAPP_RATE_LIMIT,
                "the gateway limits our rate",
                retry_after=wait or _CROWDED_SECONDS,
            )
        case 301 | 302 | 303 | 307 | 308:
            return _later(FaultCode.WHATSAPP_UNREACHABLE, "base_url redirects: use its target")
        case _:
            return None


def _refused(status: int, document: Any, said: str) -> Fault | None:
    if _without_whatsapp(document):
        return RefusedError(FaultCode.WHATSAPP_NUMBER_INVALID, "the number has no WhatsApp")
    if status < 300 and isinstance(document, dict) and "code" in document:  # noqa: PLR2004
        return RefusedError(FaultCode.WHATSAPP_REFUSED, f"Graph refused: {document['code']}")
    if status == 400 and (_schema(document) or any(word in said for word in _OUR_MISTAKES)):  # noqa: PLR2004
        return RefusedError(FaultCode.WHATSAPP_REFUSED, "the gateway rejects the request")
    if 400 < status < 500 and status != 408:  # noqa: PLR2004
        return RefusedError(FaultCode.WHATSAPP_REFUSED, f"the gateway answers {status}")
    return None


def _not_sent(status: int, said: str) -> Fault | None:
    if "connection closed" in said:
        return UnavailableError(
            FaultCode.WHATSAPP_DISCONNECTED,
            "WhatsApp is disconnected",
            retry_after=_RECONNECT_SECONDS,
        )
    if "(reading 'onwhatsapp')" in said:
        return _later(FaultCode.WHATSAPP_DISCONNECTED, "the instance was never connected")
    if status == 500 and any(word in said for word in _DATABASE_DOWN):  # noqa: PLR2004
        return UnavailableError(
            FaultCode.WHATSAPP_SERVER,
            "the gateway's database is down",
            retry_after=_RECONNECT_SECONDS,
        )
    return None


def _unknown(status: int, said: str) -> Fault:
    ailing = status >= 500 or status == 408 or any(word in said for word in _AFTER_THE_SEND)  # noqa: PLR2004
    code = FaultCode.WHATSAPP_SERVER if ailing else FaultCode.WHATSAPP_UNKNOWN_OUTCOME
    return UnknownOutcomeError(code, f"the gateway answers {status}: it may have been sent")


def _later(code: FaultCode, message: str) -> UnavailableError:
    return UnavailableError(code, message, retry_after=_OPERATOR_SECONDS)


def _without_whatsapp(document: Any) -> bool:
    """`[{"jid": …, "exists": false}]` at any depth."""
    if isinstance(document, dict):
        return document.get("exists") is False or any(map(_without_whatsapp, document.values()))
    return isinstance(document, list) and any(map(_without_whatsapp, document))


def _schema(document: Any) -> bool:
    """Only its request validation answers a list inside a list."""
    response = document.get("response") if isinstance(document, dict) else None
    message = response.get("message") if isinstance(response, dict) else None
    return isinstance(message, list) and any(isinstance(item, list) for item in message)
