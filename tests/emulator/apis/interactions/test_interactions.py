"""Interactions: create, go on, get, cancel, delete, and whose they are."""

import base64

import pytest

from emulator import Emulator
from emulator.wire.replies import Style
from tests.emulator.apis.interactions.conftest import MODEL, WEATHER, Talker, said, types_of
from tests.emulator.conftest import error_of


def test_an_interaction_tells_its_steps_and_what_it_counts(talker: Talker):
    made = talker.made("Say hello to Ada")

    assert (made["object"], made["status"], made["model"]) == ("interaction", "completed", MODEL)
    assert types_of(made["steps"]) == ["thought", "model_output"]
    assert made["steps"][0]["signature"]
    usage = made["usage"]
    parts = ("total_input_tokens", "total_output_tokens", "total_thought_tokens", "total_tool_use_tokens")
    assert usage["total_tokens"] == sum(usage[part] for part in parts)
    assert usage["output_tokens_by_modality"] == [{"modality": "text", "tokens": usage["total_output_tokens"]}]


def test_an_id_is_url_safe_base64_of_two_response_ids(talker: Talker):
    id = talker.made()["id"]

    prefix, encoded = id[:3], id[3:]
    message = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    assert prefix == "v1_"
    assert 60 <= len(id) <= 70
    assert (message[0], message[2 + message[1]]) == (0x0A, 0x12)


def test_the_next_turn_knows_the_turns_before(talker: Talker):
    first = talker.made("My name is Ada.")

    second = talker.made("Thanks.", previous_interaction_id=first["id"])
    third = talker.made("What is my name?", previous_interaction_id=second["id"])

    assert "Ada" in said(third)
    assert third["previous_interaction_id"] == second["id"]
    assert third["usage"]["total_input_tokens"] > first["usage"]["total_input_tokens"]
    assert "Ada" not in said(talker.made("What is my name?"))


def test_a_get_tells_what_was_put_in_too(talker: Talker):
    made = talker.made("Say hello", system_instruction="Be brief.")

    told = talker.get(made["id"], stream="false").json()
    with_input = talker.get(made["id"], include_input="true").json()

    assert types_of(told["steps"]) == ["user_input", "thought", "model_output"]
    assert (told["system_instruction"], told["usage"]) == ("Be brief.", made["usage"])
    assert "input" not in told
    assert with_input["input"] == "Say hello"


def test_what_is_deleted_is_not_found(talker: Talker):
    id = talker.made()["id"]

    deleted = talker.send("DELETE", f"interactions/{id}")

    assert (deleted.status_code, deleted.json()) == (200, {})
    assert talker.get(id).status_code == 404
    assert talker.send("DELETE", f"interactions/{id}").status_code == 404


def test_foreign_and_unknown_interactions_give_the_same_bytes(talker: Talker, stranger: Talker):
    id = talker.made()["id"]

    foreign, unknown = stranger.get(id), stranger.get("v1_unknown")

    assert (foreign.status_code, foreign.content) == (404, unknown.content)
    assert error_of(foreign) == {"message": "Requested entity was not found.", "code": "not_found"}
    assert stranger.create(previous_interaction_id=id).content == foreign.content
    assert stranger.send("POST", f"interactions/{id}/cancel").content == foreign.content


def test_what_is_not_stored_is_told_and_gone(talker: Talker):
    made = talker.made(store=False)

    assert talker.get(made["id"]).status_code == 404
    assert talker.create(previous_interaction_id=made["id"]).status_code == 404


@pytest.mark.parametrize("also", [{"background": True}, {"previous_interaction_id": "v1_x"}])
def test_without_storing_there_is_no_background_and_no_next_turn(talker: Talker, also: dict):
    refused = talker.create(store=False, **also)

    assert refused.status_code == 400
    assert error_of(refused)["code"] == "invalid_request"


