"""Reads an upstream's answer other than a good one into a `Fault`: what happened, and not yet whose fault it was.

The tables come first. A reason (google.rpc.ErrorInfo) is trusted wherever it stands; a text only where no client can
have put it: a message may quote the request, and a client must not be able to have an account taken out of the pool.
Sources: Google's `error_reason.proto`, gemini-cli's classification, bodies quoted in public issues.
"""

import re

from accounts_app.pool import foreign_text
from accounts_app.pool.outcomes import Fault, Outcome
from proxy_app.wire.faults.delays import delay_in, header_delay, until_the_day_is_over
from proxy_app.wire.faults.error_bodies import ErrorBody, error_object, read_error
from proxy_app.wire.faults.masking import masked, masked_bytes

__all__ = ["classify", "delay_in", "error_in", "storage_is_full"]

# The account needs attention, whatever the request was: ErrorInfo.reason -> the value of `Account.parked`.
ATTENTION_BY_REASON = {
    "VALIDATION_REQUIRED": "verify",
    "TOS_VIOLATION": "terms",
    "CONSUMER_SUSPENDED": "suspended",
    "GCP_SUSPENDED": "suspended",
    "SERVICE_DISABLED": "service_disabled",
    "CONSUMER_INVALID": "service_disabled",
    "SERVICE_NOT_VISIBLE": "service_disabled",
    "BILLING_DISABLED": "service_disabled",
    "SUBSCRIPTION_REQUIRED": "subscription",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "sign_in",
    "ACCOUNT_STATE_INVALID": "sign_in",
    "API_KEY_INVALID": "misconfigured",
    "API_KEY_SERVICE_BLOCKED": "misconfigured",
    "API_KEY_HTTP_REFERRER_BLOCKED": "misconfigured",
    "API_KEY_IP_ADDRESS_BLOCKED": "misconfigured",
    "API_KEY_ANDROID_APP_BLOCKED": "misconfigured",
    "API_KEY_IOS_APP_BLOCKED": "misconfigured",
    "USER_PROJECT_DENIED": "misconfigured",
    "RESOURCE_PROJECT_INVALID": "misconfigured",
    "IAM_PERMISSION_DENIED": "misconfigured",
    # The account's organisation shuts it out (VPC Service Controls, organisation policies): every request of this
    # account is refused, and no other account's.
    "SECURITY_POLICY_VIOLATED": "misconfigured",
    "ORG_RESTRICTION_VIOLATION": "misconfigured",
    "LOCATION_POLICY_VIOLATED": "misconfigured",
}

# The same by the beginning of the message, for answers without ErrorInfo. All of these are about the credential or the
# project, which are the gateway's; in none of these places does Google quote the request.
ATTENTION_BY_TEXT = tuple(
    (re.compile(pattern, re.IGNORECASE), parked)
    for pattern, parked in (
        (r"verify your account", "verify"),
        (r"this service has been disabled in this account for violation", "terms"),
        (r"(permission denied: )?consumer '?[^\s']*'? has been suspended", "suspended"),
        (r"[\w ]+ api has not been used in project \S+ before or it is disabled", "service_disabled"),
        (r"permission denied on resource project", "service_disabled"),
        (r"permission '[\w.]+' denied on resource", "misconfigured"),
        (r"method doesn't allow unregistered callers", "misconfigured"),
        (r"(the |your )?api key (was|has been) (reported as )?(leaked|deleted)", "dead_key"),
        (r"(the |your )?api key (is )?(not valid|not found|invalid|(has )?expired)", "misconfigured"),
        (r"resource projects/\S+ could not be found", "misconfigured"),
        (r"invalid project resource name", "misconfigured"),
    )
)
# The licence texts vary; what they share is a number of Google's at the end, or the name of the product.
_LICENCE = re.compile(r"\(#3501\)\W*$|gemini code assist licen[cs]e", re.IGNORECASE)
_ABOUT_A_RESOURCE = re.compile(r"you do not have permission to access the|cachedcontent", re.IGNORECASE)

_QUOTA_REASONS = ("QUOTA_EXHAUSTED", "INSUFFICIENT_G1_CREDITS_BALANCE")
_QUOTA_TEXT = re.compile(r"individual quota reached", re.IGNORECASE)
# The project has run out of money: neither waiting nor another model helps.
_OUT_OF_MONEY = re.compile(
    r"(your )?prepa(yment|id) credits (are|have been) (depleted|used up|exhausted)"
    r"|.{0,200}\bexceeded its monthly spending cap",
    re.IGNORECASE,
)
# Quotas that are not the model's: of a feature that the request uses, or one that is 0 for this project.
_NO_QUOTA_AT_ALL = re.compile(r"\blimit: 0\b")
_FEATURE = re.compile(r"ground|search|maps|storage|cache|batch|session|tuning|paid_?feature", re.IGNORECASE)
_STORAGE_QUOTAS = ("FileStorageBytesPerProject",)
_CAPACITY_TEXT = re.compile(r"no capacity available|model is overloaded", re.IGNORECASE)
_PER_DAY = re.compile(r"per_?day|daily", re.IGNORECASE)
_PER_MINUTE = re.compile(r"per_?minute", re.IGNORECASE)
_A_MINUTE = 60.0

