"""What the tests of the proxy share."""

from collections.abc import Awaitable, Callable

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from accounts_app import roster
from accounts_app.actions.projects import make_exclusive
from accounts_app.leasing import owner_rows
from accounts_app.models import Account, ApiKey, GatewaySettings, KeyGroup
from accounts_app.storage.worker import in_database
from tests.factories import make_account, make_api_key


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


@pytest.fixture
async def projects(upstream, settings) -> list[Account]:
    """Four keys in three projects of Google's: `one` has two."""
    settings.GEMINI_API_URL = upstream.url

    def make() -> list[Account]:
        accounts = []
        for name, project in (("a", "one"), ("b", "one"), ("c", "two"), ("d", "three")):
            known = upstream.add_account(f"{name}@example.com", project=project)
            accounts.append(
                make_account(
                    f"{name}@example.com",
                    kind="gemini_api",
                    access_token=known.api_key,
                    refresh_token="",
                    expires_at=None,
                    project="",
                )
            )
        return accounts

    return await sync_to_async(make)()


@pytest.fixture
def key_of(api_key) -> Callable[[str], Awaitable[str]]:
    """Makes a client key in a group of the same name."""

    async def make(name: str) -> str:
        key = await api_key(name)
        group, _ = await KeyGroup.objects.aget_or_create(name=name)
        await ApiKey.objects.filter(name=name).aupdate(group=group)
        await roster.refresh()
        return key

    return make


@pytest.fixture
async def red(projects, key_of) -> str:
    """A client key, of the group `red`."""
    return await key_of("red")


@pytest.fixture
async def blue(projects, key_of) -> str:
    """A client key of another group."""
    return await key_of("blue")


@pytest.fixture
def only_for() -> Callable[[str, list[Account]], Awaitable[None]]:
    """Makes the projects of accounts a group's alone."""

    def make(group: str, accounts: list[Account]) -> None:
        only = KeyGroup.objects.get(name=group).pk
        for account in accounts:
            project = owner_rows.project_of(account.pk)
            assert project is not None
            make_exclusive(project, only)

    async def make_and_read(group: str, accounts: list[Account]) -> None:
        await in_database(make, group, accounts)
        await roster.refresh()

    return make_and_read


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
