"""The catalogue and the scripts: every fault by name, for whom it is meant, and how streams go wrong."""

import json

import httpx
import pytest

from emulator import FAULTS, Emulator, ErrorForm, Reply, Style, UsageForm
from tests.emulator.conftest import Caller, error_of, events_of, text_of

OWNERS = {
    "validation_required": "VALIDATION_REQUIRED",
    "tos_violation": "TOS_VIOLATION",
    "service_disabled": "SERVICE_DISABLED",
    "consumer_invalid": "CONSUMER_INVALID",
    "subscription_required": "SUBSCRIPTION_REQUIRED",
    "security_policy_violated": "SECURITY_POLICY_VIOLATED",
    "scope_insufficient": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    "key_service_blocked": "API_KEY_SERVICE_BLOCKED",
    "consumer_suspended": "CONSUMER_SUSPENDED",
}
BREAKS = ("hang_up", "reset", "stall", "stall_after_headers", "cut_body")
STREAMED = sorted(name for name in FAULTS if "first" in name and name.startswith(("cut", "reset", "stall")))


def stream_bytes(google: Emulator, caller: Caller, **query: str) -> bytes:
    body = caller.envelope("Explain bees")
    return caller.internal("streamGenerateContent", body, params=query or {"alt": "sse"}).content


# -- the catalogue --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in BREAKS and name not in STREAMED])
def test_every_fault_can_be_had_by_its_name(google: Emulator, caller: Caller, name: str):
    google.script(name)

    answered = caller.internal("streamGenerateContent", caller.envelope(), params={"alt": "sse"})

    assert 200 <= answered.status_code < 600
    assert google.requests[0].fault in {name, "style"}
    google.wait_for_silence()


def test_an_unknown_fault_is_named(google: Emulator):
    with pytest.raises(KeyError, match="no fault is named 'quota_exausted'"):
        google.script("quota_exausted")


@pytest.mark.parametrize(("name", "reason"), OWNERS.items())
def test_faults_for_the_owner_are_403_with_a_reason(google: Emulator, caller: Caller, name: str, reason: str):
    google.script(name)

    answered = caller.internal("generateContent", caller.envelope())

    assert (answered.status_code, error_of(answered)["status"]) == (403, "PERMISSION_DENIED")
    assert error_of(answered)["details"][0]["reason"] == reason


def test_validation_comes_with_its_link_twice(google: Emulator, caller: Caller):
    google.script("validation_required")

    info, links = error_of(caller.internal("generateContent", caller.envelope()))["details"]

    assert info["metadata"]["validation_url"] == links["links"][0]["url"]


def test_a_rate_limit_tells_its_delay_in_both_spellings(google: Emulator, caller: Caller):
    google.script("rate_limited")
    google.script("rate_limited", delay=3725.5)

    first, second = [error_of(caller.internal("generateContent", caller.envelope()))["details"] for _ in range(2)]

    assert first[0]["metadata"]["quotaResetDelay"] == "539.477544ms"
    assert first[1]["retryDelay"] == "0.539477544s"
    assert second[0]["metadata"]["quotaResetDelay"] == "1h2m5.5s"
    assert second[1]["retryDelay"] == "3725.5s"


def test_a_bare_429_has_no_details(google: Emulator, caller: Caller):
    google.script("bare_429")

    error = error_of(caller.internal("generateContent", caller.envelope()))

    assert error == {
        "code": 429,
        "message": "Resource has been exhausted (e.g. check quota).",
        "status": "RESOURCE_EXHAUSTED",
    }


def test_the_public_form_of_a_quota_failure(google: Emulator, caller: Caller):
    google.script("per_minute")

    error = error_of(caller.public("models/gemini-2.5-pro:generateContent", {}))

    assert error["message"].endswith("limit: 2\nPlease retry in 56.185908122s.")
    violation = error["details"][0]["violations"][0]
    assert violation["quotaId"] == "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
    assert violation["quotaDimensions"]["model"] == "gemini-2.5-pro"
    assert error["details"][2]["retryDelay"] == "56s"


def test_a_nested_error_is_json_within_json(google: Emulator, caller: Caller):
    google.script("nested_429")

    error = error_of(caller.internal("generateContent", caller.envelope()))

    assert json.loads(error["message"])["error"]["details"][0]["reason"] == "RATE_LIMIT_EXCEEDED"


def test_a_front_ends_page_is_html(google: Emulator, caller: Caller):
    google.script("html_502")

    answered = caller.internal("generateContent", caller.envelope())

    assert (answered.status_code, answered.headers["content-type"]) == (502, "text/html; charset=UTF-8")


def test_a_token_endpoint_fault_is_for_the_token_endpoint(google: Emulator, caller: Caller):
    google.script("invalid_rapt", method="token", account="alice@example.com")
    form = {"grant_type": "refresh_token", "refresh_token": caller.account.refresh_token, "client_id": "me"}

    refused, granted = [caller.http.post(google.token_url, data=form) for _ in range(2)]

    assert refused.json()["error_subtype"] == "invalid_rapt"
    assert granted.status_code == 200


