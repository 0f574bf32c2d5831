"""Fixtures that tests share: the emulated upstream, accounts known to it and to the gateway, a client."""

import gc
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from pathlib import Path

import hypothesis
import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase

from accounts_app import leasing, roster
from accounts_app.api_keys import usage
from accounts_app.credentials import tokens
from accounts_app.leasing import copies, owners
from accounts_app.models import Account
from accounts_app.roster import known_models
from accounts_app.storage import journal, real_accounts
from emulator import Emulator, Recorded
from gateway_project.background import loops
from proxy_app.api.limits import group_limits
from proxy_app.api.models import model_lookup
from proxy_app.forwarding.placement import unknown_names
from proxy_app.ledger import refused_calls
from proxy_app.models import UsageRecord
from proxy_app.wire.openai import layers
from tests import databases, postgres
from tests.asgi_client import Client
from tests.factories import make_account

# No deadline: how long an example takes depends on the machine more than on the code.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")

TransactionTestCase._fixture_teardown = databases.empty


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """A fixed id for gzip data, which holds the time: workers of pytest-xdist must see the same ids."""
    return "gzip" if isinstance(val, bytes) and val.startswith(b"\x1f\x8b") else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """What `-n auto` means: more than there are cores, as tests also wait, for each other's processes above all."""
    cores = os.cpu_count() or 1
    return max(cores // 2, 2) if postgres.given() else max(cores, 3)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    return True if collection_path.suffix == ".py" and databases.has_none(collection_path) else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Ten thousand tests are collected without looking for garbage among them, then or later, which takes seconds."""
    gc.disable()
    result = yield
    gc.freeze()
    gc.enable()
    return result


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    databases.sort(config, items)
    # Whole files go to one worker each, so the slow ones first: else one of them would run alone at the end.
    items.sort(key=lambda item: [item.get_closest_marker(level) is None for level in ("browser", "live")])


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Its whole server is deleted in the end; a database could not be dropped while other threads are connected."""
    return connection.vendor == "postgresql"


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def forgetful() -> Iterator[None]:
    """The process has no state of an earlier test."""

    def forget() -> None:
        remembered = (
            roster,
            known_models,
            leasing,
            owners,
            copies,
            journal,
            usage,
            tokens,
            refused_calls,
            group_limits,
            model_lookup,
            unknown_names,
            layers,
            real_accounts,
        )
        for remembering in remembered:
            remembering.reset()
        cache.clear()

    forget()
    yield
    forget()


@pytest.fixture
def upstream(emulator: Emulator, forgetful: None, transactional_db: None, settings) -> Iterator[Emulator]:
    """The emulator as the only upstream; after the test `check_books` must pass."""
    emulator.reset()
    settings.CLOUD_CODE_URLS = (emulator.url,)
    settings.GOOGLE_OAUTH_TOKEN_URL = emulator.token_url
    settings.GOOGLE_USERINFO_URL = emulator.userinfo_url
    settings.GOOGLE_OAUTH_AUTHORIZE_URL = emulator.authorize_url
    yield emulator
    check_books(emulator)


def is_a_call(request: Recorded) -> bool:
    """Whether it was made for a client: not a question of the gateway's own, about an account or its models."""
    roots = ("/v1beta/", "/v1/", "/v1alpha/", "/upload/", "/download/", "/$discovery/", "/.well-known/")
    is_public = request.path.startswith(roots)
    return request.is_model_call or (is_public and request.call not in ("listModels", "getModel"))


def check_books(upstream: Emulator) -> None:
    """One row in the request log for each request that upstream got, and no account or key still in use."""
    seen = [request for request in upstream.requests if is_a_call(request)]
    written = UsageRecord.objects.filter(endpoint__startswith=upstream.url)

    assert written.count() == len(seen)
    assert leasing.in_flight() == 0
    assert usage.in_flight() == 0
    assert journal.pending() == 0


@pytest.fixture
def pool_of(upstream: Emulator) -> Callable[..., Awaitable[list[Account]]]:
    """Makes accounts with these first names, known to the gateway and to upstream."""

    def make(*names: str, **fields) -> list[Account]:
        accounts = [make_account(f"{name}@example.com", **fields) for name in names]
        for account in accounts:
            upstream.add_account(
                account.email,
                refresh_token=account.credential.refresh_token,
                access_token=account.credential.access_token,
                project=account.project or None,
            )
        return accounts

    return sync_to_async(make)


@pytest.fixture
async def client(upstream: Emulator) -> AsyncIterator[Client]:
    """Sends requests to the application in this process; its background loops end with the test."""
    yield Client()
    await loops.stop()


@pytest.fixture
def ledger() -> Callable[[], Awaitable[list[UsageRecord]]]:
    """Reads the request log, oldest row first, after writing the rows that are queued."""

    async def read() -> list[UsageRecord]:
        await journal.flush(force=True)
        return [entry async for entry in UsageRecord.objects.order_by("at", "attempt")]

    return read
