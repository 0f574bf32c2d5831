"""What an outcome is called in the console; the ledger, the client's headers and the log keep its value."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts_app.own_words import retold
from accounts_app.pool.outcomes import Outcome

OUTCOMES: Mapping[str, str | Promise] = {
    Outcome.SUCCEEDED.value: _("succeeded"),
    Outcome.RATE_LIMITED.value: _("rate limited"),
    Outcome.QUOTA_EXHAUSTED.value: _("quota exhausted"),
    Outcome.OVERLOADED.value: _("overloaded"),
    Outcome.UNAUTHENTICATED.value: _("token refused"),
    Outcome.REVOKED.value: _("sign-in revoked"),
    Outcome.NEEDS_OWNER.value: _("needs its owner"),
    Outcome.REJECTED.value: _("wrong request"),
    Outcome.BARE_429.value: _("429 without a reason"),
    Outcome.EMPTY.value: _("empty response"),
    Outcome.DROPPED.value: _("connection dropped"),
    Outcome.TOKEN_UNAVAILABLE.value: _("token endpoint unavailable"),
    Outcome.REFUSED.value: _("refused without a reason"),
    Outcome.UNKNOWN_FIELD.value: _("unknown field"),
    Outcome.UNREACHABLE.value: _("unreachable"),
    Outcome.STALE_CONNECTION.value: _("stale connection"),
    Outcome.UNREADABLE.value: _("unreadable response"),
    Outcome.EGRESS_BLOCKED.value: _("egress blocked"),
    Outcome.TIMED_OUT.value: _("first-token timeout"),
    Outcome.INTERRUPTED.value: _("broken off"),
    Outcome.ABANDONED.value: _("client went away"),
    Outcome.DEADLINE_PASSED.value: _("client's deadline passed"),
    Outcome.GATEWAY_ERROR.value: _("gateway error"),
}


def outcome_in_words(outcome: str) -> str:
    """In the reader's language; one that nobody knows stands for itself."""
    return str(OUTCOMES.get(outcome, outcome))


def cause_in_words(outcome: str, message: str) -> str:
    """Why an account rests: the outcome it rests for, and what was said."""
    if not message:
        return outcome_in_words(outcome)
    return gettext("%(outcome)s: %(message)s") % {"outcome": outcome_in_words(outcome), "message": retold(message)}
