"""Reads secrets from files and says what is wrong with a value without showing it."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, HttpUrl, SecretStr

from orbion.domain.errors import FaultCode, RejectedError


def without_login(url: HttpUrl) -> HttpUrl:
    if url.username or url.password:
        raise ValueError(
            "leave user and password out of the address; keys have settings of their own"
        )
    return url


def reason_of(model: type[BaseModel], error: Any) -> str:
    """Say what is wrong and what the field is for, never the value: it may be a secret."""
    return f"{error['msg']}. {model.model_fields[str(error['loc'][0])].description}"


def secret_of(secret: SecretStr | None, path: Path | None, name: str) -> str | None:
    """Return the secret, else what its file holds; an empty one is as good as none."""
    if secret:
        return secret.get_secret_value()
    return read_secret(path, f"{name}_file") if path else None


def read_secret(path: Path, name: str) -> str:
    try:
        found = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RejectedError(FaultCode.INPUT_BAD, f"{name}: cannot read {path}: {error}") from error
    if not found:
        raise RejectedError(FaultCode.INPUT_BAD, f"{name}: {path} is empty: write the secret in it")
    return found
