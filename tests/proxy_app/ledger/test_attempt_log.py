"""The attempts of a call: what they used together, and the headers about them."""

from types import SimpleNamespace

import pytest

from accounts_app.api_keys.usage import NO_TOKENS
from accounts_app.pool.outcomes import Fault, Outcome
from proxy_app.ledger.attempt_log import AttemptLog
from proxy_app.ledger.entries import LARGEST_COUNT, LogEntry
from proxy_app.wire.usage import Usage


@pytest.fixture
def entry():
    """Makes an attempt; its number, then fields."""
    operation = SimpleNamespace(name="generateContent")
    call = SimpleNamespace(request_id="r1", api_key_id=1, operation=operation, model="m", resource="", conversation="")

    def make(attempt: int, model: str = "m", **fields: object) -> LogEntry:
        return LogEntry(call, attempt, 7, "alice", "cloud_code", model, "affinity", **fields)

    return make


def test_without_attempts_nothing_is_used():
    assert AttemptLog().spent() == NO_TOKENS
    assert AttemptLog().headers() == {"X-Gateway-Attempts": "0"}


def test_a_call_has_used_what_its_attempts_have(entry):
    used = Usage(prompt=5, cached=2, candidates=3, total=8)

    spent = AttemptLog([entry(1, usage=used), entry(2), entry(3, usage=used)]).spent()

    assert (spent.prompt, spent.cached, spent.candidates) == (10, 4, 6)


def test_no_count_of_upstreams_is_negative_or_too_large_for_its_column(entry):
    spent = AttemptLog([entry(1, usage=Usage(prompt=-5, candidates=10**30, total=1))]).spent()

    assert (spent.prompt, spent.candidates) == (0, LARGEST_COUNT)


def test_a_header_names_the_account_by_its_id_and_the_host_alone(entry):
    failed = entry(1, fault=Fault(Outcome.RATE_LIMITED, 429), endpoint="https://one.example/v1internal:x?key=hush")
    answering = entry(2, delivered=True, waited=1.26, model="caf\u00e9\n")

    headers = AttemptLog([failed, answering]).headers()

    assert headers == {
        "X-Gateway-Attempts": "2",
        "X-Gateway-Attempt-1": ("account 7; model m; one.example; rate_limited 429; chosen for affinity; waited 0.0 s"),
        "X-Gateway-Attempt-2": ("account 7; model caf??; nothing sent; answering; chosen for affinity; waited 1.3 s"),
    }
