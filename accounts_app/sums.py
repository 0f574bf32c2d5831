"""Rows that add up: an INSERT that adds to the row already there, safe with any number of nodes at once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model

PARAMETERS = 900  # in one statement: older SQLites take 999 at most


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
    step = max(1, PARAMETERS // len(fields))
    with connection.cursor() as cursor:
        for start in range(0, len(ordered), step):
            some = ordered[start : start + step]
            values = [field.get_db_prep_save(row[field.name], connection) for row in some for field in fields]
            cursor.execute(_statement(model, fields, identity, newest, len(some)), values)


def _statement(model: type[Model], fields: list[Any], identity: Sequence[str], newest: Collection[str], n: int) -> str:
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    columns = {field.name: quote(field.column) for field in fields}
    row = f"({', '.join(['%s'] * len(fields))})"
    changes = [
        f"{column} = EXCLUDED.{column}" if name in newest else f"{column} = {table}.{column} + EXCLUDED.{column}"
        for name, column in columns.items()
        if name not in identity
    ]
    return (
        f"INSERT INTO {table} ({', '.join(columns.values())}) VALUES {', '.join([row] * n)} "
        f"ON CONFLICT ({', '.join(columns[name] for name in identity)}) DO UPDATE SET {', '.join(changes)}"
    )
