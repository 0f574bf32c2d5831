"""Quota reserve: what clients see of it."""

from datetime import UTC, datetime, timedelta

from tests.factories import a_prompt

MODEL, OTHER = "gemini-2.5-flash", "gemini-2.5-pro"
PLAIN = f"/v1beta/models/{MODEL}:generateContent"


def left(fraction: float, minutes: int = 60) -> dict[str, dict[str, object]]:
    resets_at = datetime.now(UTC) + timedelta(minutes=minutes)
    return {MODEL: {"remaining": fraction, "resets_at": resets_at.isoformat()}}


async def test_an_account_below_reserve_gives_way_to_one_above(client, pool_of, upstream, operator_sets):
    await operator_sets(quota_protection=20)
    await pool_of("alice", quota=left(0.2))
    await pool_of("bob", quota=left(0.21))

    for number in range(8):
        assert (await client.post(PLAIN, a_prompt(f"Hello {number}"))).status == 200

    assert {call.account for call in upstream.calls} == {"bob@example.com"}


async def test_when_every_quota_is_below_reserve_the_client_is_told_the_first_reset(
    client, pool_of, upstream, operator_sets, ledger
):
    await operator_sets(quota_protection=20)
    await pool_of("alice", quota=left(0.1, minutes=60))
    await pool_of("bob", quota=left(0.1, minutes=30))

    reply = await client.post(PLAIN, a_prompt())

    assert reply.status == 429
    error = reply.json()["error"]
    assert error["status"] == "RESOURCE_EXHAUSTED"
    (retry_info,) = error["details"]
    assert 29 * 60 < float(retry_info["retryDelay"].rstrip("s")) <= 30 * 60 + 30
    assert 29 * 60 < int(reply.headers["retry-after"]) <= 30 * 60 + 30
    assert not upstream.calls
    assert [entry.outcome for entry in await ledger()] == ["no_account"]


async def test_another_model_of_the_same_account_has_its_own_reserve(client, pool_of, upstream, operator_sets):
    await operator_sets(quota_protection=20)
    await pool_of("alice", quota=left(0.1))

    reply = await client.post(f"/v1beta/models/{OTHER}:generateContent", a_prompt())

    assert reply.status == 200


async def test_a_quota_listed_as_exhausted_is_used_without_a_reserve(client, pool_of, upstream):
    await pool_of("alice", quota=left(0.0))

    assert (await client.post(PLAIN, a_prompt())).status == 200
