"""The tables of faults, row by row: the reasons and texts for which an account needs attention, and the statuses."""

import json

import pytest

from accounts_app.pool.outcomes import Outcome
from proxy_app.wire.faults.faults import ATTENTION_BY_REASON, classify

NOW = 1_790_000_000.0
REASONS = {
    "verify": ["VALIDATION_REQUIRED"],
    "terms": ["TOS_VIOLATION"],
    "suspended": ["CONSUMER_SUSPENDED", "GCP_SUSPENDED"],
    "service_disabled": ["SERVICE_DISABLED", "CONSUMER_INVALID", "SERVICE_NOT_VISIBLE", "BILLING_DISABLED"],
    "subscription": ["SUBSCRIPTION_REQUIRED"],
    "sign_in": ["ACCESS_TOKEN_SCOPE_INSUFFICIENT", "ACCOUNT_STATE_INVALID"],
    "misconfigured": [
        *("API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED", "API_KEY_HTTP_REFERRER_BLOCKED", "API_KEY_IP_ADDRESS_BLOCKED"),
        *("API_KEY_ANDROID_APP_BLOCKED", "API_KEY_IOS_APP_BLOCKED", "USER_PROJECT_DENIED", "RESOURCE_PROJECT_INVALID"),
        *("IAM_PERMISSION_DENIED", "SECURITY_POLICY_VIOLATED", "ORG_RESTRICTION_VIOLATION"),
        "LOCATION_POLICY_VIOLATED",
    ],
}
TEXTS = [
    ("Verify your account to continue.", "verify"),
    ("This service has been disabled in this account for violation of the Terms of Service.", "terms"),
    ("Permission denied: Consumer 'projects/1' has been suspended.", "suspended"),
    ("Consumer 'api_key:x' has been suspended.", "suspended"),
    ("Gemini API has not been used in project 12 before or it is disabled.", "service_disabled"),
    ("Permission denied on resource project x.", "service_disabled"),
    ("Permission 'a.b' denied on resource //x.", "misconfigured"),
    ("Method doesn't allow unregistered callers.", "misconfigured"),
    ("Your API key was reported as leaked. Please use another API key.", "dead_key"),
    ("The API key has been deleted.", "dead_key"),
    ("API key not valid. Please pass a valid API key.", "misconfigured"),
    ("API key expired. Please renew the API key.", "misconfigured"),
    ("The API key has expired.", "misconfigured"),
    ("Resource projects/x could not be found.", "misconfigured"),
    ("Invalid project resource name projects/", "misconfigured"),
]


def read(status: int, message: str = "m", now: float = 0.0, **error):
    return classify(status, json.dumps({"error": {"code": status, "message": message, **error}}).encode(), now=now)


def info(reason: str = "", **metadata: str) -> list[dict[str, object]]:
    return [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "metadata": metadata}]


def quota(name: str, **retry: object) -> list[dict[str, object]]:
    failure = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": name}]}
    return [failure, {"@type": "type.googleapis.com/google.rpc.RetryInfo", **retry}] if retry else [failure]


def test_these_are_all_reasons():
    assert {reason: parked for parked, reasons in REASONS.items() for reason in reasons} == ATTENTION_BY_REASON


@pytest.mark.parametrize(("text", "parked"), TEXTS)
def test_a_text_keeps_an_account_out_where_it_begins_so(text, parked):
    fault = read(403, text)

    assert (fault.outcome, fault.parked, fault.status) == (Outcome.NEEDS_OWNER, parked, 403)
    assert read(403, f"They said: {text}").parked == ""


@pytest.mark.parametrize(
    ("status", "parked"), [(400, True), (401, True), (402, False), (403, True), (404, True), (409, False), (429, False)]
)
def test_only_some_statuses_can_be_about_the_account(status, parked):
    assert bool(read(status, details=info("SERVICE_DISABLED")).parked) is parked


@pytest.mark.parametrize("text", ["You do not have permission to access the File", "CachedContent not found"])
@pytest.mark.parametrize("status", [403, 404])
def test_what_is_about_a_resource_of_the_clients_is_the_requests(text, status):
    assert read(status, text).outcome is Outcome.REJECTED
    assert read(status, f"Sorry. {text}").outcome is Outcome.REFUSED


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (400, Outcome.REJECTED),
        (401, Outcome.UNAUTHENTICATED),
        (408, Outcome.OVERLOADED),
        (409, Outcome.REJECTED),
        (413, Outcome.REJECTED),
        (499, Outcome.REJECTED),
        (500, Outcome.OVERLOADED),
        (501, Outcome.REJECTED),
        (502, Outcome.OVERLOADED),
    ],
)
def test_a_status_without_a_word_that_is_known(status, outcome):
    assert (read(status).outcome, read(status).status) == (outcome, status)


