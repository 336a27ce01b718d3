"""Name the events of the log and write each as one line, without personal data."""

import json
import logging
import math
import re
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO, TypeAlias

import msgspec

from orbion.kit.ids import DIGITS_OF_A_PHONE, mask_phone

SERVICE_STARTED: Final = "service.started"
SERVICE_READY: Final = "service.ready"
SERVICE_DRAINING: Final = "service.draining"
SERVICE_STOPPED: Final = "service.stopped"
WEBHOOK: Final = "webhook"
QUARANTINED: Final = "webhook.quarantined"
TURN: Final = "turn"
MODEL: Final = "model"
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
CATALOGUE: Final = "catalogue"
BUG: Final = "bug"

Form: TypeAlias = Literal["json", "pretty"]

_ORBION: Final = logging.getLogger("orbion")
_HANDLER: Final = "orbion-lines"
_SHORTEST_SECRET: Final = 6
_UNMASKED: Final = frozenset({"trace"})
_NO_FIELDS: Mapping[str, object] = {}
_SAME_IN_EACH: Mapping[str, object] = {
    "name": _ORBION.name,
    **dict.fromkeys(("pathname", "filename", "module", "funcName"), ""),
    **dict.fromkeys(("args", "exc_text", "stack_info", "thread", "threadName"), None),
    **dict.fromkeys(("process", "processName", "taskName"), None),
    **dict.fromkeys(("lineno", "msecs", "relativeCreated"), 0),
}
_NEVER: Final = "(?!)"
# Inside a JSON string these would end a line, move a terminal's cursor or not encode at all.
_UNSAFE: Final = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def log(
    event: str,
    level: int = logging.INFO,
    error: BaseException | None = None,
    **fields: object,
) -> None:
    """Write one line; `error` adds its traceback. A field never holds the text of a message."""
    if _ORBION.isEnabledFor(level):
        _ORBION.handle(_Line(event, level, error, fields))


def configure(
    level: str | int, stream: TextIO, secrets: Iterable[str] = (), form: Form = "json"
) -> None:
    """Send every logger of the process to `stream`; a second call replaces the first."""
    root = logging.getLogger()
    for handler in [each for each in root.handlers if each.get_name() == _HANDLER]:
        root.removeHandler(handler)
    handler = _Lines(stream)
    handler.set_name(_HANDLER)
    formatter = JsonFormatter if form == "json" else PrettyFormatter
    handler.setFormatter(formatter(redactor(secrets)))
    handler.setLevel(level)
    root.addHandler(handler)
    root.setLevel(level)


def also(handler: logging.Handler) -> logging.Handler:
    """Show every line to `handler` as well, those of the lowest level too; returns it."""
    _ORBION.setLevel(logging.DEBUG)
    _ORBION.addHandler(handler)
    return handler


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """Masks phone numbers and removes `secrets`; one too short to be a secret is left alone."""
    known = sorted({s for s in secrets if len(s) >= _SHORTEST_SECRET}, key=len, reverse=True)
    pattern = "|".join(map(re.escape, known)) or _NEVER
    secret = re.compile(pattern)
    # nearly every text is clean, and one look costs less than two replacements
    is_suspicious = re.compile(f"{pattern}|{DIGITS_OF_A_PHONE}").search
    return lambda text: mask_phone(secret.sub("[redacted]", text)) if is_suspicious(text) else text


class _Line(logging.LogRecord):
    """What a record needs and no more: the inherited one asks for thread, process and caller."""

    def __init__(
        self, event: str, level: int, error: BaseException | None, fields: Mapping[str, object]
    ) -> None:
        self.__dict__.update(_SAME_IN_EACH)
        self.msg = event
        self.levelno = level
        self.levelname = logging.getLevelName(level)
        self.exc_info = None if error is None else (type(error), error, error.__traceback__)
        self.created = time.time()
        self.fields = fields


class _Lines(logging.Handler):
    """Writes and flushes each line; one that cannot be written is no reason to stop."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._stream.write(self.format(record) + "\n")
            self._stream.flush()
        except Exception:  # noqa: BLE001 - as logging's own handlers do
            self.handleError(record)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, event, logger, fields, traceback."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._redact = redact
        self._second = -1
        self._told_second = ""

    def format(self, record: logging.LogRecord) -> str:
        return _escaped(_to_json(self.read(record)))

    def read(self, record: logging.LogRecord) -> dict[str, Any]:
        """What its line says, with nothing in it that may not be shown."""
        line: dict[str, Any] = {
            "time": self._told(record.created),
            "level": record.levelname.lower(),
            "event": self._redact(record.getMessage()),
            "logger": record.name,
        }
        redact, clean = self._redact, self._clean
        for name, value in getattr(record, "fields", _NO_FIELDS).items():
            if isinstance(value, str) and name not in _UNMASKED:
                line[name] = redact(value)
            else:
                line[name] = clean(name, value)
        if record.exc_info:
            line["traceback"] = self._redact(self.formatException(record.exc_info))
        return line

    def _told(self, moment: float) -> str:
        """UTC with milliseconds; a second is put in words once."""
        second = int(moment)
        if second != self._second:
            self._told_second = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
            self._second = second
        return f"{self._told_second}.{int((moment - second) * 1000):03d}Z"

    def _clean(self, name: str, value: object) -> object:
        """Plain JSON values, every string redacted; what JSON does not know becomes its text."""
        if isinstance(value, str):
            return value if name in _UNMASKED else self._redact(value)
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, float) and math.isfinite(value):
            return value
        if isinstance(value, list | tuple | set | frozenset):
            return [self._clean(name, each) for each in value]
        if isinstance(value, Mapping):
            return {self._redact(str(k)): self._clean(str(k), v) for k, v in value.items()}
        return self._redact(str(value))


class PrettyFormatter(JsonFormatter):
    """The same for a person at a terminal: time (UTC), level, event, name=value, traceback below.

    A value that might be taken for something else is JSON, so that none ends its line.
    """

    def format(self, record: logging.LogRecord) -> str:
        line = self.read(record)
        time, level, event = (str(line.pop(name)) for name in ("time", "level", "event"))
        traceback = str(line.pop("traceback", ""))
        if line["logger"] == _ORBION.name:
            del line["logger"]
        fields = (f"{name}={_shown(value)}" for name, value in line.items() if value is not None)
        event = event if event.isprintable() else _to_json(event)
        head = " ".join((time.partition("T")[2], f"{level:<7}", event, *fields))
        below = (each if each.isprintable() else _to_json(each) for each in traceback.split("\n"))
        return _escaped("\n    ".join((head, *below) if traceback else (head,)))


def _shown(value: object) -> str:
    is_plain = isinstance(value, str) and value.isprintable() and not set(value) & set(' "=')
    return str(value) if is_plain and value else _to_json(value)


def _escaped(text: str) -> str:
    if text.isascii() and "\x7f" not in text:
        return text
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _to_json(line: object) -> str:
    try:
        return msgspec.json.encode(line).decode()
    except (UnicodeEncodeError, OverflowError):  # a lone surrogate, an integer of over 8 bytes
        return json.dumps(line, ensure_ascii=False)
