"""The three errors of the product, each answering one question: will trying again help?"""

from enum import StrEnum


class FaultCode(StrEnum):
    """Every cause that metrics, logs and dead letters may name: a closed set."""

    AUTH_BAD = "auth.bad"
    ACCOUNT_UNKNOWN = "account.unknown"
    PAYLOAD_BAD = "payload.bad"
    PAYLOAD_TOO_LARGE = "payload.too_large"
    INPUT_BAD = "input.bad"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    DB_BUSY = "db.busy"
    DB_LOCKED = "db.locked"
    DB_FULL = "db.full"
    DB_IO = "db.io"
    DB_CORRUPT = "db.corrupt"
    DB_DOWN = "db.down"
    DB_SCHEMA = "db.schema"
    OPENAI_RATE_LIMIT = "openai.rate_limit"
    OPENAI_QUOTA = "openai.quota"
    OPENAI_TIMEOUT = "openai.timeout"
    OPENAI_SERVER = "openai.5xx"
    OPENAI_AUTH = "openai.auth"
    OPENAI_CONNECTION = "openai.connection"
    OPENAI_BAD_REQUEST = "openai.bad_request"
    OPENAI_CONTEXT_TOO_LONG = "openai.context_too_long"
    OPENAI_MODEL_UNKNOWN = "openai.model_unknown"
    OPENAI_BAD_OUTPUT = "openai.bad_output"
    OPENAI_CUT_SHORT = "openai.cut_short"
    OPENAI_FILTERED = "openai.filtered"
    OPENAI_REFUSAL = "openai.refusal"
    WHATSAPP_DISCONNECTED = "whatsapp.disconnected"
    WHATSAPP_UNREACHABLE = "whatsapp.unreachable"
    WHATSAPP_RATE_LIMIT = "whatsapp.rate_limit"
    WHATSAPP_AUTH = "whatsapp.auth"
    WHATSAPP_INSTANCE_MISSING = "whatsapp.instance_missing"
    WHATSAPP_UNLICENSED = "whatsapp.unlicensed"
    WHATSAPP_NUMBER_INVALID = "whatsapp.number_invalid"
    WHATSAPP_REFUSED = "whatsapp.refused"
    WHATSAPP_MEDIA = "whatsapp.media"
    WHATSAPP_UNKNOWN_OUTCOME = "whatsapp.unknown_outcome"
    WHATSAPP_SERVER = "whatsapp.5xx"
    SHEETS_QUOTA = "sheets.quota"
    SHEETS_AUTH = "sheets.auth"
    SHEETS_MISSING = "sheets.missing"
    SHEETS_RANGE = "sheets.range"
    SHEETS_UNREACHABLE = "sheets.unreachable"
    EVENTS_UNREACHABLE = "events.unreachable"
    EVENTS_RATE_LIMIT = "events.rate_limit"
    EVENTS_REFUSED = "events.refused"
    BUDGET_SPENT = "budget.spent"
    CIRCUIT_OPEN = "circuit.open"
    CRASHED = "crashed"
    BUG = "bug"


class OrbionError(Exception):
    """Carries the fault code that metrics and dead letters show."""

    def __init__(self, code: FaultCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class RejectedError(OrbionError):
    """The caller is wrong; the message names the field and the fix. Trying again will not help."""


class UnavailableError(OrbionError):
    """Later will do: nothing happened outside, and `retry_after` seconds is when to ask again."""

    def __init__(self, code: FaultCode, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


class RefusedError(OrbionError):
    """The outside said no for good: a dead letter or a business answer, never a retry."""


class UnknownOutcomeError(OrbionError):
    """A send may or may not have been accepted; look before sending again (DESIGN section 7)."""


def code_of(error: BaseException) -> FaultCode:
    """What metrics call it; whatever nobody foresaw is a bug."""
    return error.code if isinstance(error, OrbionError) else FaultCode.BUG


class LeaseLostError(Exception):
    """The fence matched no row: another worker owns the lane and this transaction rolls back."""
