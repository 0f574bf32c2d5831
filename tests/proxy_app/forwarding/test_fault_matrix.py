"""The fault matrix: the effects of each fault of an upstream, on the client, upstream, the request log and the account.

The rows are the specification of the table of blame, seen from outside.
"""

import asyncio
from dataclasses import dataclass

import pytest
from asgiref.sync import sync_to_async

from accounts_app.models import Account, Rest
from proxy_app.models import UsageRecord
from tests.factories import a_prompt, make_account
from tests.proxy_app.leftovers import nothing_is_left

MODEL = "gemini-2.5-flash"
PLAIN = f"/v1beta/models/{MODEL}:generateContent"
STREAM = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
BOTH = (PLAIN, STREAM)


@dataclass(frozen=True)
class Row:
    """One fault, met once: `status` is the client's, `outcomes` the request log's, in the order of exchanges.

    `stays` says that the second exchange goes to the same account. `cools` and `parked` are of the first account.
    `alone` are status and outcomes where there is no other account; None: the same.
    """

    fault: str
    status: int
    outcomes: tuple[str, ...]
    stays: bool = False
    cools: bool = False
    parked: str = ""
    only: str = ""
    alone: tuple[int, tuple[str, ...]] | None = None


GOOD = "succeeded"
ONCE = [
    # another account answers, and this one cools down for the model
    Row("quota_exhausted", 200, ("quota_exhausted", GOOD), cools=True, alone=(429, ("quota_exhausted",))),
    Row("individual_quota", 200, ("quota_exhausted", GOOD), cools=True),
    Row("per_minute", 200, ("rate_limited", GOOD), cools=True, alone=(429, ("rate_limited",))),
    Row("per_day", 200, ("quota_exhausted", GOOD), cools=True, alone=(429, ("quota_exhausted",))),
    Row("insufficient_credits", 200, ("quota_exhausted", GOOD), cools=True),
    Row("rate_limited_go_duration", 200, ("rate_limited", GOOD), cools=True),
    # the same account, a moment later
    Row("rate_limited", 200, ("rate_limited", GOOD), stays=True, alone=(200, ("rate_limited", GOOD))),
    Row("nested_429", 200, ("rate_limited", GOOD), stays=True),
    Row("token_expired", 200, ("unauthenticated", GOOD), stays=True, alone=(200, ("unauthenticated", GOOD))),
    # another account answers, and this one needs attention
    Row("validation_required", 200, ("needs_owner", GOOD), parked="verify", alone=(400, ("needs_owner",))),
    Row("tos_violation", 200, ("needs_owner", GOOD), parked="terms"),
    Row("service_disabled", 200, ("needs_owner", GOOD), parked="service_disabled"),
    Row("subscription_required", 200, ("needs_owner", GOOD), parked="subscription"),
    Row("consumer_suspended", 200, ("needs_owner", GOOD), parked="suspended"),
    # vague: another account answers, and this one is not blamed yet; alone it is asked again
    Row("overloaded", 200, ("overloaded", GOOD), alone=(200, ("overloaded", GOOD))),
    Row("internal", 200, ("overloaded", GOOD)),
    Row("deadline_exceeded", 200, ("overloaded", GOOD)),
    Row("html_502", 200, ("overloaded", GOOD)),
    Row("capacity_429", 200, ("overloaded", GOOD)),
    Row("capacity_503", 200, ("overloaded", GOOD)),
    Row("bare_429", 200, ("bare_429", GOOD), alone=(200, ("bare_429", GOOD))),
    Row("hang_up", 200, ("dropped", GOOD)),
    Row("reset", 200, ("dropped", GOOD), alone=(200, ("dropped", GOOD))),
    Row("cut_body", 200, ("dropped", GOOD), only=PLAIN),
    Row("empty_200", 200, ("empty", GOOD), alone=(200, ("empty", GOOD))),
    Row("cut_before_first", 200, ("dropped", GOOD), only=STREAM),
    Row("reset_before_first", 200, ("dropped", GOOD), only=STREAM),
    Row("error_first", 200, ("overloaded", GOOD), only=STREAM),
    Row("error_first_in_event", 200, ("overloaded", GOOD), only=STREAM),
    # not an API's answer: another account is asked, for no path is left to this one
    Row("not_json_200", 200, ("unreadable", GOOD), only=PLAIN, alone=(502, ("unreadable",))),
    Row("malformed_first_event", 200, ("unreadable", GOOD), only=STREAM, alone=(502, ("unreadable",))),
    # a refusal that may be about the account or the request
    Row("permission_denied", 200, ("refused", GOOD), alone=(403, ("refused",))),
    Row("not_found", 200, ("refused", GOOD), alone=(404, ("refused",))),
    Row("model_not_found", 200, ("refused", GOOD)),
    Row("no_quota", 200, ("refused", GOOD), alone=(429, ("refused",))),
    # the address that calls come from is refused: there is no other here
    Row("location_unsupported", 400, ("egress_blocked",), alone=(400, ("egress_blocked",))),
    # a field that this kind of account does not know: there is no other kind here
    Row("unknown_field", 400, ("unknown_field",), alone=(400, ("unknown_field",))),
    # an invalid request: upstream's own answer, and no other account is asked
    Row("invalid_argument", 400, ("rejected",), alone=(400, ("rejected",))),
    Row("too_many_tokens", 400, ("rejected",)),
    Row("html_413", 413, ("rejected",)),
    Row("cancelled", 499, ("rejected",)),
    # upstream may have worked on it: not sent again
    Row("stall", 504, ("timed_out",), alone=(504, ("timed_out",))),
    Row("stall_after_headers", 504, ("timed_out",)),
    Row("stall_before_first", 504, ("timed_out",), only=STREAM),
    # too late to try again
    Row("cut_after_first", 200, ("interrupted",), only=STREAM, alone=(200, ("interrupted",))),
    Row("reset_after_first", 200, ("interrupted",), only=STREAM),
    Row("stall_after_first", 200, ("interrupted",), only=STREAM),
    Row("no_finish", 200, ("interrupted",), only=STREAM),
    Row("malformed_event", 200, ("interrupted",), only=STREAM),
    Row("error_in_stream", 200, ("interrupted",), only=STREAM),
    Row("error_in_stream_pretty", 200, ("interrupted",), only=STREAM),
    Row("error_in_stream_event", 200, ("interrupted",), only=STREAM),
    Row("error_in_stream_joined", 200, ("interrupted",), only=STREAM),
    # peculiar, but an answer
    Row("line_feeds", 200, (GOOD,), alone=(200, (GOOD,))),
    Row("byte_by_byte", 200, (GOOD,)),
    Row("gzipped", 200, (GOOD,)),
    Row("trailing_usage", 200, (GOOD,), only=STREAM),
    Row("done_marker", 200, (GOOD,), only=STREAM),
]
TEN = ("alice", "bob", *"cdefghij")
CASES = [
    pytest.param(row, url, pool, id=f"{row.fault}-{'stream' if url == STREAM else 'plain'}-{pool}")
    for row in ONCE
    for url in BOTH
    for pool in ((1, 2, 10) if row.alone else (2,))
    if row.only in ("", url)
]


