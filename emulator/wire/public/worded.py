"""Errors of interactions and what goes with them: Google's status in a word, as its page of error codes lists them."""

from __future__ import annotations

from emulator.wire.errors import ErrorBody, Refused, WordedError

# The collections whose errors have this form.
WORDED = frozenset(
    {"agents", "credentials", "decisions", "environments", "interactions", "triggers", "voices", "webhooks"}
)

_WORDS = {
    400: "invalid_request",
    401: "authentication",
    402: "payment_required",
    403: "permission_denied",
    404: "not_found",
    409: "already_exists",
    416: "out_of_range",
    429: "rate_limit_exceeded",
    499: "cancelled",
    500: "api_error",
    503: "service_unavailable",
    504: "deadline_exceeded",
}
# What a text says more than its status does.
_TELLING = (
    ("is not found for API version", "model_not_found"),
    ("Cannot find field.", "parameter_unknown"),
    ("Precondition check failed.", "failed_precondition"),
    ("PerDay", "quota_exceeded"),
)


def worded(error: ErrorBody) -> WordedError:
    """The same error with a word for its code; a key that is missing or wrong is a 401 here."""
    told = f"{error.message} {error.details}"
    if "API_KEY_INVALID" in told or "unregistered callers" in told:
        return WordedError(401, error.message, "authentication")
    if error.name == "FAILED_PRECONDITION":
        return WordedError(error.status, error.message, "failed_precondition")
    word = next((word for text, word in _TELLING if text in told), _WORDS.get(error.status, "api_error"))
    return WordedError(error.status, error.message, word)


def refuse_in_words(status: int, message: str, word: str = "") -> Refused:
    return Refused(WordedError(status, message, word or _WORDS[status]))
