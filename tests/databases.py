"""Which tests run on which database: all on SQLite, those that use the database on PostgreSQL too; and its emptying."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase

from tests import postgres

# The variable with the path of a list: the files with tests for the second half, as the first one found them.
LIST = "TESTS_OF_THE_DATABASE"

_FIXTURES = {"db", "transactional_db"}
# Written once, by the migrations; no test changes them.
_KEPT = {"auth_permission", "django_content_type", "django_migrations"}


def sort(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests that are not for this database; without a PostgreSQL, skip those for it."""
    given = os.environ.get(postgres.VARIABLE, "")
    if not given:
        _write_list(items)
    wanted, unwanted = [], []
    for item in items:
        fits = _uses_the_database(item) if given else item.get_closest_marker("postgres") is None
        (wanted if fits else unwanted).append(item)
    if unwanted:
        config.hook.pytest_deselected(items=unwanted)
        items[:] = wanted
    if given and not postgres.given():
        for item in items:
            item.add_marker(pytest.mark.skip(reason=f"no PostgreSQL: {given}"))


def has_none(file: Path) -> bool:
    """Whether a file is known to have no test for this half: it need not even be imported."""
    listed = _list()
    return bool(os.environ.get(postgres.VARIABLE)) and listed is not None and str(file) not in listed.split("\n")


def empty(case: TransactionTestCase) -> None:
    """Deletes all rows: in place of Django's flush, which also truncates empty tables and writes permissions anew."""
    tables = [name for name in connection.introspection.django_table_names(only_existing=True) if name not in _KEPT]
    quoted = {name: connection.ops.quote_name(name) for name in tables}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {quoted[name]})" for name in tables)
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {quoted[name]}")


def _list() -> str | None:
    path = Path(os.environ.get(LIST) or os.devnull)
    return path.read_text() if path.is_file() else None


def _write_list(items: list[pytest.Item]) -> None:
    """Each worker finds the same files and writes the same list, at once, as the other half waits for it."""
    if path := os.environ.get(LIST):
        draft = Path(f"{path}.{os.getpid()}")
        draft.write_text("\n".join(sorted({str(item.path) for item in items if _uses_the_database(item)})))
        draft.replace(path)


def _uses_the_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("live") is not None:
        return any(map(item.get_closest_marker, ("any_database", "postgres")))
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(fixtures & _FIXTURES) or any(map(item.get_closest_marker, ("django_db", "postgres")))
