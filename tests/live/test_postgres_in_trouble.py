"""A PostgreSQL that hangs, is locked or has become read-only: calls go on, nothing is lost, and a node can end."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import psycopg
import pytest

from emulator import Emulator
from tests.live.running import PATIENCE, Gateway, wait_until
from tests.postgres import Postgres, execute

pytestmark = [pytest.mark.live, pytest.mark.postgres]

CALL = "/v1beta/models/gemini-2.5-flash:generateContent"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server of this module's own, so that it may be frozen."""
    with Postgres() as running:
        yield running


@pytest.fixture(scope="module")
def google() -> Iterator[Emulator]:
    """An emulator that rotates refresh tokens: each is valid once."""
    with Emulator(rotate_refresh_tokens=True) as running:
        running.add_account("alice@example.com")
        yield running


@pytest.fixture(scope="module")
def prepared(google: Emulator, server: Postgres) -> Iterator[Gateway]:
    with Gateway(google, {"DATABASE_URL": server.create("trouble"), "GATEWAY_MAX_WAIT": "0"}) as gateway:
        gateway.connect(google.accounts["alice@example.com"])
        yield gateway


@pytest.fixture
def gateway(prepared: Gateway) -> Iterator[Gateway]:
    yield prepared.start()
    prepared.stop()


def status_of(gateway: Gateway, text: str) -> int:
    body = {"contents": [{"role": "user", "parts": [{"text": text}]}]}
    return httpx.post(
        f"{gateway.url}{CALL}", json=body, headers={"x-goog-api-key": gateway.key}, timeout=PATIENCE
    ).status_code


def test_one_that_is_read_only_for_a_while_costs_no_row_and_no_token(
    gateway: Gateway, google: Emulator, server: Postgres
):
    written, asked = gateway.ledger_size(), len(google.calls)
    assert status_of(gateway, "before") == 200
    for setting in ("on", "off"):
        execute(server.url(), f"ALTER SYSTEM SET default_transaction_read_only = {setting}")
        execute(server.url(), "SELECT pg_reload_conf()")
        google.expire_access_tokens("alice@example.com")
        assert {status_of(gateway, f"{setting} {number}") for number in range(20)} == {200}
        if setting == "on":
            wait_until(lambda: "The database is away" in gateway.log())

    gateway.stop()

    assert gateway.ledger_size() - written == len(google.calls) - asked
    google.expire_access_tokens("alice@example.com")
    gateway.start()
    assert status_of(gateway, "with the token that was stored last") == 200


def test_a_locked_table_holds_up_neither_calls_nor_the_end(gateway: Gateway, server: Postgres):
    assert status_of(gateway, "before") == 200

    with psycopg.connect(gateway.environment["DATABASE_URL"]) as other:
        other.execute("LOCK TABLE proxy_app_usagerecord, accounts_app_credential IN ACCESS EXCLUSIVE MODE")
        statuses = {status_of(gateway, f"while it is locked {number}") for number in range(5)}
        ended = gateway.stop()

    assert statuses == {200}
    assert ended == 0


# Runs last: the account loses its refresh token, which is rotated while the database cannot be written.
def test_one_that_hangs_holds_up_neither_calls_nor_renewals_nor_the_end(
    gateway: Gateway, google: Emulator, server: Postgres
):
    assert status_of(gateway, "before") == 200

    with server.frozen():
        google.expire_access_tokens("alice@example.com")
        statuses = {status_of(gateway, f"while it hangs {number}") for number in range(5)}
        ended = gateway.stop()

    assert statuses == {200}
    assert ended == 0
    assert "rows of the journal are lost" in gateway.log()
