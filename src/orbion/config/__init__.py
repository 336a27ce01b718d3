"""Reads every setting once: environment, `.env`, secret files and the accounts file."""

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import Field, HttpUrl, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from orbion.config.account import OWNER_PHONE, AccountSettings
from orbion.config.reading import reason_of, secret_of, without_login
from orbion.domain.errors import FaultCode, RejectedError
from orbion.domain.prompt import Models, models_of


class Settings(BaseSettings):
    """Every setting; each is read from `ORBION_<NAME>` or from `.env`."""

    model_config = SettingsConfigDict(
        env_prefix="ORBION_", env_file=".env", extra="ignore", frozen=True
    )

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on; 0 = any.")
    watchdog_port: int | None = Field(
        default=None, ge=0, le=65535, description="Port of a thread that answers liveness probes."
    )
    public_url: HttpUrl | None = Field(
        default=None, description="Where the gateways reach this service; webhooks are set to it."
    )
    database_url: str = Field(
        default="sqlite:///data/orbion.db",
        description="sqlite:///relative.db, sqlite:////absolute.db or postgresql://…",
    )
    database_pool: int = Field(
        default=10, ge=2, le=500, description="Connections of one process to PostgreSQL."
    )
    database_timeout: float = Field(
        default=10.0,
        ge=1,
        le=300,
        description="Seconds a statement may take on PostgreSQL; a wait for a lock half of it.",
    )
    cache_entries: int = Field(
        default=1024,
        ge=0,
        le=1_000_000,
        description="Conversations, leads, and answers to questions, that a process keeps in "
        "memory of each; 0 keeps none.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least important line of the log."
    )
    log_format: Literal["json", "pretty"] = Field(
        default="json", description="Of each line on stderr: JSON, or pretty for a terminal."
    )
    accounts_file: Path | None = Field(
        default=None, description="TOML with one [accounts.<id>] table a WhatsApp number."
    )
    account: str = Field(
        default="default", description="Id of the one account given by ORBION_EVOLUTION_*."
    )
    business: str = Field(default="default", description="Business of that account.")
    playbook: str = Field(default="solar", description="Playbook of that account: name or path.")
    evolution_url: HttpUrl | None = Field(default=None, description="Its Evolution API.")
    evolution_instance: str | None = Field(default=None, description="Its instance's name.")
    evolution_api_key: SecretStr | None = Field(default=None, description="Its API key.")
    evolution_api_key_file: Path | None = Field(default=None, description="A file with that key.")
    evolution_webhook_secret: SecretStr | None = Field(
        default=None, description="What its webhooks must prove."
    )
    evolution_webhook_secret_file: Path | None = Field(
        default=None, description="A file with that secret."
    )
    auto_greetings: tuple[str, ...] = Field(
        default=(),
        description="JSON list of what that number's WhatsApp Business app writes by itself.",
    )
    owner_phone: str | None = Field(
        default=None,
        pattern=OWNER_PHONE,
        description="WhatsApp of that account's owner, who is told of hand-offs and never answered "
        "as a customer: digits only, country code first.",
    )
    events_url: HttpUrl | None = Field(
        default=None, description="Where hand-offs, budgets and circuits are posted to, signed."
    )
    events_secret: SecretStr | None = Field(default=None, description="What signs these posts.")
    events_secret_file: Path | None = Field(default=None, description="A file with that secret.")
    admin_key: SecretStr | None = Field(
        default=None, description="Key of the admin routes; unset = they answer 403."
    )
    admin_key_file: Path | None = Field(default=None, description="A file with that key.")
    llm: Literal["scripted", "openai"] = Field(
        default="scripted", description="Who words the answers."
    )
    openai_api_key: SecretStr | None = Field(default=None, description="OpenAI's key.")
    openai_api_key_file: Path | None = Field(default=None, description="A file with that key.")
    openai_base_url: HttpUrl | None = Field(default=None, description="Another OpenAI endpoint.")
    openai_model: str = Field(default="gpt-4.1-mini", description="Model of the turn.")
    summary_model: str | None = Field(
        default=None, description="OpenAI's model that sums up long chats; unset = code does."
    )
    openai_max_output_tokens: int = Field(default=600, ge=64, le=8_000, description="Per answer.")
    budget_conversation: float | None = Field(None, gt=0, description="R$ for models in one.")
    budget_day: float | None = Field(None, gt=0, description="R$ for a business's models a day.")
    budget_month: float | None = Field(None, gt=0, description="The same a month; unset = any.")
    brl_per_usd: float = Field(5.5, gt=0, description="Rate for budgets and costs.")
    model_deadline: float = Field(
        default=20.0, gt=0, le=120, description="Seconds a model may take; then the playbook."
    )
    sheets_folder: Path = Field(
        default=Path("data/leads"), description="Folder of one CSV of leads a business."
    )
    sheet_id: str | None = Field(
        default=None, description="Google spreadsheet of that account's leads, instead of a file."
    )
    sheet_tab: str = Field(default="leads", description="Its tab; made if there is none.")
    google_key_file: Path | None = Field(
        default=None, description="JSON key of the service account that may edit it."
    )
    quiet_min: float = Field(default=0.8, ge=0, le=30, description="Shortest wait for more, s.")
    quiet_max: float = Field(default=4.0, ge=0, le=60, description="Longest wait for more, s.")
    quiet_cap: float = Field(
        default=6.0, ge=0, le=120, description="Longest wait since the first message, s."
    )
    stale_after: float = Field(
        default=7_200.0, gt=0, description="Older messages are stored, not answered, s."
    )
    human_idle_release: float = Field(
        default=43_200.0,
        ge=0,
        description="A person's last word keeps the bot silent so long, s; 0 = for ever.",
    )
    turns_per_minute: int = Field(
        default=20, ge=1, le=600, description="Turns of one conversation; more wait."
    )
    typing_speed: float = Field(25.0, ge=0, description="Characters a second shown; 0 = none.")
    sends_per_second: int = Field(
        default=30, ge=1, description="Most that one account sends in any second."
    )
    sends_per_minute: int = Field(
        default=1_000, ge=1, description="Most that one account sends in any minute."
    )
    sends_per_hour: int = Field(
        default=10_000, ge=1, description="Most that one account sends in any hour."
    )
    sends_at_once: float = Field(
        default=0.5, gt=0, le=1, description="Share of each that may leave at once; the rest waits."
    )
    read_receipts: bool = Field(
        default=True, description="Show a customer's messages as read when the answer begins."
    )
    send_timeout: float = Field(
        default=35.0,
        ge=1,
        le=300,
        description="Seconds the gateway may take to accept; below 30 it may still send later.",
    )
    file_timeout: float = Field(
        default=120.0,
        ge=1,
        le=600,
        description="The same for a file, which it downloads first; no less than for a text.",
    )
    unknown_grace: float = Field(
        default=10.0, ge=0, le=600, description="Looks for a lost accept this long after it, s."
    )
    breaker_open: float = Field(30.0, gt=0, le=300, description="First pause of a circuit, s.")
    workers: int = Field(default=32, ge=1, le=1_000, description="Turns, and sends, at once.")
    lease: float = Field(default=15.0, ge=1, le=300, description="A crashed worker's lane, s.")
    grace: float = Field(default=20.0, ge=0, le=300, description="Wait for work at a stop, s.")
    address_per_minute: int = Field(
        default=100, ge=1, description="Admin requests of one address; more are answered 429."
    )
    failures_per_minute: int = Field(
        default=100, ge=1, description="Wrong keys of one address; more are answered 429."
    )
    key_per_minute: int = Field(
        default=1_000,
        ge=1,
        description="Admin requests with one key, more are answered 429; and webhooks of one "
        "account, more are stored and answered after those of others.",
    )
    body_limit: int = Field(
        default=4 * 1024 * 1024,
        ge=1024,
        description="Bytes of one webhook; 26214400 if the gateway sends media as base64.",
    )
    disk_reserve: int = Field(
        default=64 * 1024 * 1024, ge=0, description="Free bytes below which it is not ready."
    )
    backup_folder: Path | None = Field(
        default=None, description="Folder of backups that something else makes; its age is watched."
    )
    otlp_endpoint: HttpUrl | None = Field(
        default=None, description="OTLP/HTTP collector that gets the spans of each trace."
    )
    metrics_key: SecretStr | None = Field(
        default=None, description="Key of /metrics and /health/detailed; unset = open."
    )

    @field_validator("evolution_url", "openai_base_url", "public_url", "events_url")
    @classmethod
    def _plain_url(cls, value: HttpUrl | None) -> HttpUrl | None:
        return None if value is None else without_login(value)

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("use sqlite:///path or postgresql://user@host/database")
        return value

    @property
    def longest_send(self) -> float:
        """Seconds that any send may take."""
        return max(self.send_timeout, self.file_timeout)

    @property
    def sqlite_path(self) -> Path | None:
        """Where the SQLite file lies; None on PostgreSQL."""
        if not self.database_url.startswith("sqlite:///"):
            return None
        return Path(self.database_url.removeprefix("sqlite:///"))

    @property
    def database_name(self) -> str:
        """What people are told of it: never a user or a password."""
        if self.sqlite_path is not None:
            return str(self.sqlite_path)
        address = urlsplit(self.database_url)
        return f"PostgreSQL {address.hostname or 'local'}{address.path}"

    def database_password(self) -> str | None:
        """What the log must not show of the address."""
        password = urlsplit(self.database_url).password
        return None if password is None else unquote(password)

    @property
    def engine_url(self) -> str:
        """The database for SQLAlchemy's async engine."""
        scheme, rest = self.database_url.split("://", 1)
        driver = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}[scheme]
        return f"{driver}://{rest}"

    def admin(self) -> str | None:
        return secret_of(self.admin_key, self.admin_key_file, "admin_key")

    def observer(self) -> str | None:
        return self.metrics_key.get_secret_value() if self.metrics_key else None

    @property
    def models(self) -> Models:
        """OpenAI's."""
        return models_of(self.openai_model, self.summary_model)

    @property
    def sums_up_by_model(self) -> bool:
        return self.llm == "openai" and self.summary_model is not None

    def openai_key(self) -> str | None:
        return secret_of(self.openai_api_key, self.openai_api_key_file, "openai_api_key")

    def events_key(self) -> str | None:
        return secret_of(self.events_secret, self.events_secret_file, "events_secret")

    def accounts(self) -> Mapping[str, AccountSettings]:
        """Every account of the file, or the one of the environment.

        Raises:
            RejectedError: a field is missing or wrong; the message names file, key and fix.
        """
        if self.accounts_file is not None:
            return load_accounts(self.accounts_file)
        if self.evolution_url is None:
            return {}
        given = {
            "business": self.business,
            "playbook": self.playbook,
            "base_url": str(self.evolution_url),
            "instance": self.evolution_instance or "",
            "auto_greetings": self.auto_greetings,
            "owner_phone": self.owner_phone or None,
            "sheet_id": self.sheet_id or None,
            "sheet_tab": self.sheet_tab,
            "google_key_file": self.google_key_file,
            "api_key": secret_of(
                self.evolution_api_key, self.evolution_api_key_file, "evolution_api_key"
            ),
            "webhook_secrets": [
                secret
                for secret in (
                    secret_of(
                        self.evolution_webhook_secret,
                        self.evolution_webhook_secret_file,
                        "evolution_webhook_secret",
                    ),
                )
                if secret
            ],
        }
        return {self.account: _account("the environment (ORBION_EVOLUTION_*)", given)}