# -- for whom -------------------------------------------------------------------------------------------------------


def test_a_script_is_for_its_account_model_and_method(google: Emulator, caller: Caller):
    bob = Caller(google, google.add_account("bob@example.com"), caller.http)
    google.script("overloaded", account=bob.account, model="gemini-2.5-pro", method="generateContent")

    assert caller.generate()
    assert bob.generate(model="gemini-2.5-flash")
    assert bob.stream()
    assert bob.internal("generateContent", bob.envelope()).status_code == 503
    assert bob.generate()


def test_a_script_may_be_for_one_of_several_endpoints(google: Emulator, caller: Caller):
    google.script("overloaded", base="/daily", times=None)
    headers = {"authorization": f"Bearer {caller.account.access_token}"}

    answered = caller.http.post(
        f"{google.url}/daily/v1internal:generateContent", json=caller.envelope(), headers=headers
    )

    assert answered.status_code == 503
    assert caller.generate()
    assert [one.base for one in google.requests] == ["/daily", ""]


def test_without_a_method_the_control_plane_is_left_alone(google: Emulator, caller: Caller):
    google.script("overloaded", times=None)

    assert caller.internal("loadCodeAssist", {}).status_code == 200
    assert caller.internal("countTokens", {}).status_code == 503


def test_counted_scripts_come_before_lasting_ones_and_in_order(google: Emulator, caller: Caller):
    google.script("internal", times=None)
    lasting = google.script("overloaded", times=None)
    google.script("bare_429", times=2)
    google.script("html_502")

    def statuses(number: int) -> list[int]:
        return [caller.internal("generateContent", caller.envelope()).status_code for _ in range(number)]

    assert statuses(5) == [429, 429, 502, 503, 503]
    google.unscript(lasting)
    assert statuses(1) == [500]
    google.unscript()
    assert statuses(1) == [200]


def test_a_reset_forgets_everything(google: Emulator, caller: Caller):
    google.script("overloaded", times=None)
    caller.internal("generateContent", caller.envelope())
    google.advance(10)
    google.reset()

    assert (google.requests, dict(google.accounts)) == ([], {})
    caller.account = google.add_account("alice@example.com")
    assert caller.generate()


# -- what was recorded ----------------------------------------------------------------------------------------------


def test_a_request_is_recorded_without_its_secrets(google: Emulator, caller: Caller):
    caller.internal("streamGenerateContent", caller.envelope(), params={"alt": "sse"}, headers={"x-mine": "1"})
    caller.public("models", params={"key": "k", "pageSize": "1"})
    form = {"grant_type": "refresh_token", "refresh_token": caller.account.refresh_token, "client_id": "me"}
    caller.http.post(google.token_url, data=form)

    asked, listed, refreshed = google.requests
    assert (asked.call, asked.account, asked.model) == ("streamGenerateContent", "alice@example.com", "gemini-2.5-pro")
    assert (asked.path, asked.query, asked.status) == ("/v1internal:streamGenerateContent", {"alt": "sse"}, 200)
    assert asked.body == json.loads(asked.raw) == caller.envelope()
    assert asked.headers["x-mine"] == "1"
    assert "authorization" not in asked.headers
    assert listed.query == {"pageSize": "1"}
    assert refreshed.body == {"grant_type": "refresh_token", "client_id": "me"}
    assert google.calls == [asked]
    assert google.requests_of("token") == [refreshed]
    assert caller.account.access_token not in repr(google.requests)


def test_old_bodies_are_forgotten_before_memory_runs_out(caller: Caller):
    with Emulator(keep=3) as google:
        account = google.add_account("bob@example.com")
        for size in (10, 40_000_000, 40_000_000):
            headers = {"authorization": f"Bearer {account.access_token}"}
            caller.http.post(f"{google.url}/v1internal:loadCodeAssist", content=b" " * size, headers=headers)

        assert [len(one.raw) for one in google.requests] == [0, 0, 40_000_000]


# -- styles ---------------------------------------------------------------------------------------------------------


def test_texts_are_said_a_piece_an_event(google: Emulator, caller: Caller):
    google.script(Style(texts=("One", " two", " three")))

    assert [text_of(event) for event in caller.stream()] == ["One", " two", " three"]


def test_responses_are_given_as_they_are(google: Emulator, caller: Caller):
    google.script(Style(responses=({"novel": 1}, {"novel": 2})), times=2)

    assert caller.stream() == [{"novel": 1}, {"novel": 2}]
    assert caller.generate() == {"novel": 1}


def test_a_style_may_be_the_houses_own(caller: Caller):
    with Emulator(style=Style(newline="\n")) as google:
        bob = Caller(google, google.add_account("bob@example.com"), caller.http)

        assert b"\r" not in stream_bytes(google, bob)


