"""v1internal: strict envelopes, the methods about the account, quota that counts down."""

import pytest

from emulator import Account, Emulator
from tests.emulator.conftest import Caller, error_of, events_of, text_of


def test_an_answer_is_wrapped_and_pretty(caller: Caller):
    answered = caller.internal("generateContent", caller.envelope())

    assert answered.headers["content-type"] == "application/json; charset=UTF-8"
    assert answered.content.startswith(b'{\n  "response": {\n    "candidates": [')
    assert answered.json()["traceId"] == answered.headers["x-cloudaicompanion-trace-id"]


def test_a_stream_is_framed_as_google_does(caller: Caller):
    answered = caller.internal("streamGenerateContent", caller.envelope(), params={"alt": "sse"})

    assert answered.headers["content-type"] == "text/event-stream"
    assert answered.content.startswith(b'data: {"response": {"candidates": [{"content": {"role": "model","parts": [{')
    assert answered.content.endswith(b"}\r\n\r\n")
    assert len(events_of(answered.content)) > 1


def test_without_alt_sse_a_stream_is_an_array(caller: Caller):
    answered = caller.internal("streamGenerateContent", caller.envelope())

    assert answered.headers["content-type"] == "application/json; charset=UTF-8"
    assert answered.content.startswith(b'[{\n  "response"')
    assert b"\n}\n,\r\n{\n" in answered.content
    assert answered.content.endswith(b"}\n]")
    assert len(answered.json()) > 1


def test_a_stream_says_what_a_unary_call_says(caller: Caller):
    events = caller.stream("Explain the tides")
    whole = caller.generate("Explain the tides")

    assert "".join(text_of(event) for event in events) == text_of(whole)
    assert events[-1]["usageMetadata"] == whole["usageMetadata"]
    assert [event["candidates"][0].get("finishReason") for event in events] == [None] * (len(events) - 1) + ["STOP"]


@pytest.mark.parametrize("spelling", ["userPromptId", "user_prompt_id"])
def test_both_spellings_are_taken(caller: Caller, spelling: str):
    body = {**caller.envelope(), spelling: "session#1", "enabled_credit_types": ["GOOGLE_ONE_AI"]}
    body["request"] |= {"system_instruction": {"parts": [{"text": "Be kind"}]}, "session_id": "s", "safetySettings": []}

    assert caller.internal("generateContent", body).status_code == 200


def test_an_unknown_name_at_the_top_is_refused(caller: Caller):
    error = error_of(caller.internal("generateContent", {**caller.envelope(), "contents": []}))

    text = 'Invalid JSON payload received. Unknown name "contents": Cannot find field.'
    assert (error["code"], error["status"], error["message"]) == (400, "INVALID_ARGUMENT", text)
    assert error["details"] == [
        {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"description": text}]}
    ]


def test_every_unknown_name_is_told_with_its_path_in_snake_case(caller: Caller):
    declaration = {"name": "f", "parameters": {"type": "OBJECT", "$schema": "x", "additionalProperties": False}}
    body = caller.envelope(tools=[{"functionDeclarations": [declaration]}], oops=1)

    error = error_of(caller.internal("generateContent", body))

    where = "request.tools[0].function_declarations[0].parameters"
    assert error["message"].splitlines() == [
        f"Invalid JSON payload received. Unknown name \"$schema\" at '{where}': Cannot find field.",
        f"Invalid JSON payload received. Unknown name \"additionalProperties\" at '{where}': Cannot find field.",
        "Invalid JSON payload received. Unknown name \"oops\" at 'request': Cannot find field.",
    ]
    assert len(error["details"][0]["fieldViolations"]) == 3


@pytest.mark.parametrize(
    ("request_fields", "message"),
    [
        ({"contents": []}, "contents is not specified"),
        ({"contents": [{"parts": []}]}, "contents.parts must not be empty"),
        ({"contents": [{"parts": [{}]}]}, "contents[0].parts[0].data: required oneof field 'data' must have one"),
        ({"contents": [{"role": "robot", "parts": [{"text": "x"}]}]}, "Please use a valid role: user, model."),
        ({"contents": "hello"}, "Invalid value at 'request.contents[0]'"),
        (
            {"contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": "%%%"}}]}]},
            "Invalid value at 'request.contents[0].parts[0].inline_data.data' (TYPE_BYTES), Base64 decoding failed for",
        ),
        ({"generationConfig": {"temperature": "hot"}}, "'request.generation_config.temperature' (TYPE_FLOAT), \"hot\""),
        ({"generationConfig": {"candidateCount": 9}}, "candidate_count: must be in the range [1, 8]"),
    ],
)
def test_an_invalid_request_is_refused_with_googles_text(caller: Caller, request_fields: dict, message: str):
    answered = caller.internal("generateContent", caller.envelope(**request_fields))

    assert answered.status_code == 400
    assert message in error_of(answered)["message"]


