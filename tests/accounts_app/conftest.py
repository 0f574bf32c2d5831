"""Accounts as the roster shows them, known to the emulated Google under the same tokens."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from accounts_app import http_client, roster
from accounts_app.credentials import tokens as credentials
from accounts_app.google.access import Access
from accounts_app.models import Account
from accounts_app.roster import AccountView
from accounts_app.storage import worker
from accounts_app.storage.worker import in_database
from emulator import Emulator
from tests.accounts_app.http_client.sockets import server_tls
from tests.factories import make_account

Known = Callable[..., Awaitable[AccountView]]


@pytest.fixture
async def known(upstream: Emulator) -> AsyncIterator[Known]:
    """Makes an account here and at Google; fields of the row, `at_google` for traits there, `good_for` in seconds."""

    async def make(name: str = "alice", *, at_google: dict[str, Any] | None = None, **fields: Any) -> AccountView:
        if (good_until := fields.pop("good_until", None)) is not None:
            fields["expires_at"] = datetime.fromtimestamp(good_until, UTC)
        row = await in_database(make_account, f"{name}@example.com", **fields)
        tokens = {"refresh_token": f"refresh-{row.email}", "access_token": f"access-{row.email}"}
        upstream.add_account(row.email, **{**tokens, "project": row.project, **(at_google or {})})
        return await seen(row.pk)

    yield make
    await credentials.finish()
    await http_client.close_all()
    worker.shutdown()


@pytest.fixture
def tls_server(tmp_path: Path) -> ssl.SSLContext:
    return server_tls(tmp_path)


@pytest.fixture
def trusted(tls_server: ssl.SSLContext, tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    http_client._ssl_context.cache_clear()
    yield
    http_client._ssl_context.cache_clear()


async def seen(account_id: int) -> AccountView:
    """The account as the roster shows it now."""
    await roster.refresh()
    return roster.current().accounts[account_id]


def asked_as(account: AccountView) -> Access:
    """The credentials that Google is asked with about an account of `known`."""
    return Access(f"access-{account.email}", account.project, account.bases, account.proxy_url)


async def row_of(account: AccountView) -> Account:
    """The account's row, its credential with it."""
    return await in_database(Account.objects.select_related("credential").get, pk=account.id)
