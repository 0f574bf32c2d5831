"""INSERTs of many rows in one statement, and upserts that add to the numbers of an existing row.

Both are safe with any number of nodes.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from django.db import connection
from django.db.models import Model

_PARAMETERS = 900  # in one statement: older SQLites take 999 at most


def insert(model: type[Model], columns: Sequence[str], rows: Sequence[Sequence[Any]], ending: str = "") -> None:
    """Insert `rows`, whose values are as the database takes them; `ending` is what comes after VALUES.

    Many rows in one statement, as each statement releases the interpreter and may then wait for the event loop to
    get it back. Not bulk_create, which compiles each statement anew.
    """
    quote = connection.ops.quote_name
    into = f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(map(quote, columns))}) VALUES "
    one = f"({', '.join(['%s'] * len(columns))})"
    step = max(1, _PARAMETERS // len(columns))
    with connection.cursor() as cursor:
        for start in range(0, len(rows), step):
            some = rows[start : start + step]
            cursor.execute(f"{into}{', '.join([one] * len(some))}{ending}", list(chain.from_iterable(some)))


def add_up(
    model: type[Model],
    identity: Sequence[str],
    rows: Iterable[Mapping[str, Any]],
    *,
    newest: Collection[str] = (),
) -> None:
    """Add every row's numbers to the row with the same `identity`, or make that row.

    `rows` name the same columns, one row an identity; those in `newest` are replaced instead of added to. There must
    be a unique constraint over `identity`. Rows are locked in its order, so that nodes never wait for each other in a
    circle.
    """
    ordered = sorted(rows, key=lambda row: tuple(str(row[name]) for name in identity))
    if not ordered:
        return
    fields: list[Any] = [model._meta.get_field(name) for name in ordered[0]]
    insert(
        model,
        [field.column for field in fields],
        [[field.get_db_prep_save(row[field.name], connection) for field in fields] for row in ordered],
        _adding(model, fields, identity, newest),
    )


def _adding(model: type[Model], fields: list[Any], identity: Sequence[str], newest: Collection[str]) -> str:
    """The ON CONFLICT clause that adds to the row with the same identity."""
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    columns = {field.name: quote(field.column) for field in fields}
    changes = [
        f"{column} = EXCLUDED.{column}" if name in newest else f"{column} = {table}.{column} + EXCLUDED.{column}"
        for name, column in columns.items()
        if name not in identity
    ]
    return f" ON CONFLICT ({', '.join(columns[name] for name in identity)}) DO UPDATE SET {', '.join(changes)}"
