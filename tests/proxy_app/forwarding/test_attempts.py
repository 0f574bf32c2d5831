"""A call's way over accounts and endpoints: which is next, how long it waits, and the error in the end."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts_app import leasing
from accounts_app.models import Account, Rest
from emulator import FAULTS, Reply, dead_address
from tests.factories import a_prompt

MODEL = "gemini-2.5-flash"
PLAIN = f"/v1beta/models/{MODEL}:generateContent"
STREAM = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
BOTH = pytest.mark.parametrize("url", [PLAIN, STREAM], ids=("plain", "stream"))


async def cool_down(account: Account, seconds: float, model: str = MODEL) -> None:
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    await Rest.objects.acreate(
        account=account, model=model, until=until, window_until=until, reason="quota_exhausted", streak=1
    )


def asked(upstream) -> list[str]:
    """The first names of the accounts that were asked, in order."""
    return [call.account.partition("@")[0] for call in upstream.calls]


class TestAttempts:
    @pytest.mark.parametrize("limit", [1, 2, 4])
    async def test_end_at_the_operators_limit(self, limit, client, pool_of, upstream, settings):
        settings.GATEWAY_MAX_ATTEMPTS = limit
        await pool_of(*"abcdef")
        upstream.script("overloaded", times=None)

        reply = await client.post(PLAIN, a_prompt())

        assert reply.status == 503
        assert len(upstream.calls) == limit
        assert len(set(asked(upstream))) == limit

    @BOTH
    async def test_before_the_first_event_are_invisible_to_the_client(self, url, client, pool_of, upstream):
        await pool_of("alice", "bob", "carol")
        upstream.script("quota_exhausted")
        upstream.script("reset")

        reply = await client.post(url, a_prompt())

        assert reply.status == 200
        assert reply.ended
        assert b"error" not in reply.body
        assert len(asked(upstream)) == 3

    async def test_end_with_upstreams_own_error_byte_for_byte(self, client, pool_of, upstream, settings):
        settings.GATEWAY_MAX_WAIT = 0.0
        await pool_of("alice", "bob")
        upstream.script("internal")
        upstream.script("capacity_503")

        reply = await client.post(PLAIN, a_prompt())

        assert reply.status == 503
        assert reply.json()["error"]["message"] == f"No capacity available for model {MODEL} on the server"
        assert reply.body.startswith(b'{\n  "error": {\n    "code": 503,')
        assert reply.headers["retry-after"] == "9"

    @BOTH
    async def test_never_end_with_a_status_that_is_no_error(self, url, client, alice, upstream, settings):
        elsewhere = (("location", "https://elsewhere.example/"),)
        error = Reply(chunks=[b'{"error": {"code": 200,"message": "odd"}}'], sized=True)
        settings.GATEWAY_MAX_WAIT = 0.0
        for odd in (
            Reply(status=302, headers=elsewhere),
            Reply(status=204),
            Reply(status=299),
            Reply(status=600),
            error,
        ):
            upstream.script(odd)
            reply = await client.post(url, a_prompt())
            assert reply.status in (502, 503)
            assert reply.json()["error"]["code"] == reply.status
            assert "location" not in reply.headers
            leasing.reset()


class TestEndpoints:
    async def test_are_asked_in_order_when_one_is_dead(self, client, alice, upstream, ledger, settings):
        dead = dead_address()
        settings.CLOUD_CODE_URLS = (dead, upstream.url)

        reply = await client.post(PLAIN, a_prompt())

        assert reply.status == 200
        entries = await ledger()
        assert [(entry.endpoint, entry.outcome) for entry in entries] == [
            ("", "unreachable"),  # nothing was sent there
            (upstream.url, "succeeded"),
        ]
        assert dead.rpartition(":")[2] in entries[0].message
        assert [entry.delivered for entry in entries] == [False, True]
        assert len({entry.account_id for entry in entries}) == 1

    async def test_are_all_asked_before_another_account(self, client, pool_of, upstream, settings):
        settings.CLOUD_CODE_URLS = (f"{upstream.url}/daily", f"{upstream.url}/prod")
        await pool_of("alice", "bob")
        upstream.script("overloaded", times=2)

        reply = await client.post(PLAIN, a_prompt())

        assert reply.status == 200
        first, second, third = upstream.calls
        assert (first.base, second.base, third.base) == ("/daily", "/prod", "/daily")
        assert first.account == second.account != third.account

    async def test_are_not_tried_in_turn_for_a_spent_account(self, client, alice, upstream, settings):
        settings.CLOUD_CODE_URLS = (f"{upstream.url}/daily", f"{upstream.url}/prod")
        upstream.script("quota_exhausted", times=None)

        reply = await client.post(PLAIN, a_prompt())

        assert reply.status == 429
        assert [call.base for call in upstream.calls] == ["/daily"]


class TestWhenAllCoolDown:
    @BOTH
    async def test_the_client_is_told_the_soonest_recovery(self, url, client, pool_of):
        alice, bob = await pool_of("alice", "bob")
        await cool_down(alice, 3600)
        await cool_down(bob, 90)

        reply = await client.post(url, a_prompt())

        assert reply.status == 429
        assert reply.json()["error"]["status"] == "RESOURCE_EXHAUSTED"
        assert 89 <= int(reply.headers["retry-after"]) <= 99
        (retry_info,) = reply.json()["error"]["details"]
        assert retry_info["@type"] == "type.googleapis.com/google.rpc.RetryInfo"
        assert 88 < float(retry_info["retryDelay"].removesuffix("s")) <= 99

    async def test_another_model_is_not_concerned(self, client, alice):
        await cool_down(alice, 3600, "gemini-2.5-pro")

        assert (await client.post(PLAIN, a_prompt())).status == 200

    async def test_a_recovery_that_is_soon_enough_is_waited_for(self, client, alice, ledger):
        await cool_down(alice, 1.5)

        reply = await client.post(PLAIN, a_prompt())

        assert reply.status == 200
        (entry,) = await ledger()
        assert entry.wait_ms > 0

    async def test_a_call_waits_no_longer_than_the_operator_allows(self, client, alice, settings):
        settings.GATEWAY_MAX_WAIT = 1.0
        await cool_down(alice, 30)

        reply = await client.post(PLAIN, a_prompt())

        assert reply.status == 429

    async def test_a_call_waits_no_longer_than_its_client(self, client, alice):
        await cool_down(alice, 5)

        reply = await client.post(PLAIN, a_prompt(), x_server_timeout="1")

        assert reply.status == 429
        assert int(reply.headers["retry-after"]) <= 6

    async def test_a_timeout_that_is_no_number_of_seconds_is_ignored(self, client, alice):
        for timeout in ("", "soon", "-1", "0", "nan", "inf", "1e400"):
            assert (await client.post(PLAIN, a_prompt(), x_server_timeout=timeout)).status == 200

    async def test_an_account_spent_by_this_very_call_is_waited_for_too(self, client, alice, upstream, ledger):
        upstream.script("quota_exhausted", delay=0.3)

        reply = await client.post(PLAIN, a_prompt())

        assert reply.status == 200
        assert [entry.outcome for entry in await ledger()] == ["quota_exhausted", "succeeded"]

    async def test_quota_seen_by_one_call_is_known_to_the_next(self, client, pool_of, upstream):
        await pool_of("alice", "bob")
        upstream.script("quota_exhausted", account="alice@example.com", times=None)

        replies = [await client.post(PLAIN, a_prompt(f"{n}")) for n in range(12)]

        assert {reply.status for reply in replies} == {200}
        assert asked(upstream).count("alice") == 1


class TestWhenNobodyCanAnswer:
    async def test_no_account_says_how_to_connect_one(self, client, upstream):
        reply = await client.post(PLAIN, a_prompt())

        assert reply.status == 400
        assert reply.json()["error"]["status"] == "FAILED_PRECONDITION"
        assert "add_account" in reply.json()["error"]["message"]

    async def test_when_all_need_attention_the_client_is_told_so(self, client, pool_of):
        await pool_of("alice", "bob", parked="verify")

        reply = await client.post(PLAIN, a_prompt())

        assert reply.status == 400
        assert "needs attention" in reply.json()["error"]["message"]
        assert "admin" in reply.json()["error"]["message"]

    async def test_a_model_that_no_account_may_serve_says_so(self, client, pool_of):
        await pool_of("alice", allowed_models=["gemini-2.5-pro"])

        reply = await client.post(PLAIN, a_prompt())

        assert reply.status == 400
        assert MODEL in reply.json()["error"]["message"]

    async def test_a_dead_upstream_says_that_it_cannot_be_reached(self, client, alice, settings):
        settings.GATEWAY_MAX_WAIT = 0.0
        settings.CLOUD_CODE_URLS = (dead_address(),)

        reply = await client.post(PLAIN, a_prompt())

        assert reply.status == 503
        assert "reached" in reply.json()["error"]["message"]


# Faults of the token endpoint only, and those that take long.
_NOT_OF_A_CALL = {
    name for name in FAULTS if "stall" in name or name.startswith(("invalid_", "token_", "unauthorized_"))
}
_SECRETS = (b"alice", b"access-", b"refresh-")


async def test_no_answer_to_any_fault_names_the_account(client, alice, upstream, settings):
    settings.GATEWAY_MAX_WAIT = 0.0
    for name in FAULTS.keys() - _NOT_OF_A_CALL:
        for url in (PLAIN, STREAM):
            upstream.script(name, times=None)
            reply = await client.post(url, a_prompt())
            answer = reply.body + str(reply.headers).encode()
            assert not [secret for secret in _SECRETS if secret in answer], name
            upstream.unscript()
            await Rest.objects.aupdate(until=None, streak=0)
            await Account.objects.aupdate(parked="")
            leasing.reset()
