"""What happened: an upstream's answer other than a good one, read into a `Fault`. Whose fault it was is not said here.

The tables come first. A reason (google.rpc.ErrorInfo) is trusted wherever it stands; a text only where nothing a client
sends could have put it there, for a message may quote the request, and a client must not be able to talk an account out
of the pool. Sources: Google's `error_reason.proto`, gemini-cli's classification, bodies quoted in public issues.
"""

import re

from accounts_app.pool import foreign_text
from accounts_app.pool.outcomes import Fault, Outcome
from proxy_app.wire.delays import delay_in
from proxy_app.wire.error_bodies import ErrorBody, error_object, read_error

__all__ = ["classify", "delay_in", "error_in"]

# The account, not the request, and a person has to act: ErrorInfo.reason -> the value of Account.parked.
PARKED_BY_REASON = {
    "VALIDATION_REQUIRED": "verify",
    "TOS_VIOLATION": "terms",
    "CONSUMER_SUSPENDED": "terms",
    "SERVICE_DISABLED": "service_disabled",
    "CONSUMER_INVALID": "service_disabled",
    "BILLING_DISABLED": "service_disabled",
    "SUBSCRIPTION_REQUIRED": "subscription",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "sign_in",
    "API_KEY_INVALID": "misconfigured",
    "API_KEY_SERVICE_BLOCKED": "misconfigured",
    "API_KEY_HTTP_REFERRER_BLOCKED": "misconfigured",
    "API_KEY_IP_ADDRESS_BLOCKED": "misconfigured",
    "API_KEY_ANDROID_APP_BLOCKED": "misconfigured",
    "API_KEY_IOS_APP_BLOCKED": "misconfigured",
    "USER_PROJECT_DENIED": "misconfigured",
    "RESOURCE_PROJECT_INVALID": "misconfigured",
    "IAM_PERMISSION_DENIED": "misconfigured",
    # The account's organisation keeps it out (VPC Service Controls, organisation policies): every request of this
    # account will be refused, and no other account's.
    "SECURITY_POLICY_VIOLATED": "misconfigured",
    "ORG_RESTRICTION_VIOLATION": "misconfigured",
    "LOCATION_POLICY_VIOLATED": "misconfigured",
}

# The same by the beginning of the message, for answers without ErrorInfo. All of these speak of the credential or the
# project, which are ours; none is a place where Google quotes the request.
PARKED_BY_TEXT = tuple(
    (re.compile(pattern, re.IGNORECASE), parked)
    for pattern, parked in (
        (r"verify your account", "verify"),
        (r"this service has been disabled in this account for violation", "terms"),
        (r"consumer '[^']*' has been suspended", "terms"),
        (r"[\w ]+ api has not been used in project \S+ before or it is disabled", "service_disabled"),
        (r"permission denied on resource project", "service_disabled"),
        (r"permission '[\w.]+' denied on resource", "misconfigured"),
        (r"method doesn't allow unregistered callers", "misconfigured"),
        (r"(your )?api key (not valid|not found|expired|was reported as leaked)", "misconfigured"),
        (r"resource projects/\S+ could not be found", "misconfigured"),
        (r"invalid project resource name", "misconfigured"),
    )
)
# The licence texts vary; their end is a number of Google's own, or the name of the product.
_LICENCE = re.compile(r"\(#3501\)\W*$|gemini code assist licen[cs]e", re.IGNORECASE)
_ABOUT_A_RESOURCE = re.compile(r"you do not have permission to access the|cachedcontent", re.IGNORECASE)

_QUOTA_REASONS = ("QUOTA_EXHAUSTED", "INSUFFICIENT_G1_CREDITS_BALANCE")
_NO_QUOTA_AT_ALL = re.compile(r"\blimit: 0\b")
_QUOTA_TEXT = re.compile(r"individual quota reached|prepayment credits are depleted", re.IGNORECASE)
_CAPACITY_TEXT = re.compile(r"no capacity available|model is overloaded", re.IGNORECASE)
_PER_DAY = re.compile(r"per_?day|daily", re.IGNORECASE)
_PER_MINUTE = re.compile(r"per_?minute", re.IGNORECASE)
_A_MINUTE = 60.0

_WRONG_PLACE = re.compile(r"user location is not supported", re.IGNORECASE)
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)

_MESSAGE_LIMIT = 2000  # characters; Google's longest, the free-tier quota text, has about 1,200


def classify(status: int, body: bytes, content_type: str = "", now: float = 0.0) -> Fault:
    """What the answer `status` with `body` came to. `now` (epoch seconds) is for resets given as a moment.

    An error reported inside a 200 is read by its own code. An answer that is neither an error nor of any use (empty, a
    web page) counts as no answer at all: UNREACHABLE.
    """
    error = read_error(body)
    if error is None:
        return _without_words(status, body, content_type)
    code = status if status >= 400 else error.code
    if parked := _parked(code, error):
        return _fault(Outcome.NEEDS_OWNER, code, error, parked=parked, link=_link(error))
    if (code == 429 or code >= 500) and _capacity(error):
        return _fault(Outcome.OVERLOADED, code, error, delay=delay_in(error, now))
    if code == 429 or error.status == "RESOURCE_EXHAUSTED":
        return _limited(code, error, now)
    match code:
        case 401:
            return _fault(Outcome.UNAUTHENTICATED, code, error)
        case 400 if _WRONG_PLACE.match(error.message):
            # Not the request: it is served from elsewhere. Not the account either, strictly, but the place its calls
            # leave from, which may change by itself (a proxy, a VPN) and differs where accounts have proxies of their
            # own. So the account as a whole steps back for a short while and comes back unasked; parking would take
            # out a pool behind a flapping VPN until somebody had clicked through it.
            return _fault(Outcome.OVERLOADED, code, error, whole_account=True)
        case 408 | 499:
            return _fault(Outcome.OVERLOADED, code, error)
        case 501:
            return _fault(Outcome.REJECTED, code, error)  # the verb does not exist there, whoever asks
        case _ if code >= 500:
            return _fault(Outcome.OVERLOADED, code, error, delay=delay_in(error, now))
        case 0:
            return _fault(Outcome.UNREACHABLE, status, error)
    # 400, 404, 413 … and any 403 that does not speak of the account. If such a 403 were an account's after all, its
    # calls are refused with upstream's words until somebody looks; if it were held against accounts, one client asking
    # for a file that is not its own could park the whole pool, one account a try.
    return _fault(Outcome.REJECTED, code, error)