def test_an_error_inside_a_200_is_read_by_its_own_code():
    inside = classify(200, b'{"error":{"code":400,"message":"m"}}')

    assert (inside.outcome, inside.status) == (Outcome.REJECTED, 400)
    assert classify(400, b'{"error":{"code":503,"message":"m"}}').outcome is Outcome.REJECTED
    assert classify(200, b'{"error":{"message":"m"}}').status == 200


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_model_without_capacity_is_no_accounts_quota(status):
    assert read(status, details=info("MODEL_CAPACITY_EXHAUSTED")).outcome is Outcome.OVERLOADED
    assert read(status, "The model is overloaded.").outcome is Outcome.OVERLOADED


@pytest.mark.parametrize("feature", ["GroundedQueries", "SearchPerDay", "paid_feature", "PaidFeature", "CacheStorage"])
def test_a_quota_of_a_feature_is_not_the_models(feature):
    assert read(429, details=quota(feature)).outcome is Outcome.REFUSED


@pytest.mark.parametrize(("said", "taken"), [("60s", False), ("61s", True)])
def test_a_days_quota_is_not_back_within_the_minute(said, taken):
    fault = read(429, details=quota("RequestsPerDay", retryDelay=said), now=NOW)

    assert fault.outcome is Outcome.QUOTA_EXHAUSTED
    assert (fault.delay == 61.0) is taken
    assert fault.delay is not None and fault.delay > 60.0


def test_without_a_clock_the_end_of_a_day_is_unknown():
    body = json.dumps({"error": {"code": 429, "details": quota("RequestsPerDay")}}).encode()

    assert classify(429, body).delay is None


@pytest.mark.parametrize("name", ["validation_url", "validation_link", "appeal_url", "activationUrl"])
@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("https://a.example/x", "https://a.example/x"),
        ("http://a.example/x", "http://a.example/x"),
        ("javascript:alert(1)", ""),
        ("httpx://a", ""),
        ("", ""),
    ],
)
def test_only_a_web_address_is_a_link(name, address, link):
    assert read(403, details=info("VALIDATION_REQUIRED", **{name: address})).link == link


@pytest.mark.parametrize(
    ("status", "blocked"), [(399, False), (400, True), (403, True), (429, True), (499, True), (500, False)]
)
def test_a_page_about_unusual_traffic_is_about_the_place_calls_leave_from(status, blocked):
    page = b"<html><title>Sorry</title>Our systems have detected unusual traffic</html>"

    assert (classify(status, page, "text/html").outcome is Outcome.EGRESS_BLOCKED) is blocked


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, b"", Outcome.EMPTY),
        (204, b" \r\n", Outcome.EMPTY),
        (200, b"x", Outcome.UNREADABLE),
        (399, b"x", Outcome.UNREADABLE),
        (400, b"x", Outcome.REJECTED),
        (400, b"<html>", Outcome.UNREADABLE),
        (401, b"x", Outcome.UNAUTHENTICATED),
        (401, b"<html>", Outcome.UNREADABLE),
        (402, b"x", Outcome.REJECTED),
        (403, b"x", Outcome.REFUSED),
        (404, b"x", Outcome.REFUSED),
        (405, b"x", Outcome.REJECTED),
        (408, b"x", Outcome.OVERLOADED),
        (409, b"x", Outcome.REJECTED),
        (413, b"<html>", Outcome.REJECTED),
        (429, b"x", Outcome.BARE_429),
        (498, b"x", Outcome.REJECTED),
        (499, b"x", Outcome.REJECTED),
        (500, b"<html>", Outcome.OVERLOADED),
        (501, b"<html>", Outcome.REJECTED),
        (503, b"", Outcome.OVERLOADED),
    ],
)
def test_an_answer_without_googles_words_is_read_by_its_status(status, body, outcome):
    fault = classify(status, body)

    assert (fault.outcome, fault.status) == (outcome, status)


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (503, b"", "Status 503 without a body."),
        (503, b" \xff too busy ", "\ufffd too busy"),
        (200, b"", "An empty answer."),
        (200, b"x", "An answer with status 200 that cannot be read."),
        (502, b"<html><title> Bad\xff Gateway </title>", "Bad\ufffd Gateway"),
        (502, b"<html><TITLE class=x>Bad Gateway</TITLE>", "Bad Gateway"),
        (502, b"<html>", "A web page came with status 502."),
        (502, b"<" + b"x" * 4096 + b"<title>far away</title>", "A web page came with status 502."),
    ],
)
def test_its_message_is_its_own_text_as_far_as_it_has_any(status, body, message):
    assert classify(status, body).message == message


@pytest.mark.parametrize("words", [b"unusual traffic", b"Automated queries", b"automated requests"])
@pytest.mark.parametrize(("before", "seen"), [(0, True), (16_300, True), (16_384, False)])
def test_the_beginning_of_a_page_tells_whether_it_is_about_traffic(words, before, seen):
    fault = classify(403, b"<html>" + b" " * before + words, "text/html")

    assert (fault.outcome is Outcome.EGRESS_BLOCKED) is seen


def test_a_text_of_any_length_is_cut():
    assert len(classify(503, b"x" * 5000).message) == 2000
    assert len(read(503, "x " * 5000).message) == 2000
