"""Copies the SQLite database named to the PostgreSQL of DATABASE_URL, whose tables are made by 0.1.0's migrations."""

import contextlib
import os
import sqlite3
import sys
from typing import Any

import django
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

# The first is SQLite's own; the second is written when the migrations are carried out.
_NOT_COPIED = ("sqlite_sequence", "django_migrations")


def main(path: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as old:
        applied = old.execute("SELECT app, name FROM django_migrations").fetchall()
        MigrationExecutor(connection).migrate([(app, name) for app, name in applied])
        tables = old.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        with transaction.atomic():
            for (table,) in tables:
                if table not in _NOT_COPIED:
                    _copy(old, table)


def _copy(old: sqlite3.Connection, table: str) -> None:
    truths = {name for _, name, kind, *_ in old.execute(f"PRAGMA table_info({table})") if kind == "bool"}
    rows = old.execute(f"SELECT * FROM {table}")
    names = [column[0] for column in rows.description]

    def values(row: tuple[Any, ...]) -> list[Any]:
        return [bool(value) if name in truths else value for name, value in zip(names, row, strict=True)]

    columns, places = ", ".join(f'"{name}"' for name in names), ", ".join(["%s"] * len(names))
    with connection.cursor() as new:
        new.executemany(f'INSERT INTO "{table}" ({columns}) VALUES ({places})', [values(row) for row in rows])
        if "id" in names:
            new.execute(f"""SELECT setval(pg_get_serial_sequence('"{table}"', 'id'), max(id)) FROM "{table}" """)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")
    django.setup()
    main(sys.argv[1])