_WRONG_PLACE = re.compile(
    r"user location is not supported|(your|the caller's?) ip( address)? .{0,60}\bblocked", re.IGNORECASE
)
_UNUSUAL_TRAFFIC = re.compile(rb"unusual traffic|automated (queries|requests)", re.IGNORECASE)
_UNKNOWN_FIELD = re.compile(r'(invalid json payload received\. )?unknown name ".{0,300}?cannot find field', re.I | re.S)
# Google itself has read one credential as two; the gateway sends one.
_TWO_CREDENTIALS = re.compile("multiple authentication credentials received", re.IGNORECASE)
_BILLING = re.compile(r"\bbill(ed|ing)\b", re.IGNORECASE)
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)

_MESSAGE_LIMIT = 2000  # characters; Google's longest, the free-tier quota text, has about 1,200
_PAGE_LIMIT = 16 * 1024  # bytes of a web page that are searched


def classify(status: int, body: bytes, content_type: str = "", now: float = 0.0, retry_after: str = "") -> Fault:
    """The fault in the answer `status` with `body`; secrets in its text are masked.

    `now` (epoch seconds) is for resets given as a moment, `retry_after` the header of that name. An error reported
    inside a 200 is read by its own code. An answer that is neither an error nor of any use is EMPTY or UNREADABLE.
    """
    error = read_error(body)
    delay = header_delay(retry_after, now) if retry_after else None
    if error is None:
        return _without_words(status, body, content_type, delay)
    code = status if status >= 400 else error.code
    if (stated := delay_in(error, now)) is not None:
        delay = stated
    if parked := _attention(code, error):
        return _fault(Outcome.NEEDS_OWNER, code, error, parked=parked, link=_link(error))
    if code == 400 and _TWO_CREDENTIALS.match(error.message):
        return _fault(Outcome.OVERLOADED, 503, error)
    if (code == 429 or code >= 500) and _capacity(error):
        return _fault(Outcome.OVERLOADED, code, error, delay=delay)
    if code == 429 or error.status == "RESOURCE_EXHAUSTED":
        return _limited(code, error, delay, now)
    if code == 408 or (code >= 500 and code != 501):
        return _fault(Outcome.OVERLOADED, code, error, delay=delay)
    return _fault(_outcome_of(code, error), code or status, error)


def _outcome_of(code: int, error: ErrorBody) -> Outcome:
    """The outcome of an error that is about neither a quota nor a server."""
    match code:
        case 401:
            return Outcome.UNAUTHENTICATED
        case 400 | 403 if _WRONG_PLACE.match(error.message):
            # Neither the request nor the account is at fault, but the address that the call leaves from.
            return Outcome.EGRESS_BLOCKED
        case 400 if _UNKNOWN_FIELD.match(error.message):
            return Outcome.UNKNOWN_FIELD
        case 400 if _BILLING.search(error.message):
            return Outcome.REFUSED
        case 403 | 404 if not _ABOUT_A_RESOURCE.match(error.message):
            # It may be about the account or the request: no account is taken out of the pool, or one client could take
            # out all of them.
            return Outcome.REFUSED
        case 0:
            return Outcome.UNREADABLE
    return Outcome.REJECTED  # 400, 409, 413, 416 …, and 501: the verb does not exist there for any account


def storage_is_full(body: bytes) -> bool:
    """Whether an error says that a project's storage for files is full."""
    error = read_error(body)
    return error is not None and any(quota in _STORAGE_QUOTAS for quota in error.quota_ids)


def error_in(payload: bytes, *, of_a_resource: bool = False) -> bytes | None:
    """The `{"error":…}` object in an event or a body, its secrets masked; None if it is an answer. With `of_a_resource`
    it may be a resource that has an error.
    """
    error = error_object(payload, of_a_resource=of_a_resource)
    return None if error is None else masked_bytes(error)


def _attention(code: int, error: ErrorBody) -> str:
    """Why the account needs attention, a value of `Account.parked`; "" if it does not."""
    if code not in (400, 401, 403, 404):
        return ""
    for reason in error.reasons:
        if reason in ATTENTION_BY_REASON:
            return ATTENTION_BY_REASON[reason]
    for text, parked in ATTENTION_BY_TEXT:
        if text.match(error.message):
            return parked
    if code == 403 and _LICENCE.search(error.message) and not _ABOUT_A_RESOURCE.match(error.message):
        return "subscription"
    return ""


