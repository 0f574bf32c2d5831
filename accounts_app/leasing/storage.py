"""Storages that are full: new things go elsewhere until the first of what is known to be in them expires."""

from contextlib import suppress
from time import time

from django.db import Error as DatabaseError

from accounts_app import leasing
from accounts_app.leasing import owner_rows
from accounts_app.storage.worker import soon_in_database


async def is_full(owner: int, storage: str, kind: str) -> None:
    """Let an owner's cooldown for a storage end when the first resource of a kind expires there. Raises no error.

    Without one it ends after a day, as all cooldowns do.
    """
    with suppress(DatabaseError):
        first = await soon_in_database(owner_rows.first_to_expire, owner, kind, time())
        if first is not None:
            leasing.shorten(owner, storage, first)


def has_room(owner: int, storage: str) -> None:
    """Something was deleted at an owner's: the next call finds out whether that was enough."""
    leasing.shorten(owner, storage, time())
