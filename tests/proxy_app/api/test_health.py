"""/healthz and /readyz: is the process up, and can it answer a call?"""

import pytest

from tests.factories import a_prompt

GENERATE = "/v1beta/models/gemini-2.5-flash:generateContent"


async def test_the_process_is_up(client, upstream):
    reply = await client.get("/healthz")

    assert reply.status == 200
    assert reply.json() == {"status": "ok"}


async def test_it_is_ready_once_an_account_can_answer(client, alice):
    reply = await client.get("/readyz")

    assert reply.status == 200
    assert reply.json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"enabled": False}, "No account is connected."),
        ({"parked": "verify"}, "Every account needs attention."),
    ],
)
async def test_it_says_why_it_is_not_ready(fields, reason, client, pool_of):
    await pool_of("alice", "bob", **fields)

    reply = await client.get("/readyz")

    assert reply.status == 503
    assert reply.json() == {"status": "unavailable", "reasons": [reason]}


async def test_without_any_account_it_is_not_ready(client, upstream):
    reply = await client.get("/readyz")

    assert reply.json()["reasons"] == ["No account is connected."]


async def test_before_the_database_was_ever_read_it_is_up_but_not_ready(client, database):
    await database.lose()

    assert (await client.get("/healthz")).status == 200
    readiness = await client.get("/readyz")
    assert readiness.status == 503
    assert readiness.json()["reasons"] == ["The database has not been read yet."]
    call = await client.post(GENERATE, a_prompt())
    assert call.status == 503
    assert call.json()["error"]["status"] == "UNAVAILABLE"

    await database.bring_back()


async def test_a_database_lost_later_leaves_it_ready_as_calls_are_answered_from_memory(client, alice, database):
    await client.get("/readyz")

    await database.lose()

    assert (await client.get("/readyz")).status == 200
    await database.bring_back()


async def test_probes_may_ask_by_any_name(client, upstream):
    """A container's probe uses the pod's address as the host, which no operator lists."""
    for path in ("/healthz", "/readyz"):
        reply = await client.get(path, host="10.1.2.3:8045")
        assert reply.status in (200, 503)
