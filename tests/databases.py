"""Which tests run on which database: all on SQLite, those that use the database on PostgreSQL too."""

from __future__ import annotations

import os

import pytest

from tests import postgres

_FIXTURES = {"db", "transactional_db"}


def sort(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests that are not for this database; without a PostgreSQL, skip those for it."""
    given = os.environ.get(postgres.VARIABLE, "")
    wanted = [
        item for item in items if (_uses_the_database(item) if given else item.get_closest_marker("postgres") is None)
    ]
    if len(wanted) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if item not in set(wanted)])
        items[:] = wanted
    if given and not postgres.given():
        for item in items:
            item.add_marker(pytest.mark.skip(reason=f"no PostgreSQL: {given}"))


def _uses_the_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("live") is not None:
        return any(map(item.get_closest_marker, ("any_database", "postgres")))
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(fixtures & _FIXTURES) or any(map(item.get_closest_marker, ("django_db", "postgres")))
