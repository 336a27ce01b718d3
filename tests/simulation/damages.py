"""What a broken promise does to a database: triggers for a life, changes after its death."""

import sqlite3
from contextlib import closing
from pathlib import Path

NO_RENEWAL = """
CREATE TRIGGER mutant AFTER UPDATE OF due_at ON lane
WHEN NEW.token = OLD.token AND NEW.owner = OLD.owner BEGIN
  UPDATE lane SET due_at = OLD.due_at WHERE queue = NEW.queue AND key = NEW.key;
END"""
ATTEMPTS_STAY = """
CREATE TRIGGER mutant AFTER UPDATE OF ack ON lane WHEN NEW.attempts < OLD.attempts BEGIN
  UPDATE lane SET attempts = OLD.attempts WHERE queue = NEW.queue AND key = NEW.key;
END"""
NEVER_REOPENED = """
CREATE TRIGGER mutant AFTER UPDATE OF outcome ON message
WHEN NEW.outcome = 'open' AND OLD.outcome = 'answered' BEGIN
  UPDATE message SET outcome = 'answered' WHERE id = NEW.id;
END"""
NEVER_SUPERSEDED = """
CREATE TRIGGER mutant AFTER UPDATE OF state ON outbox WHEN NEW.state = 'superseded' BEGIN
  UPDATE outbox SET state = 'pending' WHERE id = NEW.id;
END"""
_SECOND_HALVES = """
CREATE TEMP TABLE half AS SELECT DISTINCT turn_id AS id, conversation_id FROM outbox
  GROUP BY turn_id HAVING max(attempts) = 0 AND min(state) = 'pending';
UPDATE message SET outcome = 'open', turn_id = NULL
  WHERE direction = 'in' AND outcome = 'answered' AND turn_id IN (SELECT id FROM half);
UPDATE lane SET ack = ack - 1, due_at = 0
  WHERE queue = 'in' AND ack = seq
  AND CAST(key AS INTEGER) IN (SELECT conversation_id FROM half);
"""


def lose_the_log(folder: Path) -> None:
    """Lose what was committed but not yet in the main file, as without fsync in a power cut."""
    for log in folder.glob("*-wal"):
        log.unlink()


def resend_what_was_in_flight(folder: Path) -> None:
    _run(folder, "UPDATE outbox SET state = 'pending' WHERE state = 'sending'")


def believe_what_was_in_flight(folder: Path) -> None:
    _run(folder, "UPDATE outbox SET state = 'sent' WHERE state = 'sending'")


def lose_second_halves(folder: Path) -> None:
    """Leave the bubbles that have not begun to leave, and lose that their messages are answered."""
    _run(folder, _SECOND_HALVES)


def forget_what_is_due(folder: Path) -> None:
    _run(folder, "UPDATE lane SET due_at = NULL WHERE owner IS NULL")


def _run(folder: Path, script: str) -> None:
    with closing(sqlite3.connect(folder / "orbion.db")) as connection:
        connection.executescript(script)
