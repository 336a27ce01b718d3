"""Name the events of the log and write each as one line of JSON without personal data."""

import json
import logging
import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TextIO

import msgspec

from orbion.kit.ids import mask_phone

SERVICE_STARTED: Final = "service.started"
SERVICE_READY: Final = "service.ready"
SERVICE_DRAINING: Final = "service.draining"
SERVICE_STOPPED: Final = "service.stopped"
WEBHOOK: Final = "webhook"
QUARANTINED: Final = "webhook.quarantined"
TURN: Final = "turn"
DELIVERY: Final = "delivery"
SHEET_ROW: Final = "sheet.row"
HEALED: Final = "account.healed"
TAKEOVER: Final = "conversation.takeover"
RELEASE: Final = "conversation.release"
OPT_OUT: Final = "contact.opt_out"
CONNECTION: Final = "account.connection"
CONNECTION_TOLD: Final = "account.connection_told"
FINDING: Final = "account.finding"
WEBHOOKS_REFUSED: Final = "account.webhooks_refused"
LEASE_LOST: Final = "lane.lost"
TASK_FAILED: Final = "task.failed"
TASK_DEAD: Final = "task.dead"
WORKER_FAILED: Final = "worker.failed"
LOOP_STUCK: Final = "loop.stuck"
UPKEEP: Final = "upkeep"
CIRCUIT: Final = "circuit"
HEALTH: Final = "health"
MIGRATION: Final = "database.migrated"
PLAYBOOK_RELOADED: Final = "playbook.reloaded"
PLAYBOOK_REFUSED: Final = "playbook.refused"
BUDGET: Final = "budget"
NOTICE: Final = "notice"
KNOWLEDGE: Final = "knowledge"
BUG: Final = "bug"

_LOGGER: Final = "orbion"
_HANDLER: Final = "orbion-json"
_SHORTEST_SECRET: Final = 6
_UNMASKED: Final = frozenset({"trace"})
# Inside a JSON string these would end a line, move a terminal's cursor or not encode at all.
_UNSAFE: Final = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def log(
    event: str,
    level: int = logging.INFO,
    error: BaseException | None = None,
    **fields: object,
) -> None:
    """Write one line; `error` adds its traceback. A field never holds the text of a message."""
    logger = logging.getLogger(_LOGGER)
    if logger.isEnabledFor(level):
        raised = error and (type(error), error, error.__traceback__)
        # made by hand: `Logger.log` walks the stack for a caller that no line shows
        record = logging.LogRecord(_LOGGER, level, "", 0, event, None, raised or None)
        record.fields = fields
        logger.handle(record)


def configure(level: str | int, stream: TextIO, secrets: Iterable[str] = ()) -> None:
    """Send every logger of the process to `stream` as JSON; a second call replaces the first."""
    root = logging.getLogger()
    for handler in [each for each in root.handlers if each.get_name() == _HANDLER]:
        root.removeHandler(handler)
    handler = logging.StreamHandler(stream)
    handler.set_name(_HANDLER)
    handler.setFormatter(JsonFormatter(redactor(secrets)))
    root.addHandler(handler)
    root.setLevel(level)


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """Masks phone numbers and removes `secrets`; one too short to be a secret is left alone."""
    known = sorted({s for s in secrets if len(s) >= _SHORTEST_SECRET}, key=len, reverse=True)
    if not known:
        return mask_phone
    pattern = re.compile("|".join(map(re.escape, known)))
    return lambda text: mask_phone(pattern.sub("[redacted]", text))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, event, logger, fields, traceback."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": self._redact(record.getMessage()),
            "logger": record.name,
        }
        fields = getattr(record, "fields", {})
        line |= {name: self._clean(name, value) for name, value in fields.items()}
        if record.exc_info:
            line["traceback"] = self._redact(self.formatException(record.exc_info))
        text = _to_json(line)
        return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)

    def _clean(self, name: str, value: object) -> object:
        """Plain JSON values, every string redacted; what JSON does not know becomes its text."""
        if isinstance(value, str):
            return value if name in _UNMASKED else self._redact(value)
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, float) and math.isfinite(value):
            return value
        if isinstance(value, Mapping):
            return {self._redact(str(k)): self._clean(str(k), v) for k, v in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._clean(name, each) for each in value]
        return self._redact(str(value))


def _to_json(line: Mapping[str, Any]) -> str:
    try:
        return msgspec.json.encode(line).decode()
    except (UnicodeEncodeError, OverflowError):  # a lone surrogate, an integer of over 8 bytes
        return json.dumps(line, ensure_ascii=False)
