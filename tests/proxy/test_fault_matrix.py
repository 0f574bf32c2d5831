"""The fault matrix: what each fault of an upstream comes to, for the client, upstream, the ledger and the account.

The rows are the specification of the table of blame, seen from outside.
"""

from dataclasses import dataclass

import pytest

from accounts_app.models import Account, Rest
from proxy_app.models import UsageRecord
from tests.factories import a_prompt

MODEL = "gemini-2.5-flash"
PLAIN = f"/v1beta/models/{MODEL}:generateContent"
STREAM = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
BOTH = (PLAIN, STREAM)


@dataclass(frozen=True)
class Row:
    """One fault, met once: `status` is the client's, `outcomes` the ledger's, in the order of attempts.

    `stays` says that the second attempt goes to the same account. `rests` and `parked` are the first account's marks.
    """

    fault: str
    status: int
    outcomes: tuple[str, ...]
    stays: bool = False
    rests: bool = False
    parked: str = ""
    only: str = ""


GOOD = "succeeded"
ONCE = [
    # another account answers, and this one rests on the model
    Row("quota_exhausted", 200, ("quota_exhausted", GOOD), rests=True),
    Row("individual_quota", 200, ("quota_exhausted", GOOD), rests=True),
    Row("per_minute", 200, ("rate_limited", GOOD), rests=True),
    Row("per_day", 200, ("quota_exhausted", GOOD), rests=True),
    Row("insufficient_credits", 200, ("quota_exhausted", GOOD), rests=True),
    Row("rate_limited_go_duration", 200, ("rate_limited", GOOD), rests=True),
    Row("bare_429", 200, ("rate_limited", GOOD), rests=True),
    Row("capacity_429", 200, ("overloaded", GOOD), rests=True),
    Row("capacity_503", 200, ("overloaded", GOOD), rests=True),
    Row("overloaded", 200, ("overloaded", GOOD), rests=True),
    Row("internal", 200, ("overloaded", GOOD), rests=True),
    Row("deadline_exceeded", 200, ("overloaded", GOOD), rests=True),
    Row("html_502", 200, ("overloaded", GOOD), rests=True),
    # the same account, a moment later
    Row("rate_limited", 200, ("rate_limited", GOOD), stays=True),
    Row("nested_429", 200, ("rate_limited", GOOD), stays=True),
    Row("token_expired", 200, ("unauthenticated", GOOD), stays=True),
    # another account answers, and this one waits for its owner
    Row("validation_required", 200, ("needs_owner", GOOD), parked="verify"),
    Row("tos_violation", 200, ("needs_owner", GOOD), parked="terms"),
    Row("service_disabled", 200, ("needs_owner", GOOD), parked="service_disabled"),
    Row("subscription_required", 200, ("needs_owner", GOOD), parked="subscription"),
    # another account answers, and nothing is held against this one
    Row("hang_up", 200, ("unreachable", GOOD)),
    Row("reset", 200, ("unreachable", GOOD)),
    Row("stall", 200, ("unreachable", GOOD)),
    Row("stall_after_headers", 200, ("unreachable", GOOD)),
    Row("cut_body", 200, ("unreachable", GOOD)),
    Row("empty_200", 200, ("unreachable", GOOD)),
    Row("not_json_200", 200, ("unreachable", GOOD)),
    Row("cut_before_first", 200, ("unreachable", GOOD), only=STREAM),
    Row("reset_before_first", 200, ("unreachable", GOOD), only=STREAM),
    Row("stall_before_first", 200, ("unreachable", GOOD), only=STREAM),
    Row("malformed_first_event", 200, ("unreachable", GOOD), only=STREAM),
    Row("error_first", 200, ("overloaded", GOOD), rests=True, only=STREAM),
    Row("error_first_in_event", 200, ("overloaded", GOOD), rests=True, only=STREAM),
    # the request is wrong: upstream's own answer, and nobody else is asked
    Row("invalid_argument", 400, ("rejected",)),
    Row("too_many_tokens", 400, ("rejected",)),
    Row("not_found", 404, ("rejected",)),
    Row("html_413", 413, ("rejected",)),
    # too late to try again
    Row("cut_after_first", 200, ("interrupted",), only=STREAM),
    Row("reset_after_first", 200, ("interrupted",), only=STREAM),
    Row("stall_after_first", 200, ("interrupted",), only=STREAM),
    Row("no_finish", 200, ("interrupted",), only=STREAM),
    Row("malformed_event", 200, ("interrupted",), only=STREAM),
    Row("error_in_stream", 200, ("interrupted",), only=STREAM),
    Row("error_in_stream_pretty", 200, ("interrupted",), only=STREAM),
    Row("error_in_stream_event", 200, ("interrupted",), only=STREAM),
    Row("error_in_stream_joined", 200, ("interrupted",), only=STREAM),
    # peculiar, but an answer
    Row("line_feeds", 200, (GOOD,)),
    Row("byte_by_byte", 200, (GOOD,)),
    Row("gzipped", 200, (GOOD,)),
    Row("trailing_usage", 200, (GOOD,), only=STREAM),
    Row("done_marker", 200, (GOOD,), only=STREAM),
]
CASES = [
    pytest.param(row, url, id=f"{row.fault}-{'stream' if url == STREAM else 'plain'}")
    for row in ONCE
    for url in BOTH
    if row.only in ("", url)
]


