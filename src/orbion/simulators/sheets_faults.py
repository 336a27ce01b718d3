"""Says the error answers of the simulated Google: Sheets v4 and its token endpoint."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from orbion.simulators.asgi import Answer, Ending
from orbion.simulators.faults import SheetFault

_STATUS: Final[Mapping[int, str]] = MappingProxyType(
    {
        400: "INVALID_ARGUMENT",
        401: "UNAUTHENTICATED",
        403: "PERMISSION_DENIED",
        404: "NOT_FOUND",
        429: "RESOURCE_EXHAUSTED",
        500: "INTERNAL",
        503: "UNAVAILABLE",
    }
)


def error(status: int, message: str, *details: Mapping[str, Any]) -> Answer:
    """An error body in the form that all of Google's REST interfaces share."""
    body: dict[str, Any] = {"code": status, "message": message, "status": _STATUS[status]}
    if details:
        body["details"] = list(details)
    return Answer(status=status, body={"error": body})


def quota_exceeded(kind: str, wait: tuple[tuple[str, str], ...] = ()) -> Answer:
    """`kind` is Read or Write; Google sends no Retry-After unless `wait` says so."""
    refused = error(
        429,
        f"Quota exceeded for quota metric '{kind} requests' and limit '{kind} requests per minute "
        "per user' of service 'sheets.googleapis.com' for consumer 'project_number:1000'.",
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "RATE_LIMIT_EXCEEDED",
            "domain": "googleapis.com",
            "metadata": {
                "consumer": "projects/1000",
                "quota_limit": f"{kind}RequestsPerMinutePerUser",
                "quota_metric": f"sheets.googleapis.com/{kind.lower()}_requests",
                "service": "sheets.googleapis.com",
            },
        },
    )
    return Answer(status=429, body=refused.body, headers=wait)


def token_refused(code: str, description: str) -> Answer:
    """An error of the token endpoint, in OAuth's own form."""
    return Answer(status=400, body={"error": code, "error_description": description})


BAD_TOKEN: Final = error(
    401,
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie "
    "or other valid authentication credential. See "
    "https://developers.google.com/identity/sign-in/web/devconsole-project.",
)
NOT_SHARED: Final = error(403, "The caller does not have permission")
NOT_FOUND: Final = error(404, "Requested entity was not found.")
ANSWERS: Final[Mapping[SheetFault | None, Answer]] = MappingProxyType(
    {
        SheetFault.UNAUTHORIZED: BAD_TOKEN,
        SheetFault.FORBIDDEN: NOT_SHARED,
        SheetFault.NOT_FOUND: NOT_FOUND,
        SheetFault.SERVER_ERROR: error(500, "Internal error encountered."),
        SheetFault.OVERLOADED: error(503, "The service is currently unavailable."),
        SheetFault.NOT_JSON: Answer(raw=b"<html><title>Error 502</title></html>"),
        SheetFault.HANG: Answer(ending=Ending.HANG),
        SheetFault.RESET: Answer(ending=Ending.RESET),
    }
)
"""Fates that need nothing of the request."""
