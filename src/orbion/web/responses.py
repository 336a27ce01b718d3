"""Write JSON answers, domain values included."""

from typing import Any

import msgspec
from starlette.responses import Response

JSON = "application/json"


def json_response(
    content: Any, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """Dataclasses and enums become what they hold; bytes become text."""
    return Response(
        msgspec.json.encode(plain(content)), status_code=status, headers=headers, media_type=JSON
    )


def plain(value: Any) -> Any:
    """Builtins only, for any JSON writer."""
    return msgspec.to_builtins(value, builtin_types=(bytes,), enc_hook=_text, str_keys=True)


def _text(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
