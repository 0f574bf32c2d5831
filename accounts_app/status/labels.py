"""The names of outcomes in the console. The request log, response headers and the logs keep their values."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts_app.pool.outcomes import Outcome, Refusal
from accounts_app.status.translate import translated

OUTCOMES: Mapping[str, str | Promise] = {
    Outcome.SUCCEEDED.value: _("succeeded"),
    Outcome.RATE_LIMITED.value: _("rate limited"),
    Outcome.QUOTA_EXHAUSTED.value: _("quota exhausted"),
    Outcome.OVERLOADED.value: _("overloaded"),
    Outcome.UNAUTHENTICATED.value: _("token refused"),
    Outcome.REVOKED.value: _("sign-in revoked"),
    Outcome.NEEDS_OWNER.value: _("account action required"),
    Outcome.REJECTED.value: _("invalid request"),
    Outcome.BARE_429.value: _("429 without a reason"),
    Outcome.EMPTY.value: _("empty response"),
    Outcome.DROPPED.value: _("connection dropped"),
    Outcome.TOKEN_UNAVAILABLE.value: _("token endpoint unavailable"),
    Outcome.NOT_COPIED.value: _("file not copied"),
    Outcome.REFUSED.value: _("refused without a reason"),
    Outcome.UNKNOWN_FIELD.value: _("unknown field"),
    Outcome.UNREACHABLE.value: _("unreachable"),
    Outcome.STALE_CONNECTION.value: _("stale connection"),
    Outcome.VERSION_MISSING.value: _("API version without this method"),
    Outcome.LAYER_CLOSED.value: _("OpenAI layer refuses the key"),
    Outcome.UNREADABLE.value: _("unreadable response"),
    Outcome.EGRESS_BLOCKED.value: _("egress blocked"),
    Outcome.TIMED_OUT.value: _("first-token timeout"),
    Outcome.INTERRUPTED.value: _("stream interrupted"),
    Outcome.ABANDONED.value: _("client disconnected"),
    Outcome.DEADLINE_PASSED.value: _("client's deadline passed"),
    Outcome.GATEWAY_ERROR.value: _("gateway error"),
    Refusal.KEY_MISSING.value: _("key missing"),
    Refusal.KEY_INVALID.value: _("invalid key"),
    Refusal.ADDRESS_NOT_ALLOWED.value: _("address not allowed"),
    Refusal.ORIGIN_NOT_ALLOWED.value: _("web page not allowed"),
    Refusal.MODEL_NOT_ALLOWED.value: _("model not allowed"),
    Refusal.KEY_LIMIT.value: _("key limit reached"),
    Refusal.GROUP_LIMIT.value: _("group limit reached"),
    Refusal.NO_ACCOUNT.value: _("no account available"),
    Refusal.RESOURCE_NOT_FOUND.value: _("resource not found"),
    Refusal.UNSUPPORTED.value: _("method not supported"),
    Refusal.MALFORMED.value: _("malformed request"),
    Refusal.TOO_LARGE.value: _("request too large"),
    Refusal.TOO_SLOW.value: _("request too slow"),
    Refusal.LEFT_EARLY.value: _("client disconnected while queued"),
}

# In the sums of version 0.1.0 this is what all refusals are counted as.
_FORMER = {"turned_away": _("refused")}

# What helps a call that was refused before an account was asked.
REMEDIES: Mapping[str, str | Promise] = {
    Refusal.KEY_MISSING.value: _(
        "The client sent no API key. It goes into x-goog-api-key, x-api-key, Authorization: Bearer or ?key=; keys are "
        "issued under API keys."
    ),
    Refusal.KEY_INVALID.value: _(
        "The client's key is not one of this gateway, has been revoked or has expired. Issue a key under API keys and "
        "set it in the client; Google's own keys belong under Accounts."
    ),
    Refusal.ADDRESS_NOT_ALLOWED.value: _(
        "The key may be used only from the addresses that are set for it under API keys. Behind a reverse proxy, name "
        "the proxy in GATEWAY_TRUSTED_PROXIES, so that the client's own address is seen."
    ),
    Refusal.ORIGIN_NOT_ALLOWED.value: _(
        "Web pages and unknown host names need a key. Send one, or allow the origin in GATEWAY_CORS_ORIGINS or the "
        "name in GATEWAY_ALLOWED_HOSTS."
    ),
    Refusal.MODEL_NOT_ALLOWED.value: _("Add the model to those that the key may use, under API keys."),
    Refusal.KEY_LIMIT.value: _(
        "The key has used up a limit that is set for it under API keys. Wait until it is free again, or raise it there."
    ),
    Refusal.GROUP_LIMIT.value: _(
        "The key's group has stored or runs as much as is set for it under Groups. Delete files or cancel jobs under "
        "Resources, or raise the limit."
    ),
    Refusal.NO_ACCOUNT.value: _(
        "No account could serve the model at that time. The page of accounts says what each one waits for; another "
        "account, or a route to another model, helps at once."
    ),
    Refusal.RESOURCE_NOT_FOUND.value: _(
        "The file, cache, batch or store is not there any more, or another group of API keys made it. An operator can "
        "share it under Resources."
    ),
    Refusal.UNSUPPORTED.value: _("No connected account serves this method. An account with a Gemini API key may."),
    Refusal.MALFORMED.value: _("The client has to send something else; the message says what could not be read."),
    Refusal.TOO_LARGE.value: _("The body is larger than GATEWAY_MAX_BODY_MB allows. Send less, or raise it."),
    Refusal.TOO_SLOW.value: _("The client took too long to send its request. Look at its network."),
    Refusal.LEFT_EARLY.value: _(
        "The client hung up while the call waited for an account. Give it a longer timeout, or lower GATEWAY_MAX_WAIT."
    ),
}


def outcome_label(outcome: str) -> str:
    """In the reader's language; an unknown outcome stands for itself."""
    return str(OUTCOMES.get(outcome) or _FORMER.get(outcome, outcome))


def cause_label(outcome: str, message: str) -> str:
    """Why an account is cooling down: an outcome, and upstream's message."""
    if not message:
        return outcome_label(outcome)
    return gettext("%(outcome)s: %(message)s") % {"outcome": outcome_label(outcome), "message": translated(message)}
