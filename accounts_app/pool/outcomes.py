"""The one table of blame: what happened, what that does to the account, and whether to go again.

Rule 1: everything that decides whose fault a failure was stands in `VERDICTS` below. What does not fit a table (how
long a rate limit lasts, a 401 that outlived its refresh) is in `verdict_of`, in this same file, and nowhere else.

Three questions stay apart. What happened (`Outcome`) is read from upstream's answer elsewhere and arrives as a `Fault`.
Whose fault it was is the verdict's `Effect`. Whether to go again is its `Retry`: what to try *first*; once that is used
up, anything but `NO` falls on to another account.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum

# Below this a rate limit is a traffic light, not a quota: waiting it out keeps the conversation on the account that has
# its prompt cached, and costs less than a cold start elsewhere.
MICRO_WAIT = 3.0


class Outcome(StrEnum):
    """What became of one attempt; the value is what the ledger stores."""

    SUCCEEDED = "succeeded"  # 2xx, and the answer ran to its end with a finish
    RATE_LIMITED = "rate_limited"  # 429 with a delay, or per minute
    QUOTA_EXHAUSTED = "quota_exhausted"  # 429 QUOTA_EXHAUSTED, or per day
    # Vague: it may be the account, the request, the path or the upstream as a whole.
    OVERLOADED = "overloaded"  # 408, every 5xx but 501, MODEL_CAPACITY_*
    BARE_429 = "bare_429"  # a 429 without a reason, a quota or a delay
    EMPTY = "empty"  # 200 without an answer
    DROPPED = "dropped"  # a fresh connection that broke off before the first frame
    # About the account, or the project behind it.
    UNAUTHENTICATED = "unauthenticated"  # 401
    REVOKED = "revoked"  # invalid_grant on refresh
    NEEDS_OWNER = "needs_owner"  # 403 VALIDATION_REQUIRED, TOS_VIOLATION, SERVICE_DISABLED, SUBSCRIPTION_REQUIRED ...
    TOKEN_UNAVAILABLE = "token_unavailable"  # the token endpoint is away
    REFUSED = "refused"  # 403, 404 or 400 billing without a known reason, where the request names no resource
    # About the request.
    REJECTED = "rejected"  # 400, 404, 413, a safety block: the request itself is wrong
    UNKNOWN_FIELD = "unknown_field"  # 400 for a field that this kind of account does not know
    # About the way there.
    UNREACHABLE = "unreachable"  # no connection: refused, DNS, TLS, timeout, proxy; nothing was sent
    STALE_CONNECTION = "stale_connection"  # a reused connection was closed before its first byte
    UNREADABLE = "unreadable"  # an answer that is no API's: a web page, a redirect, too large
    EGRESS_BLOCKED = "egress_blocked"  # location not supported, IP blocked, "unusual traffic"
    TIMED_OUT = "timed_out"  # no first event within our own timeout
    # Past the commit point, or nobody's.
    INTERRUPTED = "interrupted"  # broke off, unreadable, or ended without a finish, after the first event
    ABANDONED = "abandoned"  # the client went away
    DEADLINE_PASSED = "deadline_passed"  # the time that the client gave the call (X-Server-Timeout) is over
    GATEWAY_ERROR = "gateway_error"  # our own trouble: file descriptors, memory, a bug


class Refusal(StrEnum):
    """Why a call ended before any account was asked; stands where an outcome does. Nobody has failed."""

    KEY_MISSING = "key_missing"
    KEY_INVALID = "key_invalid"
    ADDRESS_NOT_ALLOWED = "address_not_allowed"  # a good key, from where it may not be used
    ORIGIN_NOT_ALLOWED = "origin_not_allowed"  # a web page or a host name that needs a key or the operator's word
    MODEL_NOT_ALLOWED = "model_not_allowed"  # not among the key's models
    KEY_LIMIT = "key_limit"
    NO_ACCOUNT = "no_account"  # none is connected, may serve the model, or is ready in time
    UNSUPPORTED = "unsupported"  # a method of Google's that the connected accounts do not serve
    MALFORMED = "malformed"  # a body, name or HTTP method that cannot be read
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"  # its body did not arrive in time
    LEFT_EARLY = "left_early"  # the client went away before an account was asked


class Effect(Enum):
    """What an outcome does to the account that was asked."""

    NOTHING = "nothing"
    CLEAR = "clear"  # its rests and streaks for this model are over
    REST = "rest"  # out of the pool for a while, by itself
    PARK = "park"  # out of the pool until a person looks
    EXPIRE_TOKEN = "expire_token"  # its access token is not to be used again


class Retry(Enum):
    """What to try first; every member but `NO` falls on to another account when that is used up."""

    NO = "no"
    SAME_ACCOUNT = "same_account"  # once, after `Fault.delay`
    REFRESH = "refresh"  # once, same account, with a new access token
    NEXT_ENDPOINT = "next_endpoint"  # same account, the upstream's next base URL
    OTHER_ACCOUNT = "other_account"


@dataclass(frozen=True, slots=True)
class Fault:
    """What one attempt came to, as read from upstream's answer.

    `status` is upstream's HTTP status, 0 for none; `message` its text, never a prompt. `delay` is upstream's own word
    for how long to stay away, in seconds. `whole_account` says that the fault is not about this model alone. `reason`
    is Google's ErrorInfo.reason, `parked` the `Account.parked` value that a PARK effect writes, `link` what the
    account's owner has to open. `bare` marks a 429 that says nothing about itself.
    """

    outcome: Outcome
    status: int = 0
    message: str = ""
    delay: float | None = None
    whole_account: bool = False
    reason: str = ""
    parked: str = ""
    link: str = ""
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a fault costs the account, and what the call does next."""

    effect: Effect
    retry: Retry
    micro_wait: bool = False


