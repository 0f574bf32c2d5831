"""Which rows still exist: what is written late may refer to one that was deleted meanwhile."""

from collections.abc import Collection
from enum import Enum

from accounts_app.models import Account, ApiKey


class Kind(Enum):
    """The rows that others refer to by their id."""

    ACCOUNT = Account
    API_KEY = ApiKey


def existing(kind: Kind, ids: Collection[int | None]) -> set[int]:
    """Those of `ids` that have a row."""
    return set(kind.value._default_manager.filter(pk__in=ids).values_list("pk", flat=True))
