"""Whether real accounts have ever been connected here: a file in the data directory, which outlives the database.

The demo accounts answer with made-up text. They must not take over because the database was lost or replaced by an
empty one, nor because the last account was deleted.
"""

from pathlib import Path

from django.conf import settings

FILE = "real-accounts"

_TEXT = "Accounts have been connected to this gateway. Without this file its demo account would answer again.\n"


def have_been() -> bool:
    return _path().exists()


def note() -> None:
    """Remember that there are some. Without a data directory this does nothing."""
    if not have_been() and _path().parent.is_dir():
        _path().write_text(_TEXT, encoding="utf-8")


def reset() -> None:
    """Forget it. For tests."""
    _path().unlink(missing_ok=True)


def _path() -> Path:
    return Path(settings.GATEWAY_DATA_DIR) / FILE