VERDICTS: Mapping[Outcome, Verdict] = {
    Outcome.SUCCEEDED: Verdict(Effect.CLEAR, Retry.NO),
    Outcome.RATE_LIMITED: Verdict(Effect.REST, Retry.OTHER_ACCOUNT),
    Outcome.QUOTA_EXHAUSTED: Verdict(Effect.REST, Retry.OTHER_ACCOUNT),
    Outcome.OVERLOADED: Verdict(Effect.REST, Retry.NEXT_ENDPOINT),
    Outcome.UNAUTHENTICATED: Verdict(Effect.EXPIRE_TOKEN, Retry.REFRESH),
    Outcome.REVOKED: Verdict(Effect.PARK, Retry.OTHER_ACCOUNT),
    Outcome.NEEDS_OWNER: Verdict(Effect.PARK, Retry.OTHER_ACCOUNT),
    Outcome.REJECTED: Verdict(Effect.NOTHING, Retry.NO),
    Outcome.BARE_429: Verdict(Effect.NOTHING, Retry.NO),
    Outcome.EMPTY: Verdict(Effect.NOTHING, Retry.NEXT_ENDPOINT),
    Outcome.DROPPED: Verdict(Effect.NOTHING, Retry.NEXT_ENDPOINT),
    Outcome.TOKEN_UNAVAILABLE: Verdict(Effect.NOTHING, Retry.OTHER_ACCOUNT),
    Outcome.REFUSED: Verdict(Effect.NOTHING, Retry.OTHER_ACCOUNT),
    Outcome.UNKNOWN_FIELD: Verdict(Effect.NOTHING, Retry.NO),
    Outcome.UNREACHABLE: Verdict(Effect.NOTHING, Retry.NEXT_ENDPOINT),
    Outcome.STALE_CONNECTION: Verdict(Effect.NOTHING, Retry.NEXT_ENDPOINT),
    Outcome.UNREADABLE: Verdict(Effect.NOTHING, Retry.NEXT_ENDPOINT),
    Outcome.EGRESS_BLOCKED: Verdict(Effect.NOTHING, Retry.OTHER_ACCOUNT),
    Outcome.TIMED_OUT: Verdict(Effect.NOTHING, Retry.NO),
    Outcome.INTERRUPTED: Verdict(Effect.NOTHING, Retry.NO),
    Outcome.ABANDONED: Verdict(Effect.NOTHING, Retry.NO),
    Outcome.DEADLINE_PASSED: Verdict(Effect.NOTHING, Retry.NO),
    Outcome.GATEWAY_ERROR: Verdict(Effect.NOTHING, Retry.NO),
}

WAIT_HERE = Verdict(Effect.REST, Retry.SAME_ACCOUNT, micro_wait=True)
REFRESH_WAS_NO_HELP = Verdict(Effect.PARK, Retry.OTHER_ACCOUNT)


def verdict_of(fault: Fault) -> Verdict:
    """The verdict on one fault: a row of `VERDICTS`, or one of the two cases that need more than the outcome.

    A rate limit that upstream says is over within `MICRO_WAIT` is waited out on the same account. A 401 that came back
    after a refresh (the caller says so with `parked`) is no longer about the token: the account waits for its owner.
    """
    match fault.outcome:
        case Outcome.RATE_LIMITED if fault.delay is not None and fault.delay < MICRO_WAIT:
            return WAIT_HERE
        case Outcome.UNAUTHENTICATED if fault.parked:
            return REFRESH_WAS_NO_HELP
    return VERDICTS[fault.outcome]
