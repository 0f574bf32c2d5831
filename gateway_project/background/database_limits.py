"""How long a server may wait for PostgreSQL. Set by the application, so that commands have no such limits.

A connection's own limits (to connect, a peer that is gone) and SQLite's busy timeout are in the settings.
"""

from typing import Any

from django.db.backends.signals import connection_created

# Seconds. A lock is held for milliseconds here; the longest statement is a page of the console over a month of usage.
LOCK, STATEMENT, IDLE_IN_TRANSACTION = 2.0, 20.0, 60.0


def enforce() -> None:
    """Limit every connection that this process opens from now on."""
    connection_created.connect(_limit, dispatch_uid="database limits")


def _limit(connection: Any, **_: Any) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                f"SET lock_timeout = {LOCK * 1000:.0f}; SET statement_timeout = {STATEMENT * 1000:.0f}; "
                f"SET idle_in_transaction_session_timeout = {IDLE_IN_TRANSACTION * 1000:.0f}"
            )