@pytest.mark.parametrize(
    "style", [Style(chunk_size=1), Style(gzip=True), Style(gzip=True, chunk_size=3), Style(gap=1e-4)]
)
def test_however_it_is_cut_the_content_is_the_same(google: Emulator, caller: Caller, style: Style):
    usual = [text_of(event["response"]) for event in events_of(stream_bytes(google, caller))]
    google.script(style)

    assert [text_of(event["response"]) for event in events_of(stream_bytes(google, caller))] == usual


def test_events_arrive_one_by_one(google: Emulator, caller: Caller):
    google.script(Style(texts=("One", "two"), stall_after=1))
    headers = {"authorization": f"Bearer {caller.account.access_token}"}
    url = f"{google.url}/v1internal:streamGenerateContent?alt=sse"

    with caller.http.stream("POST", url, json=caller.envelope(), headers=headers) as answered:
        first = next(answered.iter_bytes())

    assert text_of(events_of(first)[0]["response"]) == "One"
    google.wait_for_hang_up()


@pytest.mark.parametrize("fault", STREAMED)
def test_as_many_events_come_as_the_style_says(google: Emulator, caller: Caller, fault: str):
    google.script(fault)
    headers = {"authorization": f"Bearer {caller.account.access_token}"}
    url, received = f"{google.url}/v1internal:streamGenerateContent?alt=sse", b""

    with (
        pytest.raises(httpx.TransportError),
        caller.http.stream("POST", url, json=caller.envelope(), headers=headers, timeout=0.2) as answered,
    ):
        for piece in answered.iter_raw():
            received += piece

    assert received.count(b"data: ") == ("first" in fault and "after" in fault)


@pytest.mark.parametrize(
    ("form", "start"),
    [
        (ErrorForm.BARE, b'\r\n\r\n{"error": {"code": 503,'),
        (ErrorForm.JOINED, b'\r\n\r\n{"error": {"code": 503,'),
        (ErrorForm.PRETTY, b'\r\n\r\n{\n  "error": {\n    "code": 503,'),
        (ErrorForm.DATA, b'\r\n\r\ndata: {"error": {"code": 503,'),
    ],
)
def test_an_error_inside_a_stream_has_four_forms(google: Emulator, caller: Caller, form: ErrorForm, start: bytes):
    google.script(Style(error_after=1, error_form=form))

    body = stream_bytes(google, caller)

    assert body.count(b'data: {"response"') == 1
    assert start in body
    assert b"finishReason" not in body


def test_a_stream_may_end_without_a_finish(google: Emulator, caller: Caller):
    google.script("no_finish")

    assert b"finishReason" not in stream_bytes(google, caller)


@pytest.mark.parametrize(
    ("usage", "told"),
    [
        (UsageForm.LAST, [False, False, True]),
        (UsageForm.TRAILING, [False, False, False, True]),
        (UsageForm.NONE, [False] * 3),
    ],
)
def test_usage_may_come_late_or_never(google: Emulator, caller: Caller, usage: UsageForm, told: list):
    google.script(Style(texts=("a", "b", "c"), usage=usage))

    events = caller.stream()

    assert ["usageMetadata" in event for event in events] == told
    assert ["candidates" in event for event in events] == [True, True, True, False][: len(told)]


@pytest.mark.parametrize(
    ("last", "candidate"),
    [
        ("empty_text", {"content": {"role": "model", "parts": [{"text": ""}]}, "finishReason": "STOP"}),
        ("no_parts", {"content": {"role": "model"}, "finishReason": "STOP"}),
        ("no_content", {"finishReason": "STOP"}),
    ],
)
def test_the_last_event_may_hold_little(google: Emulator, caller: Caller, last: str, candidate: dict):
    google.script(Style(texts=("a",), last=last))

    assert caller.stream()[-1]["candidates"] == [candidate]


def test_other_oddities_of_streams(google: Emulator, caller: Caller):
    for fault in ("done_marker", "malformed_event", "malformed_first_event", "empty_200"):
        google.script(fault)

    done, malformed, malformed_first, empty = [stream_bytes(google, caller) for _ in range(4)]

    assert done.endswith(b"\r\n\r\ndata: [DONE]\r\n\r\n")
    assert b'{"par\r\n\r\n' in malformed
    assert malformed_first.startswith(b'data: {"response": {"candidates": [{"content": {"par\r\n')
    assert empty == b""


def test_a_style_also_bends_a_unary_answer(google: Emulator, caller: Caller):
    google.script("empty_200")
    google.script("error_first")
    google.script(Reply(delay=0.0, chunks=(b"{}",)), method="loadCodeAssist")
    google.script("gzipped", method="fetchAvailableModels")

    assert caller.internal("generateContent", caller.envelope()).content == b""
    assert caller.internal("generateContent", caller.envelope()).status_code == 503
    assert caller.internal("loadCodeAssist", {}).content == b"{}"
    assert caller.internal("fetchAvailableModels", {}).headers["content-encoding"] == "gzip"
