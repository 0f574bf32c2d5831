"""Which of the rows that somebody names are still there: what is written late may name one deleted since."""

from collections.abc import Collection
from enum import Enum

from accounts_app.models import Account, ApiKey


class Kind(Enum):
    """What others name by its id."""

    ACCOUNT = Account
    API_KEY = ApiKey


def existing(kind: Kind, ids: Collection[int | None]) -> set[int]:
    """Those of `ids` that have a row."""
    return set(kind.value._default_manager.filter(pk__in=ids).values_list("pk", flat=True))