def test_a_background_one_takes_a_moment(google: Emulator, talker: Talker):
    made, deferred = talker.made(background=True), talker.made(background=True, service_tier="deferred")

    assert (made["status"], deferred["status"]) == ("in_progress", "queued")
    assert "usage" not in made
    google.advance(1.0)
    assert talker.get(made["id"]).json()["status"] == talker.get(deferred["id"]).json()["status"] == "in_progress"
    google.advance(1.5)
    told = talker.get(made["id"]).json()
    assert told["status"] == "completed"
    assert told["usage"]["total_tokens"]
    assert types_of(told["steps"]) == ["user_input", "thought", "model_output"]


def test_a_background_one_can_be_cancelled_until_it_is_over(google: Emulator, talker: Talker):
    one, other = talker.made(background=True)["id"], talker.made(background=True)["id"]

    cancelled = talker.send("POST", f"interactions/{one}/cancel").json()
    google.advance(5.0)

    assert cancelled["status"] == talker.get(one).json()["status"] == "cancelled"
    assert talker.send("POST", f"interactions/{other}/cancel").json()["status"] == "completed"
    assert talker.send("POST", f"interactions/{talker.made()['id']}/cancel").status_code == 400


def test_a_function_is_called_and_its_result_goes_on(talker: Talker):
    asked = talker.made("What's the weather in Paris?", tools=[WEATHER])
    call = asked["steps"][-1]
    result = {"type": "function_result", "call_id": call["id"], "name": call["name"], "result": {"temperature": 21}}

    answered = talker.made([result], tools=[WEATHER], previous_interaction_id=asked["id"])

    assert (asked["status"], call["type"], call["arguments"]) == ("requires_action", "function_call", {"city": "Paris"})
    assert answered["status"] == "completed"
    assert "21" in said(answered)


def test_a_function_is_called_without_storing_when_its_steps_are_sent_back(talker: Talker):
    user = {"type": "user_input", "content": [{"type": "text", "text": "What's the weather in Paris?"}]}
    asked = talker.made([user], tools=[WEATHER], store=False)
    call = asked["steps"][-1]
    result = {"type": "function_result", "call_id": call["id"], "result": "21 degrees"}

    answered = talker.made([user, *asked["steps"], result], tools=[WEATHER], store=False)
    unsigned = talker.create([user, call, result], tools=[WEATHER], store=False)

    assert "21 degrees" in said(answered)
    assert "thought_signature" in error_of(unsigned)["message"]


def test_an_answer_that_is_too_long_is_incomplete(talker: Talker):
    made = talker.made("Tell me a story", generation_config={"max_output_tokens": 20, "thinking_level": "minimal"})

    assert made["status"] == "incomplete"


def test_quota_is_the_projects_and_has_a_word(google: Emulator, talker: Talker):
    google.add_account("alice@example.com", project="alice-project", quota=1)

    talker.made()
    spent = talker.create()

    assert spent.status_code == 429
    assert error_of(spent)["code"] == "quota_exceeded"
    assert "Please retry in" in error_of(spent)["message"]


@pytest.mark.parametrize(
    ("asked", "status", "code", "text"),
    [
        ({"model": "gemini-9"}, 404, "model_not_found", "gemini-9"),
        ({"model": "models/gemini-2.5-pro"}, 400, "invalid_request", "models/gemini-2.5-pro"),
        ({"model": "gemini-embedding-001"}, 404, "model_not_found", "gemini-embedding-001"),
        ({"agent": "a", "model": MODEL}, 400, "invalid_request", "Exactly one"),
        ({"model": None}, 400, "invalid_request", "Exactly one"),
        ({"systemInstruction": "x"}, 400, "parameter_unknown", "'systemInstruction'"),
        ({"generation_config": {"topK": 1}}, 400, "parameter_unknown", "'topK' at 'generation_config'"),
        ({"tools": [{"type": "hammer"}]}, 400, "invalid_request", "'hammer' is not supported for 'type' at 'tools[0]'"),
        ({"stream": "yes"}, 400, "invalid_request", "'stream'"),
        ({"input": None}, 400, "invalid_request", "'input' is required"),
        ({"input": [{"type": "smell", "text": "x"}]}, 400, "invalid_request", "'smell'"),
        ({"input": [{"role": "user", "content": "x"}]}, 400, "invalid_request", "legacy Interactions API schema"),
        ({"input": [{"type": "function_result", "call_id": "x", "result": 1}]}, 400, "invalid_request", "id 'x'"),
        ({"previous_interaction_id": "v1_x"}, 404, "not_found", "not found"),
        ({"continuation_token": "x"}, 400, "invalid_request", "continuation_token"),
        ({"cached_content": "x"}, 403, "permission_denied", "CachedContent"),
        ({"agent_config": {"type": "dynamic"}}, 400, "invalid_request", "'agent_config'"),
    ],
)
def test_what_is_wrong_is_refused_in_words(talker: Talker, asked: dict, status: int, code: str, text: str):
    refused = talker.create(**{"given": "Hello", **asked} if "input" not in asked else asked)

    assert (refused.status_code, error_of(refused)["code"]) == (status, code)
    assert text in error_of(refused)["message"]
    assert set(error_of(refused)) == {"message", "code"}


