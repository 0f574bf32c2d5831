"""The one table of blame: what happened, whose fault it was, and whether to retry.

Whose fault a failure is, is decided in `VERDICTS` below, and nowhere else. Scopes go from small to large: the request,
an account for one model, an account, a path (an endpoint through one egress), an egress.

Three questions stay apart. What happened (`Outcome`) is read from upstream's answer elsewhere and arrives as a `Fault`.
Whose fault it was is the verdict's `Effect`. Whether to retry is its `Retry`: what to try *first*; once that is used
up, all but `NO` go on with another account. The folder `blame` beside this file carries out both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum

# A rate limit that is over within so many seconds is waited out: the conversation stays on the account that has its
# prompt cached, which costs less than a cold start elsewhere.
MICRO_WAIT = 3.0


class Outcome(StrEnum):
    """The result of one attempt; the value is stored in the request log."""

    SUCCEEDED = "succeeded"  # 2xx, and the answer ran to its end with a finish
    RATE_LIMITED = "rate_limited"  # 429 with a delay, or per minute
    QUOTA_EXHAUSTED = "quota_exhausted"  # 429 QUOTA_EXHAUSTED, or per day
    # Vague: it may be the account, the request, the path or the upstream as a whole.
    OVERLOADED = "overloaded"  # 408, every 5xx but 501, MODEL_CAPACITY_*
    BARE_429 = "bare_429"  # a 429 without a reason, a quota or a delay
    EMPTY = "empty"  # 200 without an answer
    DROPPED = "dropped"  # a fresh connection that was lost before the first frame
    # About the account, or the project behind it.
    UNAUTHENTICATED = "unauthenticated"  # 401
    REVOKED = "revoked"  # invalid_grant on refresh
    NEEDS_OWNER = "needs_owner"  # 403 VALIDATION_REQUIRED, TOS_VIOLATION, SERVICE_DISABLED, SUBSCRIPTION_REQUIRED ...
    TOKEN_UNAVAILABLE = "token_unavailable"  # the token endpoint does not answer
    NOT_COPIED = "not_copied"  # a file of the request could not be copied to the account's project; nothing was sent
    REFUSED = "refused"  # 403, 404 or 400 billing without a known reason, where the request names no resource
    # About the request.
    REJECTED = "rejected"  # 400, 404, 413, a safety block: the request itself is wrong
    UNKNOWN_FIELD = "unknown_field"  # 400 for a field that this kind of account does not know
    # About the way there.
    UNREACHABLE = "unreachable"  # no connection: refused, DNS, TLS, timeout, proxy; nothing was sent
    STALE_CONNECTION = "stale_connection"  # a reused connection was closed before its first byte
    VERSION_MISSING = "version_missing"  # this version of the API lacks the method: v1beta is asked
    LAYER_CLOSED = "layer_closed"  # the OpenAI layer does not take the account's key: Google's own API is asked
    UNREADABLE = "unreadable"  # an answer that is no API's: a web page, a redirect, too large
    EGRESS_BLOCKED = "egress_blocked"  # location not supported, IP blocked, "unusual traffic"
    TIMED_OUT = "timed_out"  # no first event within our own timeout
    # After the first event, or no fault of account, request or path.
    INTERRUPTED = "interrupted"  # lost, unreadable, or ended without a finish, after the first event
    ABANDONED = "abandoned"  # the client disconnected
    DEADLINE_PASSED = "deadline_passed"  # the time that the client gave the call (X-Server-Timeout) is over
    GATEWAY_ERROR = "gateway_error"  # our own trouble: file descriptors, memory, a bug


class Refusal(StrEnum):
    """Why a call ended before any account was asked; stored where an outcome is."""

    KEY_MISSING = "key_missing"
    KEY_INVALID = "key_invalid"
    ADDRESS_NOT_ALLOWED = "address_not_allowed"  # a good key, from where it may not be used
    ORIGIN_NOT_ALLOWED = "origin_not_allowed"  # a web page or a host name that needs a key or the operator's leave
    MODEL_NOT_ALLOWED = "model_not_allowed"  # not among the key's models
    KEY_LIMIT = "key_limit"
    GROUP_LIMIT = "group_limit"  # of what its group may store and run upstream
    NO_ACCOUNT = "no_account"  # none is connected, may serve the model, or is ready in time
    RESOURCE_NOT_FOUND = "resource_not_found"  # a file, a cache …: not there, or somebody else's
    UNSUPPORTED = "unsupported"  # a method of Google's that the connected accounts do not serve
    MALFORMED = "malformed"  # a body, name or HTTP method that cannot be read
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"  # its body did not arrive in time
    LEFT_EARLY = "left_early"  # the client disconnected before an account was asked


class Effect(Enum):
    """What an outcome does, and to whom."""

    NOTHING = "nothing"
    CLEAR = "clear"  # the account's cooldowns, streak and evidence for this model are over
    COOL_DOWN = "cool_down"  # account and model (or the whole account): out for as long as upstream says
    SUSPECT = "suspect"  # account and model: asked last, once two conversations failed here and were answered elsewhere
    DOUBT = "doubt"  # the same for a refusal without a known reason: three conversations, and for longer
    OUTDONE = "outdone"  # account and model: asked last at the second conversation, if others did well meanwhile
    TAKE_OUT = "take_out"  # the account: needs attention, out of service until a person acts
    EXPIRE_TOKEN = (
        "expire_token"  # the account: its access token is not used again; cools down if a new one does not help
    )
    AWAIT_TOKEN = "await_token"  # the account: not ready until it has a token again
    BREAK_PATH = "break_path"  # the path, or the egress: down after two in a row
    DETOUR_PATH = "detour_path"  # the path: used last, once two conversations were answered by another
    DETOUR_EGRESS = "detour_egress"  # the egress: used last


class Retry(Enum):
    """What to try first; after that, all members but `NO` go on with another account."""

    NO = "no"
    SAME_ACCOUNT = "same_account"  # once, after `Fault.delay`
    REFRESH = "refresh"  # once, same account, with a new access token
    FRESH_CONNECTION = "fresh_connection"  # once, same account and path
    NEXT_PATH = "next_path"  # same account, the upstream's next base URL
    OTHER_ACCOUNT = "other_account"
    OTHER_EGRESS = "other_egress"  # an account that leaves by another egress
    OTHER_KIND = "other_kind"  # once, an account of another kind


class Repeat(Enum):
    """Whether a request may be sent again after a failure."""

    ALWAYS = "always"
    UNTIL_SENT = "until_sent"  # only if no account can have worked on it: nothing was sent, or it was refused
    NEVER = "never"  # only if nothing was sent


class Counts(Enum):
    """Which of a call's limits an exchange counts towards."""

    ATTEMPT = "attempt"  # the account may have worked on it: GATEWAY_MAX_ATTEMPTS counts these
    REFUSAL = "refusal"  # it was refused at once: at most ten a call
    NOTHING = "nothing"  # nothing was sent, or upstream did not read it


