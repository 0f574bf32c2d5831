"""The table of blame, row by row."""

import pytest

from accounts_app.pool.outcomes import MICRO_WAIT, VERDICTS, Effect, Fault, Outcome, Retry, Verdict, verdict_of

TABLE = [
    (Outcome.SUCCEEDED, Effect.CLEAR, Retry.NO),
    (Outcome.RATE_LIMITED, Effect.REST, Retry.OTHER_ACCOUNT),
    (Outcome.QUOTA_EXHAUSTED, Effect.REST, Retry.OTHER_ACCOUNT),
    (Outcome.OVERLOADED, Effect.REST, Retry.NEXT_ENDPOINT),
    (Outcome.UNAUTHENTICATED, Effect.EXPIRE_TOKEN, Retry.REFRESH),
    (Outcome.REVOKED, Effect.PARK, Retry.OTHER_ACCOUNT),
    (Outcome.NEEDS_OWNER, Effect.PARK, Retry.OTHER_ACCOUNT),
    (Outcome.REJECTED, Effect.NOTHING, Retry.NO),
    (Outcome.BARE_429, Effect.NOTHING, Retry.NO),
    (Outcome.EMPTY, Effect.NOTHING, Retry.NEXT_ENDPOINT),
    (Outcome.DROPPED, Effect.NOTHING, Retry.NEXT_ENDPOINT),
    (Outcome.TOKEN_UNAVAILABLE, Effect.NOTHING, Retry.OTHER_ACCOUNT),
    (Outcome.REFUSED, Effect.NOTHING, Retry.OTHER_ACCOUNT),
    (Outcome.UNKNOWN_FIELD, Effect.NOTHING, Retry.NO),
    (Outcome.UNREACHABLE, Effect.NOTHING, Retry.NEXT_ENDPOINT),
    (Outcome.STALE_CONNECTION, Effect.NOTHING, Retry.NEXT_ENDPOINT),
    (Outcome.UNREADABLE, Effect.NOTHING, Retry.NEXT_ENDPOINT),
    (Outcome.EGRESS_BLOCKED, Effect.NOTHING, Retry.OTHER_ACCOUNT),
    (Outcome.TIMED_OUT, Effect.NOTHING, Retry.NO),
    (Outcome.DEADLINE_PASSED, Effect.NOTHING, Retry.NO),
    (Outcome.GATEWAY_ERROR, Effect.NOTHING, Retry.NO),
    (Outcome.INTERRUPTED, Effect.NOTHING, Retry.NO),
    (Outcome.ABANDONED, Effect.NOTHING, Retry.NO),
]


@pytest.mark.parametrize(("outcome", "effect", "retry"), TABLE, ids=lambda value: getattr(value, "value", value))
def test_each_outcome_has_its_verdict(outcome, effect, retry):
    assert verdict_of(Fault(outcome)) == Verdict(effect, retry)


def test_no_outcome_is_without_a_verdict():
    assert set(VERDICTS) == set(Outcome)


def test_a_rate_limit_of_a_moment_is_waited_out_on_the_same_account():
    assert verdict_of(Fault(Outcome.RATE_LIMITED, delay=0.5)) == Verdict(Effect.REST, Retry.SAME_ACCOUNT, True)
    assert verdict_of(Fault(Outcome.RATE_LIMITED, delay=MICRO_WAIT)).retry is Retry.OTHER_ACCOUNT


def test_a_spent_quota_is_not_waited_for_however_short_its_delay():
    assert verdict_of(Fault(Outcome.QUOTA_EXHAUSTED, delay=0.5)).retry is Retry.OTHER_ACCOUNT


def test_a_401_that_outlived_a_refresh_parks_the_account():
    assert verdict_of(Fault(Outcome.UNAUTHENTICATED, parked="sign_in")) == Verdict(Effect.PARK, Retry.OTHER_ACCOUNT)
