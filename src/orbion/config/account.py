"""What one WhatsApp number needs: a table of the accounts file, or a part of the environment."""

from pathlib import Path
from typing import Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    SecretStr,
    field_validator,
    model_validator,
)

from orbion.config.reading import read_secret, secret_of, without_login
from orbion.domain.errors import FaultCode, RejectedError

_SHORTEST_SECRET: Final = 16
OWNER_PHONE: Final = r"^[1-9]\d{9,14}$"


class AccountSettings(BaseModel):
    """One WhatsApp number: a table `[accounts.<id>]` of the accounts file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    business: str = Field(min_length=1, description="Whose customers these are.")
    playbook: str = Field(default="solar", description="A shipped playbook or a path to a TOML.")
    channel: Literal["evolution"] = "evolution"
    owner_phone: str | None = Field(
        default=None,
        pattern=OWNER_PHONE,
        description="WhatsApp of the owner, who is told of hand-offs and never answered as a "
        "customer: country code, area and phone, digits only.",
    )
    base_url: HttpUrl = Field(description="Where the gateway answers.")
    instance: str = Field(min_length=1, description="The instance's name in Evolution.")
    api_key: SecretStr | None = Field(default=None, description="The gateway's key.")
    api_key_file: Path | None = Field(default=None, description="A file that holds the key.")
    auto_greetings: tuple[str, ...] = Field(
        default=(),
        description="What the WhatsApp Business app writes by itself; others are learned.",
    )
    webhook_secrets: tuple[SecretStr, ...] = Field(
        default=(), description="What webhooks must prove; several while rotating."
    )
    webhook_secret_files: tuple[Path, ...] = Field(
        default=(), description="Files that hold webhook secrets."
    )

    sheet_id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]{10,}$",
        description="The Google spreadsheet of the leads: its address between /d/ and /edit.",
    )
    sheet_tab: str = Field(default="leads", min_length=1, max_length=100, description="Its tab.")
    google_key_file: Path | None = Field(
        default=None, description="JSON key of the service account that may edit it."
    )

    @field_validator("base_url")
    @classmethod
    def _plain_url(cls, value: HttpUrl) -> HttpUrl:
        return without_login(value)

    @model_validator(mode="after")
    def _whole_sheet(self) -> "AccountSettings":
        if (self.sheet_id is None) != (self.google_key_file is None):
            raise ValueError("give sheet_id and google_key_file together, or neither")
        return self

    def key(self) -> str:
        """Return the gateway's key; raises `RejectedError` if it is not given."""
        found = secret_of(self.api_key, self.api_key_file, "api_key")
        if found is None:
            raise RejectedError(
                FaultCode.INPUT_BAD,
                f"instance {self.instance!r} has no key: give api_key or api_key_file "
                "(ORBION_EVOLUTION_API_KEY or ORBION_EVOLUTION_API_KEY_FILE)",
            )
        return found

    def secrets(self) -> tuple[str, ...]:
        """Return every webhook secret; raises `RejectedError` if there is none or one is short."""
        found = [secret.get_secret_value() for secret in self.webhook_secrets]
        found += [read_secret(path, "webhook_secret_files") for path in self.webhook_secret_files]
        if not found or any(len(secret) < _SHORTEST_SECRET for secret in found):
            raise RejectedError(
                FaultCode.INPUT_BAD,
                f"instance {self.instance!r}: webhook_secrets (ORBION_EVOLUTION_WEBHOOK_SECRET) "
                f"needs at least one secret, none shorter than {_SHORTEST_SECRET} characters; "
                "make one with: openssl rand -hex 32",
            )
        return tuple(found)
