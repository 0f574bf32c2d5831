"""The table of blame, row by row."""

import pytest

from accounts_app.pool.outcomes import (
    GUESSES,
    MICRO_WAIT,
    VERDICTS,
    Counts,
    Effect,
    Fault,
    Outcome,
    Refusal,
    Retry,
    verdict_of,
)

ATTEMPT, REFUSAL, NOTHING = Counts.ATTEMPT, Counts.REFUSAL, Counts.NOTHING
VAGUE = (Effect.SUSPECT, Retry.NEXT_PATH, ATTEMPT, True)
TABLE = [
    (Outcome.SUCCEEDED, Effect.CLEAR, Retry.NO, ATTEMPT, False),
    (Outcome.RATE_LIMITED, Effect.COOL_DOWN, Retry.OTHER_ACCOUNT, REFUSAL, False),
    (Outcome.QUOTA_EXHAUSTED, Effect.COOL_DOWN, Retry.OTHER_ACCOUNT, REFUSAL, False),
    (Outcome.OVERLOADED, *VAGUE),
    (Outcome.BARE_429, *VAGUE),
    (Outcome.EMPTY, *VAGUE),
    (Outcome.DROPPED, *VAGUE),
    (Outcome.UNAUTHENTICATED, Effect.EXPIRE_TOKEN, Retry.REFRESH, REFUSAL, False),
    (Outcome.REVOKED, Effect.TAKE_OUT, Retry.OTHER_ACCOUNT, REFUSAL, False),
    (Outcome.NEEDS_OWNER, Effect.TAKE_OUT, Retry.OTHER_ACCOUNT, REFUSAL, False),
    (Outcome.TOKEN_UNAVAILABLE, Effect.AWAIT_TOKEN, Retry.OTHER_ACCOUNT, NOTHING, False),
    (Outcome.NOT_COPIED, Effect.NOTHING, Retry.OTHER_ACCOUNT, REFUSAL, False),
    (Outcome.REFUSED, Effect.DOUBT, Retry.OTHER_ACCOUNT, REFUSAL, True),
    (Outcome.REJECTED, Effect.NOTHING, Retry.NO, ATTEMPT, False),
    (Outcome.UNKNOWN_FIELD, Effect.NOTHING, Retry.OTHER_KIND, REFUSAL, False),
    (Outcome.UNREACHABLE, Effect.BREAK_PATH, Retry.NEXT_PATH, NOTHING, False),
    (Outcome.STALE_CONNECTION, Effect.NOTHING, Retry.FRESH_CONNECTION, NOTHING, False),
    (Outcome.VERSION_MISSING, Effect.NOTHING, Retry.FRESH_CONNECTION, NOTHING, False),
    (Outcome.LAYER_CLOSED, Effect.NOTHING, Retry.FRESH_CONNECTION, NOTHING, False),
    (Outcome.UNREADABLE, Effect.DETOUR_PATH, Retry.NEXT_PATH, ATTEMPT, True),
    (Outcome.EGRESS_BLOCKED, Effect.DETOUR_EGRESS, Retry.OTHER_EGRESS, REFUSAL, False),
    (Outcome.TIMED_OUT, Effect.OUTDONE, Retry.NO, ATTEMPT, False),
    (Outcome.INTERRUPTED, Effect.OUTDONE, Retry.NO, ATTEMPT, False),
    (Outcome.ABANDONED, Effect.NOTHING, Retry.NO, ATTEMPT, False),
    (Outcome.DEADLINE_PASSED, Effect.NOTHING, Retry.NO, ATTEMPT, False),
    (Outcome.GATEWAY_ERROR, Effect.NOTHING, Retry.NO, ATTEMPT, False),
]


@pytest.mark.parametrize(("outcome", "effect", "retry", "counts", "costs"), TABLE)
def test_each_outcome_has_its_verdict(outcome, effect, retry, counts, costs):
    verdict = verdict_of(Fault(outcome))

    assert (verdict.effect, verdict.retry, verdict.counts, verdict.costs_retry) == (effect, retry, counts, costs)


def test_no_outcome_is_without_a_verdict():
    assert set(VERDICTS) == set(Outcome) == {row[0] for row in TABLE}


def test_the_request_log_stores_these_values():
    assert list(Outcome) == [
        *("succeeded", "rate_limited", "quota_exhausted", "overloaded", "bare_429", "empty", "dropped"),
        *("unauthenticated", "revoked", "needs_owner", "token_unavailable", "not_copied", "refused", "rejected"),
        "unknown_field",
        *("unreachable", "stale_connection", "version_missing", "layer_closed"),
        *("unreadable", "egress_blocked", "timed_out"),
        *("interrupted", "abandoned", "deadline_passed", "gateway_error"),
    ]
    assert list(Refusal) == [
        *("key_missing", "key_invalid", "address_not_allowed", "origin_not_allowed", "model_not_allowed"),
        *(
            "key_limit",
            "group_limit",
            "no_account",
            "resource_not_found",
            "unsupported",
            "malformed",
            "too_large",
            "too_slow",
            "left_early",
        ),
    ]


def test_a_fault_says_nothing_that_upstream_did_not_say():
    assert Fault(Outcome.EMPTY) == Fault(
        Outcome.EMPTY, status=0, message="", delay=None, whole_account=False, reason="", parked="", link="", proxy=False
    )


def test_a_rate_limit_of_a_moment_is_waited_out_on_the_same_account():
    assert verdict_of(Fault(Outcome.RATE_LIMITED, delay=0.5)).retry is Retry.SAME_ACCOUNT
    assert verdict_of(Fault(Outcome.RATE_LIMITED, delay=0.5)).effect is Effect.COOL_DOWN
    assert verdict_of(Fault(Outcome.RATE_LIMITED, delay=2.9)).retry is Retry.SAME_ACCOUNT
    assert verdict_of(Fault(Outcome.RATE_LIMITED, delay=MICRO_WAIT)).retry is Retry.OTHER_ACCOUNT
    assert verdict_of(Fault(Outcome.RATE_LIMITED)).retry is Retry.OTHER_ACCOUNT
    assert MICRO_WAIT == 3.0


def test_a_spent_quota_is_not_waited_for_however_short_its_delay():
    assert verdict_of(Fault(Outcome.QUOTA_EXHAUSTED, delay=0.5)).retry is Retry.OTHER_ACCOUNT


def test_only_what_upstream_did_not_say_is_a_guess():
    assert {
        *(Outcome.OVERLOADED, Outcome.BARE_429, Outcome.EMPTY, Outcome.DROPPED),
        *(Outcome.REFUSED, Outcome.TIMED_OUT, Outcome.INTERRUPTED),
    } == GUESSES