def _capacity(error: ErrorBody) -> bool:
    """Whether the model, not the account, is out of capacity; comes as 429 and as 503."""
    if any(reason.startswith("MODEL_CAPACITY_") for reason in error.reasons):
        return True
    return not error.reasons and _CAPACITY_TEXT.search(error.message) is not None


def _limited(code: int, error: ErrorBody, delay: float | None, now: float) -> Fault:
    """The fault in a 429: no money, a feature's quota, an exhausted quota, a rate limit, or one without details."""
    quotas = error.quota_ids
    named = [*quotas, *error.quota_metrics]
    whole_account = bool(quotas) and not error.names_a_model
    if _OUT_OF_MONEY.match(error.message):
        return _fault(Outcome.NEEDS_OWNER, code, error, parked="billing", link=_link(error))
    if _NO_QUOTA_AT_ALL.search(error.message) or any(_FEATURE.search(name) for name in named):
        return _fault(Outcome.REFUSED, code, error)
    if any(_PER_DAY.search(quota) for quota in quotas):
        # Google adds a RetryInfo of seconds to these as well, but a daily quota is not back within a minute.
        if delay is None or delay <= _A_MINUTE:
            delay = until_the_day_is_over(now) if now else None
        return _fault(Outcome.QUOTA_EXHAUSTED, code, error, delay=delay, whole_account=whole_account)
    if any(reason in _QUOTA_REASONS for reason in error.reasons) or _QUOTA_TEXT.search(error.message):
        return _fault(Outcome.QUOTA_EXHAUSTED, code, error, delay=delay, whole_account=whole_account)
    if delay is None and any(_PER_MINUTE.search(quota) for quota in quotas):
        delay = _A_MINUTE
    if delay is None and not error.details:
        return _fault(Outcome.BARE_429, code, error)
    return _fault(Outcome.RATE_LIMITED, code, error, delay=delay, whole_account=whole_account)


def _fault(
    outcome: Outcome,
    status: int,
    error: ErrorBody,
    *,
    delay: float | None = None,
    whole_account: bool = False,
    parked: str = "",
    link: str = "",
) -> Fault:
    return Fault(
        outcome,
        status=status,
        message=masked(error.message)[:_MESSAGE_LIMIT],
        delay=delay,
        whole_account=whole_account,
        reason=next(iter(error.reasons), ""),
        parked=parked,
        link=link,
        consumer=error.consumer,
    )


def _link(error: ErrorBody) -> str:
    """The address that the account's owner has to open, "" for none. http(s) only: the console makes a link of it."""
    metadata = error.metadata
    named = [metadata.get(name, "") for name in ("validation_url", "validation_link", "appeal_url", "activationUrl")]
    return next((link for link in [*named, *error.links] if link.startswith(("https://", "http://"))), "")


def _without_words(status: int, body: bytes, content_type: str, delay: float | None) -> Fault:
    """The fault in an answer that is not Google's JSON: from a front end, from a proxy on the way, or empty."""
    is_page = "html" in content_type.lower() or body.lstrip()[:1] == b"<"
    message = masked(foreign_text.cleaned(_plain_text(status, body, is_page)))
    if is_page and 400 <= status < 500 and _UNUSUAL_TRAFFIC.search(body[:_PAGE_LIMIT]):
        return Fault(Outcome.EGRESS_BLOCKED, status, message)
    if status == 429:
        return Fault(Outcome.BARE_429 if delay is None else Outcome.RATE_LIMITED, status, message, delay)
    if status == 408 or (status >= 500 and status != 501):
        return Fault(Outcome.OVERLOADED, status, message, delay)
    return Fault(_outcome_without_words(status, body, is_page), status, message)


def _outcome_without_words(status: int, body: bytes, is_page: bool) -> Outcome:
    match status:
        case 413 | 501:
            return Outcome.REJECTED  # the body's size and the verb are the client's
        case _ if status < 400 and not body.strip():
            return Outcome.EMPTY
        case _ if status < 400 or is_page:
            # A web page with 401, 403 or 404 comes from something in front of the API (a captive portal, a wrong base
            # address), which has not checked the token: the account is not to blame.
            return Outcome.UNREADABLE
        case 401:
            return Outcome.UNAUTHENTICATED
        case 403 | 404:
            return Outcome.REFUSED
    return Outcome.REJECTED


def _plain_text(status: int, body: bytes, is_page: bool) -> str:
    if is_page:
        title = _TITLE.search(body[:4096])
        return title[1].decode("utf-8", "replace").strip() if title else f"A web page came with status {status}."
    if status < 400:
        return f"An answer with status {status} that cannot be read." if body.strip() else "An empty answer."
    return body[:_MESSAGE_LIMIT].decode("utf-8", "replace").strip() or f"Status {status} without a body."