@pytest.mark.parametrize(
    ("revision", "status"), [("2026-05-20", 200), ("2026-11-01", 200), ("2025-12-01", 400), ("latest", 400)]
)
def test_a_revision_before_the_steps_is_refused(talker: Talker, revision: str, status: int):
    url, body = f"{talker.google.url}/v1/interactions", {"model": MODEL, "input": "Hello"}
    headers = {"x-goog-api-key": talker.account.api_key, "api-revision": revision}

    assert talker.http.post(url, json=body, headers=headers).status_code == status


def test_keys_that_are_wrong_missing_or_one_too_many_are_refused_in_words(talker: Talker):
    url, body = f"{talker.google.url}/v1beta/interactions", {"model": MODEL, "input": "Hello"}

    wrong = talker.http.post(url, json=body, headers={"x-goog-api-key": "AIza-wrong"})
    missing = talker.http.post(url, json=body)
    several = talker.http.post(f"{url}?key=x", json=body, headers={"x-goog-api-key": "y"})

    assert [one.status_code for one in (wrong, missing, several)] == [401, 401, 400]
    codes = [error_of(one)["code"] for one in (wrong, missing, several)]
    assert codes == ["authentication", "authentication", "invalid_request"]


def test_a_scripted_fault_has_a_word_too(google: Emulator, talker: Talker):
    google.script("overloaded")
    google.script("per_minute", model=MODEL)
    google.script("several_credentials", method="getInteraction")

    codes = [error_of(talker.create())["code"] for _ in range(2)]
    id = talker.made(background=True)["id"]

    assert codes == ["service_unavailable", "rate_limit_exceeded"]
    assert error_of(talker.get(id))["message"].startswith("Multiple authentication credentials")
    assert talker.get(id).status_code == 200


def test_an_answer_that_needs_another_hop_is_gone_on_with(google: Emulator, talker: Talker):
    whole = said(talker.made("Tell me a story"))
    google.script(Style(hop=3))
    first = talker.made("Tell me a story")
    token = first["continuation_token"]

    second = talker.made(None, continuation_token=token, previous_interaction_id=first["id"])

    assert (first["status"], second["status"]) == ("requires_continuation", "completed")
    assert said(first) + said(second) == whole
    assert talker.get(first["id"]).json()["continuation_token"] == token


def test_a_token_belongs_to_its_interaction_and_its_project(google: Emulator, talker: Talker, stranger: Talker):
    google.script(Style(hop=3))
    first, other = talker.made("Tell me a story"), talker.made()
    token = first["continuation_token"]

    assert talker.create(None, continuation_token=token, previous_interaction_id=other["id"]).status_code == 400
    assert talker.create(None, continuation_token=token).status_code == 400
    assert stranger.create("Tell me a story", continuation_token=token).status_code == 400


def test_what_is_not_stored_is_gone_on_with_by_its_input(google: Emulator, talker: Talker):
    google.script(Style(hop=3))
    first = talker.made("Tell me a story", store=False)

    second = talker.made("Tell me a story", store=False, continuation_token=first["continuation_token"])

    assert second["status"] == "completed"
    assert talker.create(None, store=False, continuation_token=first["continuation_token"]).status_code == 400