@pytest.fixture
def short_waits(settings):
    settings.GATEWAY_FIRST_EVENT_TIMEOUT = 0.5
    settings.GATEWAY_IDLE_TIMEOUT = 0.5


@pytest.mark.parametrize(("row", "url"), CASES)
async def test_a_fault_met_once(row: Row, url: str, client, pool_of, upstream, ledger, short_waits):
    await pool_of("alice", "bob")
    upstream.script(row.fault)

    reply = await client.post(url, a_prompt())

    assert reply.status == row.status
    entries = await ledger()
    assert tuple(entry.outcome for entry in entries) == row.outcomes
    assert len({entry.account_id for entry in entries}) == (1 if row.stays else len(entries))
    await the_marks_are(row, entries[0])
    if url == STREAM and row.outcomes == (GOOD,):
        finishes = [event["candidates"][0].get("finishReason") for event in reply.events() if "candidates" in event]
        assert finishes[-1] == "STOP"
    if "interrupted" in row.outcomes:
        assert not reply.ended
        assert reply.events()[-1]["error"]["code"] in range(400, 600)


async def the_marks_are(row: Row, entry: UsageRecord) -> None:
    account = await Account.objects.aget(pk=entry.account_id)
    resting = await Rest.objects.filter(account=account, until__isnull=False).aexists()

    assert account.parked == row.parked
    assert resting == row.rests


@dataclass(frozen=True)
class Lasting:
    """One fault that does not go away, with two accounts: what the client is told in the end."""

    fault: str
    status: int
    outcomes: tuple[str, ...]
    says: str


FOREVER = [
    Lasting("quota_exhausted", 429, ("quota_exhausted", "quota_exhausted"), "RESOURCE_EXHAUSTED"),
    Lasting("per_minute", 429, ("rate_limited", "rate_limited"), "RESOURCE_EXHAUSTED"),
    Lasting("bare_429", 429, ("rate_limited", "bare_429"), "RESOURCE_EXHAUSTED"),
    Lasting("overloaded", 503, ("overloaded", "overloaded"), "UNAVAILABLE"),
    Lasting("internal", 500, ("overloaded", "overloaded"), "INTERNAL"),
    Lasting("html_502", 502, ("overloaded", "overloaded"), "UNAVAILABLE"),
    Lasting("hang_up", 503, ("unreachable", "unreachable"), "UNAVAILABLE"),
    Lasting("empty_200", 503, ("unreachable", "unreachable"), "UNAVAILABLE"),
    Lasting("validation_required", 503, ("needs_owner", "needs_owner"), "UNAVAILABLE"),
    Lasting("token_expired", 503, ("unauthenticated", "unauthenticated", "unauthenticated"), "UNAVAILABLE"),
    Lasting("invalid_argument", 400, ("rejected",), "INVALID_ARGUMENT"),
]


@pytest.mark.parametrize("url", BOTH, ids=("plain", "stream"))
@pytest.mark.parametrize("lasting", FOREVER, ids=lambda lasting: lasting.fault)
async def test_a_fault_that_does_not_go_away(lasting: Lasting, url: str, client, pool_of, upstream, ledger):
    await pool_of("alice", "bob")
    upstream.script(lasting.fault, times=None)

    reply = await client.post(url, a_prompt())

    assert reply.status == lasting.status
    assert reply.json()["error"]["status"] == lasting.says
    assert reply.json()["error"]["code"] == lasting.status
    assert tuple(entry.outcome for entry in await ledger()) == lasting.outcomes
    if lasting.status == 429 and lasting.fault != "bare_429":
        assert int(reply.headers["retry-after"]) > 0
        assert any(detail["@type"].endswith("RetryInfo") for detail in reply.json()["error"]["details"])


async def test_a_bare_429_from_two_accounts_is_the_requests_fault(client, pool_of, upstream, ledger):
    await pool_of("alice", "bob", "carol")
    upstream.script("bare_429", times=None)

    reply = await client.post(PLAIN, a_prompt())

    assert reply.json()["error"]["message"] == "Resource has been exhausted (e.g. check quota)."
    assert [entry.outcome for entry in await ledger()] == ["rate_limited", "bare_429"]
    assert not await Rest.objects.filter(until__isnull=False).aexists()


async def test_a_retry_never_asks_an_account_twice_and_stops_at_the_limit(client, pool_of, upstream, ledger, settings):
    settings.GATEWAY_MAX_ATTEMPTS = 3
    await pool_of(*"abcde")
    upstream.script("overloaded", times=None)

    await client.post(PLAIN, a_prompt())

    entries = await ledger()
    assert len(entries) == 3
    assert len({entry.account_id for entry in entries}) == 3
