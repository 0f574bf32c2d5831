"""Whether real accounts have ever been connected here: a file in the data directory says so, which outlives a database.

The demo account answers with made-up text. It must not take over because a database was lost, or an empty one stands in
its place; nor when the last account is deleted.
"""

from pathlib import Path

from django.conf import settings

FILE = "real-accounts"

_TEXT = "Accounts have been connected to this gateway. Without this file its demo account would answer again.\n"


def have_been() -> bool:
    return _path().exists()


def note() -> None:
    """There are some now. A data directory that cannot be written is the checks' to tell."""
    if not have_been() and _path().parent.is_dir():
        _path().write_text(_TEXT, encoding="utf-8")


def reset() -> None:
    """As if there had never been any. For tests."""
    _path().unlink(missing_ok=True)


def _path() -> Path:
    return Path(settings.GATEWAY_DATA_DIR) / FILE