@pytest.fixture
def short_waits(settings):
    settings.GATEWAY_FIRST_EVENT_TIMEOUT = settings.GATEWAY_PLAIN_ANSWER_TIMEOUT = 1.5
    settings.GATEWAY_IDLE_TIMEOUT = 0.5


@pytest.mark.parametrize(("row", "url", "pool"), CASES)
async def test_a_fault_met_once(row: Row, url: str, pool: int, client, pool_of, upstream, ledger, short_waits):
    await pool_of(*TEN[:pool])
    upstream.script(row.fault)
    status, outcomes = row.alone if row.alone and pool == 1 else (row.status, row.outcomes)
    await client.get("/readyz")

    with nothing_is_left():
        reply = await client.post(url, a_prompt())
        await asyncio.sleep(0)

    assert reply.status == status
    entries = await ledger()
    assert tuple(entry.outcome for entry in entries) == outcomes
    assert len({entry.account_id for entry in entries}) == (1 if row.stays or pool == 1 else len(entries))
    await the_marks_are(row, entries[0])
    if url == STREAM and outcomes == (GOOD,):
        finishes = [event["candidates"][0].get("finishReason") for event in reply.events() if "candidates" in event]
        assert finishes[-1] == "STOP"
    if "interrupted" in outcomes:
        assert not reply.ended
        assert reply.events()[-1]["error"]["code"] in range(400, 600)


# Faults that only accounts with a token meet, and faults that differ for a key.
NOT_OF_KEYS = frozenset({"token_expired", "insufficient_credits", "subscription_required", "individual_quota"})
OF_KEYS = [
    pytest.param(row, url, id=f"{row.fault}-{'stream' if url == STREAM else 'plain'}")
    for row in ONCE
    for url in ((STREAM,) if row.only == STREAM else (PLAIN,))
    if row.fault not in NOT_OF_KEYS
]


