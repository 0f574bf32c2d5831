"""Writes the database of release 0.1.0 into a data directory; `README.md` in this folder describes its contents.

`python -m tests.release_0_1_0 FILE` copies it from the SQLite database FILE to the PostgreSQL of DATABASE_URL.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).parent
KEYS = ("encryption.key", "secret.key")
CLIENT_KEY = "gw-a-key-of-0-1-0-that-only-this-test-knows"
SENTENCES = tuple((HERE / "sentences.txt").read_text().splitlines())
OUTCOMES = (
    "succeeded", "rate_limited", "quota_exhausted", "overloaded", "unauthenticated", "revoked", "needs_owner",
    "rejected", "bare_429", "unreachable", "interrupted", "abandoned",
)  # fmt: skip
# The request id of a call that is added: its attempt n has sentence n, and the outcomes one after another.
SAID = "0" * 31 + "1"
_MADE_ON, _COOLDOWN_ENDS = "2026-11-27", "2036-11-24"


def place(folder: Path) -> Path:
    """Write the keys and the SQLite database into a data directory; the database's path."""
    for name in KEYS:
        shutil.copyfile(HERE / name, folder / name)
        (folder / name).chmod(0o600)
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    script = (HERE / "database.sql").read_text().replace(_MADE_ON, f"{yesterday}")
    database = folder / "gateway.sqlite3"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.executescript(script.replace(_COOLDOWN_ENDS, f"{yesterday + timedelta(days=3650)}"))
        _say_everything(connection)
    return database


def _say_everything(connection: sqlite3.Connection) -> None:
    """Adds a call of which each attempt, a copy of a row that exists, has a sentence as its reason and its message."""
    columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(proxy_app_usagerecord)")]
    for attempt, sentence in enumerate(SENTENCES, 1):
        own = {
            "id": 1000 + attempt, "request_id": SAID, "attempt": attempt, "why": sentence, "message": sentence,
            "outcome": OUTCOMES[attempt % len(OUTCOMES)],
        }  # fmt: skip
        copied = ", ".join(f":{name}" if name in own else name for name in columns)
        connection.execute(
            f"INSERT INTO proxy_app_usagerecord SELECT {copied} FROM proxy_app_usagerecord WHERE id = 10", own
        )
    connection.commit()