def load_settings(**overrides: Any) -> Settings:
    """Read all settings; raises `RejectedError` naming each wrong one, the fault and its use."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        lines = [
            f"ORBION_{str(each['loc'][0]).upper()}: {reason_of(Settings, each)}"
            for each in error.errors()
        ]
        raise RejectedError(FaultCode.INPUT_BAD, "; ".join(lines)) from error


def load_accounts(path: Path) -> Mapping[str, AccountSettings]:
    """Read the accounts file; raises `RejectedError` naming file, key and fix."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RejectedError(FaultCode.INPUT_BAD, f"{path}: {error}") from error
    tables = data.get("accounts")
    if not isinstance(tables, dict) or not tables or set(data) != {"accounts"}:
        raise RejectedError(
            FaultCode.INPUT_BAD, f"{path}: needs one [accounts.<id>] table a number, nothing else"
        )
    return {name: _account(f"{path}: accounts.{name}", table) for name, table in tables.items()}


def _account(where: str, table: object) -> AccountSettings:
    try:
        return AccountSettings.model_validate(table)
    except ValidationError as error:
        raise RejectedError(
            FaultCode.INPUT_BAD, "; ".join(f"{where}{_explain(each)}" for each in error.errors())
        ) from error


def _explain(error: Any) -> str:
    if not error["loc"]:
        return f": {error['msg']}"
    key = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        close = difflib.get_close_matches(key, AccountSettings.model_fields, n=1)
        hint = f"; did you mean {close[0]}?" if close else "; remove it"
        return f".{key}: unknown key{hint}"
    return f".{key}: {reason_of(AccountSettings, error)}"