def test_nulls_single_objects_and_any_base64_are_fine(caller: Caller):
    picture = {"inlineData": {"data": "__77", "mime_type": "image/png"}}
    contents = {"role": None, "parts": [{"text": "What is this?"}, picture]}

    assert caller.internal("generateContent", caller.envelope(contents=contents, tools=None)).status_code == 200


def test_what_is_not_json_is_refused(caller: Caller):
    headers = {"authorization": f"Bearer {caller.account.access_token}"}
    answered = caller.http.post(f"{caller.google.url}/v1internal:generateContent", content=b"{oops", headers=headers)

    assert error_of(answered)["message"].startswith("Invalid JSON payload received. Expected an object key or }.")


def test_a_root_that_is_no_object_is_refused(caller: Caller):
    assert (
        "Root element must be a message."
        in error_of(caller.internal("generateContent", [caller.envelope()]))["message"]
    )


def test_the_project_must_be_the_accounts_own(caller: Caller):
    answered = caller.internal("generateContent", {**caller.envelope(), "project": "somebody-elses"})

    assert answered.status_code == 403
    assert error_of(answered)["details"][0]["reason"] == "CONSUMER_INVALID"


def test_an_unknown_model_is_not_found(caller: Caller):
    answered = caller.internal("generateContent", caller.envelope(model="gemini-99"))

    assert (answered.status_code, error_of(answered)["message"]) == (404, "Requested entity was not found.")


def test_an_account_may_have_models_of_its_own(google: Emulator, caller: Caller):
    caller.account = google.add_account("bob@example.com", models=["gemini-next"])

    assert caller.generate(model="gemini-next")["modelVersion"] == "gemini-next"
    assert caller.internal("generateContent", caller.envelope()).status_code == 404


def test_errors_of_a_stream_are_in_an_array_without_alt_sse(google: Emulator, caller: Caller):
    google.script("overloaded", times=2)

    array = caller.internal("streamGenerateContent", caller.envelope())
    plain = caller.internal("streamGenerateContent", caller.envelope(), params={"alt": "sse"})

    assert array.content.startswith(b'[{\n  "error": {')
    assert array.json()[0] == plain.json()


# -- countTokens ----------------------------------------------------------------------------------------------------


def test_counting_takes_only_a_request_with_the_models_full_name(caller: Caller):
    contents = caller.envelope("Count me, please!")["request"]["contents"]

    counted = caller.internal("countTokens", {"request": {"model": "models/gemini-2.5-pro", "contents": contents}})

    assert counted.json() == {"totalTokens": 5}
    assert caller.generate("Count me, please!")["usageMetadata"]["promptTokenCount"] == 5


@pytest.mark.parametrize(
    ("body", "unknown"),
    [
        ({"model": "gemini-2.5-pro", "request": {}}, 'Unknown name "model": Cannot find field.'),
        ({"project": "alice-project", "request": {}}, 'Unknown name "project": Cannot find field.'),
        ({"request": {"safetySettings": []}}, "Unknown name \"safetySettings\" at 'request': Cannot find field."),
    ],
)
def test_counting_refuses_the_generate_envelope(caller: Caller, body: dict, unknown: str):
    answered = caller.internal("countTokens", body)

    assert answered.status_code == 400
    assert unknown in error_of(answered)["message"]


def test_counting_refuses_a_bare_model_name(caller: Caller):
    assert caller.internal("countTokens", {"request": {"model": "gemini-2.5-pro"}}).status_code == 400


# -- the account ----------------------------------------------------------------------------------------------------


def test_an_onboarded_account_loads_with_tier_and_project(caller: Caller):
    loaded = caller.internal("loadCodeAssist", {"metadata": {"ide_type": "IDE_UNSPECIFIED", "pluginType": "GEMINI"}})

    assert loaded.json()["currentTier"]["id"] == "free-tier"
    assert loaded.json()["cloudaicompanionProject"] == "alice-project"


def test_a_paid_account_shows_its_paid_tier(google: Emulator, caller: Caller):
    caller.account = google.add_account("bob@example.com", tier="g1-pro-tier")

    loaded = caller.internal("loadCodeAssist", {}).json()

    assert loaded["paidTier"]["id"] == "g1-pro-tier"
    assert loaded["paidTier"]["availableCredits"][0]["creditAmount"] == "1000"


def new_account(google: Emulator, **traits) -> Account:
    return google.add_account("carol@example.com", onboarded=False, **traits)


def test_a_new_account_has_no_tier_until_it_is_onboarded(google: Emulator, caller: Caller):
    caller.account = new_account(google)

    loaded = caller.internal("loadCodeAssist", {}).json()

    assert "currentTier" not in loaded
    assert "cloudaicompanionProject" not in loaded
    assert [tier["id"] for tier in loaded["allowedTiers"] if tier.get("isDefault")] == ["free-tier"]
    assert caller.internal("generateContent", caller.envelope()).status_code == 403


