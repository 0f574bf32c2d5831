"""The database goes away under a running gateway: calls are answered from memory, and rows are written later."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections

from accounts_app.models import Credential, Rest
from accounts_app.storage import journal
from accounts_app.storage.worker import in_database
from gateway_project.background import database_limits
from proxy_app.models import UsageRecord
from tests.factories import a_prompt

MODEL = "gemini-2.5-flash"
PLAIN = f"/v1beta/models/{MODEL}:generateContent"
STREAM = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"


async def test_calls_are_answered_and_the_journal_catches_up(client, pool_of, api_key, upstream, ledger, database):
    await pool_of("alice", "bob")
    key = await api_key()
    assert (await client.post(PLAIN, a_prompt(), x_goog_api_key=key)).status == 200
    await ledger()

    await database.lose()
    replies = [await client.post(url, a_prompt(), x_goog_api_key=key) for url in (PLAIN, STREAM) * 5]
    await journal.flush(force=True)

    assert {reply.status for reply in replies} == {200}
    assert journal.pending() >= 10
    await database.bring_back()
    assert len(await ledger()) == 11
    assert journal.pending() == 0


async def test_what_is_learnt_meanwhile_counts_at_once_and_is_kept(client, pool_of, upstream, ledger, database):
    await pool_of("alice", "bob")
    upstream.script("quota_exhausted", account="alice@example.com", times=None)
    await client.get("/readyz")

    await database.lose()
    replies = [await client.post(PLAIN, a_prompt(f"{number}")) for number in range(10)]
    await journal.flush(force=True)

    assert {reply.status for reply in replies} == {200}
    assert [call.account for call in upstream.calls].count("alice@example.com") == 1
    await database.bring_back()
    await ledger()
    assert await Rest.objects.filter(account__email="alice@example.com", until__isnull=False).aexists()


async def test_a_token_is_renewed_without_a_database_and_stored_later(client, pool_of, upstream, database):
    await pool_of("alice", expires_at=datetime.now(UTC) - timedelta(hours=1))
    await client.get("/readyz")

    await database.lose()
    replies = [await client.post(PLAIN, a_prompt()) for _ in range(3)]

    assert {reply.status for reply in replies} == {200}
    assert len(upstream.requests_of("token")) == 1
    await database.bring_back()
    await journal.flush(force=True)
    assert (await Credential.objects.aget()).expires_at > datetime.now(UTC)


async def test_a_call_in_flight_does_not_notice(client, alice, upstream, database, ledger):
    await client.get("/readyz")
    upstream.script("byte_by_byte")
    exchange = client.start("POST", STREAM, a_prompt())
    await exchange.chunks()

    await database.lose()
    reply = await exchange.end()

    assert reply.ended
    await database.bring_back()
    assert [entry.outcome for entry in await ledger()] == ["succeeded"]


class TestALockedDatabase:
    """Another program holds the write lock for long, as a backup or a shell may."""

    @pytest.fixture
    async def impatient(self, upstream, monkeypatch) -> None:
        """Waits for a lock are a tenth of a second here, not seconds."""
        if connection.vendor == "sqlite":
            monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "timeout", 0.1)
        else:
            monkeypatch.setattr(database_limits, "LOCK", 0.1)
        await in_database(connections.close_all)

    @contextmanager
    def locked(self) -> Iterator[None]:
        if connection.vendor == "sqlite":
            other = sqlite3.connect(connections.settings["default"]["NAME"], isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
            other.close()
            return
        import psycopg

        with psycopg.connect(**connections["default"].get_connection_params()) as other:
            other.execute("LOCK TABLE proxy_app_usagerecord IN EXCLUSIVE MODE")
            yield

    async def test_holds_up_no_call_and_loses_no_row(self, impatient, client, alice, ledger):
        await client.get("/readyz")

        with self.locked():
            replies = [await client.post(url, a_prompt()) for url in (PLAIN, STREAM)]
            await journal.flush(force=True)
            assert {reply.status for reply in replies} == {200}
            assert not await UsageRecord.objects.aexists()

        assert len(await ledger()) == 2