@dataclass(frozen=True, slots=True)
class Fault:
    """The result of one exchange, as read from upstream's answer.

    `status` is upstream's HTTP status, 0 for none; `message` its text, never a prompt or a secret. `delay` is
    the wait that upstream asks for, in seconds. `whole_account` says that the fault is not about this model alone.
    `reason` is Google's ErrorInfo.reason, `parked` the value that TAKE_OUT stores in `Account.parked`, `link` the page
    that the account's owner has to open. `proxy` says that the egress proxy itself failed. `consumer` is the project
    that upstream counts the account's calls for, where it names it: `projects/123`.
    """

    outcome: Outcome
    status: int = 0
    message: str = ""
    delay: float | None = None
    whole_account: bool = False
    reason: str = ""
    parked: str = ""
    link: str = ""
    proxy: bool = False
    consumer: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The effect of a fault, and what the call does next. `costs_retry`: going on is taken from the retry budget."""

    effect: Effect
    retry: Retry
    counts: Counts = Counts.ATTEMPT
    costs_retry: bool = False

    def lets(self, repeat: Repeat) -> bool:
        """Whether a request with this `repeat` may be sent again after the fault."""
        match repeat:
            case Repeat.ALWAYS:
                return True
            case Repeat.UNTIL_SENT:
                return self.counts is not Counts.ATTEMPT
            case Repeat.NEVER:
                return self.counts is Counts.NOTHING


_VAGUE = Verdict(Effect.SUSPECT, Retry.NEXT_PATH, Counts.ATTEMPT, costs_retry=True)
_SPENT = Verdict(Effect.COOL_DOWN, Retry.OTHER_ACCOUNT, Counts.REFUSAL)
_OWNER_NEEDED = Verdict(Effect.TAKE_OUT, Retry.OTHER_ACCOUNT, Counts.REFUSAL)
_RETURNED = Verdict(Effect.NOTHING, Retry.NO)

VERDICTS: Mapping[Outcome, Verdict] = {
    Outcome.SUCCEEDED: Verdict(Effect.CLEAR, Retry.NO),
    Outcome.RATE_LIMITED: _SPENT,
    Outcome.QUOTA_EXHAUSTED: _SPENT,
    Outcome.OVERLOADED: _VAGUE,
    Outcome.BARE_429: _VAGUE,
    Outcome.EMPTY: _VAGUE,
    Outcome.DROPPED: _VAGUE,
    Outcome.UNAUTHENTICATED: Verdict(Effect.EXPIRE_TOKEN, Retry.REFRESH, Counts.REFUSAL),
    Outcome.REVOKED: _OWNER_NEEDED,
    Outcome.NEEDS_OWNER: _OWNER_NEEDED,
    Outcome.TOKEN_UNAVAILABLE: Verdict(Effect.AWAIT_TOKEN, Retry.OTHER_ACCOUNT, Counts.NOTHING),
    Outcome.NOT_COPIED: Verdict(Effect.NOTHING, Retry.OTHER_ACCOUNT, Counts.REFUSAL),
    Outcome.REFUSED: Verdict(Effect.DOUBT, Retry.OTHER_ACCOUNT, Counts.REFUSAL, costs_retry=True),
    Outcome.REJECTED: _RETURNED,
    Outcome.UNKNOWN_FIELD: Verdict(Effect.NOTHING, Retry.OTHER_KIND, Counts.REFUSAL),
    Outcome.UNREACHABLE: Verdict(Effect.BREAK_PATH, Retry.NEXT_PATH, Counts.NOTHING),
    Outcome.STALE_CONNECTION: Verdict(Effect.NOTHING, Retry.FRESH_CONNECTION, Counts.NOTHING),
    Outcome.VERSION_MISSING: Verdict(Effect.NOTHING, Retry.FRESH_CONNECTION, Counts.NOTHING),
    Outcome.LAYER_CLOSED: Verdict(Effect.NOTHING, Retry.FRESH_CONNECTION, Counts.NOTHING),
    Outcome.UNREADABLE: Verdict(Effect.DETOUR_PATH, Retry.NEXT_PATH, Counts.ATTEMPT, costs_retry=True),
    Outcome.EGRESS_BLOCKED: Verdict(Effect.DETOUR_EGRESS, Retry.OTHER_EGRESS, Counts.REFUSAL),
    Outcome.TIMED_OUT: Verdict(Effect.OUTDONE, Retry.NO),
    Outcome.INTERRUPTED: Verdict(Effect.OUTDONE, Retry.NO),
    Outcome.ABANDONED: _RETURNED,
    Outcome.DEADLINE_PASSED: _RETURNED,
    Outcome.GATEWAY_ERROR: _RETURNED,
}

WAIT_HERE = Verdict(Effect.COOL_DOWN, Retry.SAME_ACCOUNT, Counts.REFUSAL)

# A cooldown for one of these is a guess: the account is asked last, never left out.
GUESSES = frozenset(
    outcome for outcome, verdict in VERDICTS.items() if verdict.effect in (Effect.SUSPECT, Effect.DOUBT, Effect.OUTDONE)
)


def verdict_of(fault: Fault) -> Verdict:
    """The verdict of `VERDICTS`, or `WAIT_HERE` for a rate limit that is over within `MICRO_WAIT`."""
    if fault.outcome is Outcome.RATE_LIMITED and fault.delay is not None and fault.delay < MICRO_WAIT:
        return WAIT_HERE
    return VERDICTS[fault.outcome]