def error_in(payload: bytes) -> bytes | None:
    """The `{"error":…}` object that an event of a 200 stream, or a 200 body, is; None if it is an answer."""
    return error_object(payload)


def _parked(code: int, error: ErrorBody) -> str:
    if code not in (400, 401, 403, 404):
        return ""
    for reason in error.reasons:
        if reason in PARKED_BY_REASON:
            return PARKED_BY_REASON[reason]
    for text, parked in PARKED_BY_TEXT:
        if text.match(error.message):
            return parked
    if code == 403 and _LICENCE.search(error.message) and not _ABOUT_A_RESOURCE.match(error.message):
        return "subscription"
    return ""


def _capacity(error: ErrorBody) -> bool:
    """Whether the model, not the account, has nothing left; comes as 429 and as 503."""
    if any(reason.startswith("MODEL_CAPACITY_") for reason in error.reasons):
        return True
    return not error.reasons and _CAPACITY_TEXT.search(error.message) is not None


def _limited(code: int, error: ErrorBody, now: float) -> Fault:
    """A 429, told apart: a quota that is gone, a rate that was too high, or nothing said at all."""
    delay = delay_in(error, now)
    quotas = error.quota_ids
    whole_account = bool(quotas) and not any("model" in quota.lower() for quota in quotas)
    if _NO_QUOTA_AT_ALL.search(error.message) or any(_PER_DAY.search(quota) for quota in quotas):
        # Google adds a RetryInfo of seconds to these as well: a day's quota is not back within the minute.
        trusted = delay if delay is not None and delay > _A_MINUTE else None
        return _fault(Outcome.QUOTA_EXHAUSTED, code, error, delay=trusted, whole_account=whole_account)
    if any(reason in _QUOTA_REASONS for reason in error.reasons) or _QUOTA_TEXT.search(error.message):
        return _fault(Outcome.QUOTA_EXHAUSTED, code, error, delay=delay, whole_account=whole_account)
    if delay is None and any(_PER_MINUTE.search(quota) for quota in quotas):
        delay = _A_MINUTE
    bare = delay is None and not error.details
    return _fault(Outcome.RATE_LIMITED, code, error, delay=delay, whole_account=whole_account, bare=bare)


def _fault(
    outcome: Outcome,
    status: int,
    error: ErrorBody,
    *,
    delay: float | None = None,
    whole_account: bool = False,
    parked: str = "",
    link: str = "",
    bare: bool = False,
) -> Fault:
    return Fault(
        outcome,
        status=status,
        message=error.message[:_MESSAGE_LIMIT],
        delay=delay,
        whole_account=whole_account,
        reason=next(iter(error.reasons), ""),
        parked=parked,
        link=link,
        bare=bare,
    )


def _link(error: ErrorBody) -> str:
    """What the account's owner has to open. Only a web address: the admin makes a link of it."""
    metadata = error.metadata
    named = [metadata.get(name, "") for name in ("validation_url", "validation_link", "appeal_url", "activationUrl")]
    return next((link for link in [*named, *error.links] if link.startswith(("https://", "http://"))), "")


def _without_words(status: int, body: bytes, content_type: str) -> Fault:
    """An answer that is not Google's JSON: from a front end, a proxy on the way, or nobody."""
    is_page = "html" in content_type.lower() or body.lstrip()[:1] == b"<"
    fault = Fault(
        _outcome_without_words(status, is_page),
        status=status,
        message=foreign_text.cleaned(_plain_text(status, body, is_page)),
    )
    if fault.outcome is Outcome.RATE_LIMITED:
        return Fault(Outcome.RATE_LIMITED, status=status, message=fault.message, bare=True)
    return fault


def _outcome_without_words(status: int, is_page: bool) -> Outcome:
    match status:
        case 413:
            return Outcome.REJECTED  # the body's size is the client's, whoever measured it
        case 429:
            return Outcome.RATE_LIMITED
        case 408 | 499:
            return Outcome.OVERLOADED
        case 501:
            return Outcome.REJECTED
        case _ if status >= 500:
            return Outcome.OVERLOADED
        case 407:
            return Outcome.UNREACHABLE  # the account's own proxy wants a password
        case _ if status < 400 or is_page:
            # A web page with 401, 403 or 404 comes from something in front of the API (a captive portal, a wrong base
            # address). It has not even looked at the token, so nothing is held against the account.
            return Outcome.UNREACHABLE
        case 401:
            return Outcome.UNAUTHENTICATED
    return Outcome.REJECTED


def _plain_text(status: int, body: bytes, is_page: bool) -> str:
    if is_page:
        title = _TITLE.search(body[:4096])
        return title[1].decode("utf-8", "replace").strip() if title else f"A web page came with status {status}."
    if status < 400:
        return f"An answer with status {status} that cannot be read." if body.strip() else "An empty answer."
    return body[:_MESSAGE_LIMIT].decode("utf-8", "replace").strip() or f"Status {status} without a body."