@pytest.fixture
async def two_keys(upstream, settings) -> None:
    settings.GEMINI_API_URL = upstream.url
    for name in ("dave", "erin"):
        known = upstream.add_account(f"{name}@example.com")
        token = {"access_token": known.api_key, "refresh_token": "", "expires_at": None}
        await sync_to_async(make_account)(known.email, kind="gemini_api", project="", **token)


@pytest.mark.parametrize(("row", "url"), OF_KEYS)
async def test_a_fault_that_a_key_met_once(row: Row, url: str, client, two_keys, upstream, ledger, short_waits):
    upstream.script(row.fault)
    await client.get("/readyz")

    with nothing_is_left():
        reply = await client.post(url, a_prompt())
        await asyncio.sleep(0)

    assert reply.status == row.status
    entries = await ledger()
    assert tuple(entry.outcome for entry in entries) == row.outcomes
    assert {entry.dialect for entry in entries} == {"gemini_api"}
    assert len({entry.account_id for entry in entries}) == (1 if row.stays else len(entries))
    await the_marks_are(row, entries[0])
    if "interrupted" in row.outcomes:
        assert not reply.ended
        assert reply.events()[-1]["error"]["code"] in range(400, 600)


async def the_marks_are(row: Row, entry: UsageRecord) -> None:
    account = await Account.objects.aget(pk=entry.account_id)
    is_cooling = await Rest.objects.filter(account=account, until__isnull=False).aexists()

    assert account.parked == row.parked
    assert is_cooling == row.cools


@dataclass(frozen=True)
class Lasting:
    """One fault that does not go away, with two accounts: the client's answer in the end."""

    fault: str
    status: int
    outcomes: tuple[str, ...]
    says: str


FOREVER = [
    Lasting("quota_exhausted", 429, ("quota_exhausted", "quota_exhausted"), "RESOURCE_EXHAUSTED"),
    Lasting("per_minute", 429, ("rate_limited", "rate_limited"), "RESOURCE_EXHAUSTED"),
    Lasting("bare_429", 429, ("bare_429", "bare_429"), "RESOURCE_EXHAUSTED"),
    Lasting("overloaded", 503, ("overloaded", "overloaded"), "UNAVAILABLE"),
    Lasting("internal", 500, ("overloaded", "overloaded"), "INTERNAL"),
    Lasting("html_502", 502, ("overloaded", "overloaded"), "UNAVAILABLE"),
    Lasting("reset", 503, ("dropped", "dropped"), "UNAVAILABLE"),
    Lasting("empty_200", 502, ("empty", "empty"), "UNAVAILABLE"),
    Lasting("validation_required", 400, ("needs_owner", "needs_owner"), "FAILED_PRECONDITION"),
    Lasting("token_expired", 429, ("unauthenticated",) * 4, "RESOURCE_EXHAUSTED"),
    Lasting("invalid_argument", 400, ("rejected",), "INVALID_ARGUMENT"),
    Lasting("permission_denied", 403, ("refused", "refused"), "PERMISSION_DENIED"),
    Lasting("not_found", 404, ("refused", "refused"), "NOT_FOUND"),
]


@pytest.mark.parametrize("url", BOTH, ids=("plain", "stream"))
@pytest.mark.parametrize("lasting", FOREVER, ids=lambda lasting: lasting.fault)
async def test_a_fault_that_does_not_go_away(lasting: Lasting, url: str, client, pool_of, upstream, ledger, settings):
    settings.GATEWAY_MAX_WAIT = 0.0  # else what is vague is asked once more
    await pool_of("alice", "bob")
    upstream.script(lasting.fault, times=None)

    reply = await client.post(url, a_prompt())

    assert reply.status == lasting.status
    assert reply.json()["error"]["status"] == lasting.says
    assert reply.json()["error"]["code"] == lasting.status
    assert tuple(entry.outcome for entry in await ledger()) == lasting.outcomes
    if lasting.status == 429:
        assert int(reply.headers["retry-after"]) > 0
    if lasting.status == 429 and lasting.fault != "bare_429":
        assert any(detail["@type"].endswith("RetryInfo") for detail in reply.json()["error"]["details"])


async def test_a_retry_never_asks_an_account_twice_and_stops_at_the_limit(client, pool_of, upstream, ledger, settings):
    settings.GATEWAY_MAX_ATTEMPTS = 3
    await pool_of(*"abcde")
    upstream.script("overloaded", times=None)

    await client.post(PLAIN, a_prompt())

    entries = await ledger()
    assert len(entries) == 3
    assert len({entry.account_id for entry in entries}) == 3