def test_onboarding_is_polled_by_its_operation(google: Emulator, caller: Caller):
    caller.account = new_account(google, pending_polls=2)
    headers = {"authorization": f"Bearer {caller.account.access_token}"}

    operation = caller.internal("onboardUser", {"tierId": "free-tier"}).json()
    seen = [caller.http.get(f"{google.url}/v1internal/{operation['name']}", headers=headers).json() for _ in range(2)]

    assert [operation["done"], *[one["done"] for one in seen]] == [False, False, True]
    assert seen[-1]["response"]["cloudaicompanionProject"]["id"] == caller.account.project
    assert caller.generate()["candidates"]


def test_onboarding_is_polled_by_asking_again(google: Emulator, caller: Caller):
    caller.account = new_account(google, pending_polls=1, project_form="string")

    asked = [caller.internal("onboardUser", {"tier_id": "free-tier"}).json() for _ in range(2)]

    assert [one["done"] for one in asked] == [False, True]
    assert asked[-1]["response"]["cloudaicompanionProject"] == caller.account.project


def test_the_free_tier_makes_its_own_project(google: Emulator, caller: Caller):
    caller.account = new_account(google)

    answered = caller.internal("onboardUser", {"tierId": "free-tier", "cloudaicompanionProject": "mine"})

    assert error_of(answered)["status"] == "FAILED_PRECONDITION"


def test_the_standard_tier_brings_its_project(google: Emulator, caller: Caller):
    caller.account = new_account(google)

    done = caller.internal("onboardUser", {"tierId": "standard-tier", "cloudaicompanionProject": "mine"}).json()

    assert done["response"]["cloudaicompanionProject"]["id"] == "mine"
    assert caller.internal("loadCodeAssist", {}).json()["currentTier"]["id"] == "standard-tier"


def test_an_ineligible_account_says_why(google: Emulator, caller: Caller):
    caller.account = new_account(google, ineligible=["UNSUPPORTED_LOCATION", "VALIDATION_REQUIRED"])

    loaded = caller.internal("loadCodeAssist", {}).json()

    assert [one["reasonCode"] for one in loaded["ineligibleTiers"]] == ["UNSUPPORTED_LOCATION", "VALIDATION_REQUIRED"]
    assert loaded["ineligibleTiers"][1]["validationUrl"]
    assert caller.internal("onboardUser", {"tierId": "free-tier"}).status_code == 403


@pytest.mark.parametrize("method", ["fetchAdminControls", "listExperiments", "recordCodeAssistMetrics"])
def test_the_other_methods_answer_nothing(caller: Caller, method: str):
    assert caller.internal(method, {"project": "alice-project"}).json() == {}


def test_an_unknown_method_is_not_found(caller: Caller):
    assert caller.internal("embedContent", {}).status_code == 404


# -- quota ----------------------------------------------------------------------------------------------------------


def test_quota_counts_down_and_comes_back(google: Emulator, caller: Caller):
    caller.account = google.add_account("bob@example.com", quota={"gemini-2.5-pro": 2}, quota_window=1000)

    def bucket() -> dict:
        buckets = caller.internal("retrieveUserQuota", {"project": caller.account.project}).json()["buckets"]
        return next(one for one in buckets if one["modelId"] == "gemini-2.5-pro")

    fractions = [bucket()["remainingFraction"]]
    caller.generate()
    fractions.append(bucket()["remainingFraction"])
    caller.generate()
    spent = caller.internal("generateContent", caller.envelope())

    assert fractions == [1.0, 0.5]
    assert "remainingFraction" not in bucket()
    assert spent.status_code == 429
    info, retry = error_of(spent)["details"]
    assert (info["reason"], info["domain"]) == ("QUOTA_EXHAUSTED", "cloudcode-pa.googleapis.com")
    assert info["metadata"]["quotaResetTimeStamp"] == bucket()["resetTime"]
    assert 900 < float(retry["retryDelay"].removesuffix("s")) <= 1000
    assert caller.generate(model="gemini-2.5-flash")

    google.advance(1000)
    assert caller.generate()


def test_available_models_are_a_map_with_what_is_left(caller: Caller):
    models = caller.internal("fetchAvailableModels", {"project": "alice-project"}).json()["models"]

    assert models["gemini-2.5-pro"]["quotaInfo"]["remainingFraction"] == 1.0
    assert models["chat_20706"]["isInternal"]


def test_available_models_need_the_right_project_or_none(caller: Caller):
    assert caller.internal("fetchAvailableModels", {"project": "other"}).status_code == 403
    assert caller.internal("fetchAvailableModels", {}).status_code == 200


def test_a_quota_summary_tells_the_scarcest_bucket(google: Emulator, caller: Caller):
    caller.account = google.add_account("bob@example.com", quota={"gemini-2.5-pro": 4})
    caller.generate()

    (group,) = caller.internal("retrieveUserQuotaSummary", {}).json()["groups"]

    assert group["buckets"][0]["remainingFraction"] == 0.75


def test_a_refused_request_costs_no_quota(google: Emulator, caller: Caller):
    caller.account = google.add_account("bob@example.com", quota=1)
    caller.internal("generateContent", caller.envelope(contents=[]))

    assert caller.generate()
