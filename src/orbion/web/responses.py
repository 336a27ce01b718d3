"""Write JSON answers, domain values included."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

JSON = "application/json"
HEALTH = "application/health+json"


def json_response(
    content: Any, status: int = 200, headers: Mapping[str, str] | None = None, media: str = JSON
) -> Response:
    """Dataclasses and enums become what they hold."""
    return Response(
        msgspec.json.encode(content), status_code=status, headers=headers, media_type=media
    )


def plain(value: Any) -> Any:
    """Builtins only, for FastAPI to write."""
    return msgspec.to_builtins(value, str_keys=True)
