"""What the tests of the proxy share."""

from collections.abc import Awaitable, Callable

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from accounts_app.models import Account, GatewaySettings
from accounts_app.storage.worker import in_database
from tests.factories import make_api_key


@pytest.fixture
async def alice(pool_of) -> Account:
    """The only account."""
    (account,) = await pool_of("alice")
    return account


@pytest.fixture
def api_key(upstream) -> Callable[..., Awaitable[str]]:
    """Issues API keys."""
    return sync_to_async(make_api_key)


@pytest.fixture
def operator_sets(upstream) -> Callable[..., Awaitable[None]]:
    """Changes the operator's settings."""

    async def change(**fields) -> None:
        await GatewaySettings.objects.aupdate_or_create(pk=1, defaults=fields)

    return change


class Database:
    """A database that can be lost: its file is moved away, and back."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        self._settings = connections.settings["default"]
        self._name = self._settings["NAME"]

    async def lose(self) -> None:
        self._patch.setitem(self._settings, "NAME", f"{self._name}.gone/database.sqlite3")
        await in_database(connections.close_all)

    async def bring_back(self) -> None:
        self._patch.setitem(self._settings, "NAME", self._name)
        await in_database(connections.close_all)


@pytest.fixture
def database(upstream, monkeypatch) -> Database:
    return Database(monkeypatch)
