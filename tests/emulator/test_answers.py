"""What the model says, calls, draws and counts."""

import base64
import json
import struct
from pathlib import Path

import pytest

from emulator import SENTINELS, Emulator
from tests.emulator.conftest import Caller, error_of, text_of

WEATHER = {
    "name": "get_weather",
    "description": "The weather in a city",
    "parameters": {
        "type": "OBJECT",
        "properties": {"city": {"type": "STRING"}, "unit": {"type": "STRING", "enum": ["celsius", "fahrenheit"]}},
        "required": ["city"],
    },
}
TOOLS = [{"functionDeclarations": [WEATHER, {"name": "play_song", "description": "Plays music by title"}]}]


def user(*parts: dict | str) -> dict:
    return {"role": "user", "parts": [{"text": part} if isinstance(part, str) else part for part in parts]}


def calls_in(response: dict) -> list[dict]:
    parts = response["candidates"][0]["content"]["parts"]
    return [part["functionCall"] for part in parts if "functionCall" in part]


# -- words ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("hello", "Hello! What shall we try today?"),
        ("What is 12 * (7 + 3)?", "12 * (7 + 3) = 120"),
        ("2^10", "2^10 = 1024"),
        ("what is 7 divided by 2?", "7 / 2 = 3.5"),
        ("Reply with exactly: PONG", "PONG"),
        ('Say "good night" twice', "good night"),
        ("Count to 5", "1, 2, 3, 4, 5"),
    ],
)
def test_it_answers_what_it_can(caller: Caller, prompt: str, answer: str):
    assert caller.say(prompt) == answer


@pytest.mark.parametrize("prompt", ["1/0", "9^9^9^9", "(" * 90, "On 2024-01-02 we met"])
def test_what_is_no_sum_is_no_trouble(caller: Caller, prompt: str):
    assert caller.say(prompt)


def test_the_same_prompt_has_the_same_answer_and_another_prompt_another(caller: Caller):
    told = {caller.say(f"Explain {subject}") for subject in ("tides", "tides", "bees", "glass")}

    assert len(told) == 3


def test_it_says_how_to_connect_an_account(caller: Caller):
    assert "Add account" in caller.say("What are you?")


def test_it_refers_to_earlier_turns(caller: Caller):
    contents = [user("My name is Ada"), {"role": "model", "parts": [{"text": "Hi"}]}, user("What is my name?")]

    assert caller.say("", contents=contents) == "Your name is Ada; you told me so before."


def test_a_list_has_as_many_entries_as_asked_for(caller: Caller):
    assert caller.say("List 4 animals").count("\n") == 5


def test_long_answers_are_long(caller: Caller):
    assert len(caller.say("Write 500 words about rivers").split()) >= 500


def test_a_line_separator_comes_through_unescaped(caller: Caller):
    answered = caller.internal("generateContent", caller.envelope("Reply with exactly: a\u2028b <&'=>"))

    assert "a\u2028b \\u003c\\u0026\\u0027\\u003d\\u003e".encode() in answered.content
    assert text_of(answered.json()["response"]) == "a\u2028b <&'=>"


def test_files_are_described(caller: Caller):
    picture = {"inlineData": {"mimeType": "image/gif", "data": base64.b64encode(b"GIF89a" * 200).decode()}}

    response = caller.generate(contents=[user("What is this?", picture)])

    assert "an image/gif of 1,200 bytes" in text_of(response)
    modalities = {one["modality"]: one["tokenCount"] for one in response["usageMetadata"]["promptTokensDetails"]}
    assert modalities == {"TEXT": 4, "IMAGE": 258}


def test_image_models_draw(caller: Caller):
    response = caller.generate("A red bridge", model="gemini-2.5-flash-image")

    (picture,) = [part["inlineData"] for part in response["candidates"][0]["content"]["parts"] if "inlineData" in part]
    png = base64.b64decode(picture["data"])
    assert picture["mimeType"] == "image/png"
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", png[16:24]) == (64, 64)


# -- limits ---------------------------------------------------------------------------------------------------------


def test_max_output_tokens_cuts_the_answer(caller: Caller):
    response = caller.generate("Count to 100", generationConfig={"maxOutputTokens": 5})

    assert response["candidates"][0]["finishReason"] == "MAX_TOKENS"
    assert text_of(response) == "1, 2, 3"
    assert response["usageMetadata"]["candidatesTokenCount"] == 5


def test_a_stop_sequence_ends_the_answer(caller: Caller):
    response = caller.generate("Count to 9", generationConfig={"stopSequences": ["7", "5"]})

    assert (text_of(response), response["candidates"][0]["finishReason"]) == ("1, 2, 3, 4, ", "STOP")


@pytest.mark.parametrize("streamed", [False, True])
def test_there_are_as_many_candidates_as_asked_for(caller: Caller, streamed: bool):
    config = {"generationConfig": {"candidateCount": 3}}
    events = caller.stream("Explain bees", **config) if streamed else [caller.generate("Explain bees", **config)]

    told = ["", "", ""]
    for event in events:
        for candidate in event["candidates"]:
            told[candidate.get("index", 0)] += text_of({"candidates": [candidate]})
    assert len(set(told)) == 3
    assert all(told)


def test_a_blocked_prompt_has_no_candidates(caller: Caller):
    (event,) = caller.stream("[[blocked]]")

    assert event["promptFeedback"] == {"blockReason": "PROHIBITED_CONTENT"}
    assert "candidates" not in event
    assert event["usageMetadata"]["promptTokenCount"] == event["usageMetadata"]["totalTokenCount"]


def test_a_stop_for_safety_has_ratings(caller: Caller):
    candidate = caller.generate("[[safety]]")["candidates"][0]

    assert candidate["finishReason"] == "SAFETY"
    assert [one["category"] for one in candidate["safetyRatings"] if one.get("blocked")] == [
        "HARM_CATEGORY_DANGEROUS_CONTENT"
    ]


@pytest.mark.parametrize(("prompt", "content"), [("[[empty]]", [{"text": ""}]), ("[[no content]]", None)])
def test_an_answer_may_be_empty(caller: Caller, prompt: str, content: list | None):
    assert caller.generate(prompt)["candidates"][0]["content"].get("parts") == content


# -- thoughts -------------------------------------------------------------------------------------------------------


def test_thoughts_are_shown_when_asked_for_and_always_counted(caller: Caller):
    shown = caller.generate(generationConfig={"thinkingConfig": {"includeThoughts": True}})
    hidden = caller.generate()

    parts = shown["candidates"][0]["content"]["parts"]
    assert [part.get("thought") for part in parts] == [True, None]
    assert parts[1]["thoughtSignature"]
    assert shown["usageMetadata"]["thoughtsTokenCount"] == hidden["usageMetadata"]["thoughtsTokenCount"] > 0
    assert len(hidden["candidates"][0]["content"]["parts"]) == 1


def test_without_a_budget_there_are_no_thoughts(caller: Caller):
    response = caller.generate(generationConfig={"thinkingConfig": {"thinkingBudget": 0, "includeThoughts": True}})

    assert "thoughtsTokenCount" not in response["usageMetadata"]


def test_a_gemini_3_stream_ends_with_an_empty_signed_part(caller: Caller):
    last = caller.stream("Explain bees", model="gemini-3-flash")[-1]["candidates"][0]

    assert last["finishReason"] == "STOP"
    assert last["content"]["parts"][0]["text"] == ""
    assert last["content"]["parts"][0]["thoughtSignature"]


# -- counting -------------------------------------------------------------------------------------------------------


def test_the_total_is_the_sum(caller: Caller):
    usage = caller.generate("Explain 中文 and naïve café 12345", tools=TOOLS)["usageMetadata"]

    parts = (usage["promptTokenCount"], usage["candidatesTokenCount"], usage["thoughtsTokenCount"])
    assert usage["totalTokenCount"] == sum(parts)
    assert sum(one["tokenCount"] for one in usage["promptTokensDetails"]) == usage["promptTokenCount"]


def test_a_conversation_that_grows_is_cached_for_its_account(google: Emulator, caller: Caller):
    first = [user("word " * 2000)]
    second = [*first, {"role": "model", "parts": [{"text": "I see"}]}, user("And now?")]

    alone = caller.generate(contents=first)["usageMetadata"]
    again = caller.generate(contents=second)["usageMetadata"]
    caller.account = google.add_account("bob@example.com")
    elsewhere = caller.generate(contents=second)["usageMetadata"]

    assert "cachedContentTokenCount" not in alone
    assert again["cachedContentTokenCount"] == alone["promptTokenCount"] == 2000
    assert again["promptTokenCount"] == elsewhere["promptTokenCount"]
    assert "cachedContentTokenCount" not in elsewhere


def test_cached_content_counts(caller: Caller):
    usage = caller.generate("Hi", cachedContent="cachedContents/x")["usageMetadata"]

    assert usage["cachedContentTokenCount"] == 2048
    assert usage["promptTokenCount"] == 2049


def test_more_than_the_model_takes_is_refused(caller: Caller):
    answered = caller.internal("generateContent", caller.envelope("word " * 2048, model="claude-sonnet-4-6"))
    too_much = caller.internal("generateContent", caller.envelope("x" * 8_000_000))

    assert answered.status_code == 200
    assert "exceeds the maximum number of tokens allowed (1048576)" in error_of(too_much)["message"]


# -- functions ------------------------------------------------------------------------------------------------------


def test_a_function_is_called_when_the_prompt_asks_for_it(caller: Caller):
    response = caller.generate("What is the weather in Boston in fahrenheit?", tools=TOOLS)

    assert calls_in(response) == [{"name": "get_weather", "args": {"city": "Boston", "unit": "fahrenheit"}}]
    assert response["candidates"][0]["finishReason"] == "STOP"


def test_a_prompt_about_something_else_calls_nothing(caller: Caller):
    assert calls_in(caller.generate("Explain bees", tools=TOOLS)) == []


@pytest.mark.parametrize(
    ("config", "called"),
    [
        ({"mode": "NONE"}, []),
        ({"mode": "ANY", "allowedFunctionNames": ["play_song"]}, ["play_song"]),
        ({"mode": "ANY"}, ["get_weather"]),
    ],
)
def test_the_calling_mode_counts(caller: Caller, config: dict, called: list):
    response = caller.generate("The weather, please", tools=TOOLS, toolConfig={"functionCallingConfig": config})

    assert [call["name"] for call in calls_in(response)] == called


@pytest.mark.parametrize(
    "prompt",
    [
        "Explain how weather works",
        "Write a poem about the weather in Paris",
        "Why is the weather in London so bad?",
        "What is the weather?",
        "Play",
        "What music was written in Vienna?",
    ],
)
def test_a_prompt_that_only_speaks_of_it_or_says_too_little_calls_nothing(caller: Caller, prompt: str):
    assert calls_in(caller.generate(prompt, tools=TOOLS)) == []


@pytest.mark.parametrize(
    ("prompt", "called"),
    [
        ("hello", []),
        ("Explain this project", []),
        ("What does the content of a file mean?", []),
        ("Fix the bug in my code and search for a better way", []),
        ("Tell me about the directory structure", []),
        ("Please read the file README.md", [("read_file", {"file_path": "README.md"})]),
        ("Read src/main.py", [("read_file", {"file_path": "src/main.py"})]),
        ("List the files in the current directory", [("list_directory", {"dir_path": "."})]),
        ("Search the web for otters", [("google_web_search", {"query": "otters"})]),
    ],
)
def test_a_coding_tools_first_request_calls_only_what_is_plainly_asked_for(caller: Caller, prompt: str, called: list):
    request = json.loads((Path(__file__).parent / "gemini_cli_first_request.json").read_text())
    request["contents"][0]["parts"][1]["text"] = prompt

    response = caller.generate(model="gemini-3.8-flash", **request)

    assert [(call["name"], call["args"]) for call in calls_in(response)] == called
    assert called or text_of(response)
    assert "session_context" not in text_of(response)


def test_a_mode_forces_a_call_whatever_was_said(caller: Caller):
    response = caller.generate("hello", tools=TOOLS, toolConfig={"functionCallingConfig": {"mode": "ANY"}})

    assert len(calls_in(response)) == 1


def test_results_may_come_in_the_role_of_a_tool(caller: Caller):
    called = caller.generate("Weather in Paris?", tools=TOOLS)["candidates"][0]["content"]
    result = {"functionResponse": {"name": "get_weather", "response": {"result": "18 degrees"}}}

    contents = [user("Weather in Paris?"), called, {"role": "tool", "parts": [result]}]

    assert "18 degrees" in text_of(caller.generate(contents=contents, tools=TOOLS))


@pytest.mark.parametrize("model", ["gemini-3-flash", "gemini-2.5-pro"])
def test_parallel_calls_are_numbered_and_the_first_is_signed_by_gemini_3(caller: Caller, model: str):
    response = caller.generate("Is the weather better in Paris or London?", model=model, tools=TOOLS)

    assert [call["args"]["city"] for call in calls_in(response)] == ["Paris", "London"]
    parts = response["candidates"][0]["content"]["parts"]
    modern = model == "gemini-3-flash"
    assert ["thoughtSignature" in part for part in parts] == [modern, False]
    assert len({call.get("id") for call in calls_in(response)} - {None}) == (2 if modern else 0)


def with_result(response: dict, **changes) -> list[dict]:
    content = response["candidates"][0]["content"]
    (part,) = content["parts"]
    call = part["functionCall"]
    answer = {"name": call["name"], "id": call.get("id"), "response": {"result": "18 degrees, light rain"}}
    return [user("Weather in Paris?"), {**content, "parts": [{**part, **changes}]}, user({"functionResponse": answer})]


def test_after_the_result_it_answers_in_words(caller: Caller):
    called = caller.generate("Weather in Paris?", model="gemini-3-flash", tools=TOOLS)

    answered = caller.generate(model="gemini-3-flash", tools=TOOLS, contents=with_result(called))

    assert "18 degrees, light rain" in text_of(answered)


@pytest.mark.parametrize("sentinel", [*SENTINELS, base64.b64encode(SENTINELS[0].encode()).decode()])
def test_sentinels_stand_in_for_a_signature(caller: Caller, sentinel: str):
    called = caller.generate("Weather in Paris?", model="gemini-3-flash", tools=TOOLS)

    assert caller.generate(model="gemini-3-flash", contents=with_result(called, thoughtSignature=sentinel))


def test_a_signature_may_come_back_url_safe(caller: Caller):
    called = caller.generate("Weather in Paris?", model="gemini-3-flash", tools=TOOLS)
    signature = called["candidates"][0]["content"]["parts"][0]["thoughtSignature"]

    changed = signature.replace("+", "-").replace("/", "_").rstrip("=")

    assert changed != signature
    assert caller.generate(model="gemini-3-flash", contents=with_result(called, thoughtSignature=changed))


@pytest.mark.parametrize(
    ("signature", "message"),
    [
        (None, "Function call is missing a thought_signature in functionCall parts."),
        ("AAAA", "Corrupted thought signature."),
        ("%%%%", "Invalid value at 'request.contents[1].parts[0].thought_signature' (TYPE_BYTES)"),
    ],
)
def test_gemini_3_wants_its_signature_back(caller: Caller, signature: str | None, message: str):
    called = caller.generate("Weather in Paris?", model="gemini-3-flash", tools=TOOLS)
    contents = with_result(called, thoughtSignature=signature)

    answered = caller.internal("generateContent", caller.envelope(model="gemini-3-flash", contents=contents))

    assert answered.status_code == 400
    assert error_of(answered)["message"].startswith(message)


def test_gemini_2_5_does_not(caller: Caller):
    called = caller.generate("Weather in Paris?", tools=TOOLS)

    assert caller.generate(contents=with_result(called))


def test_calls_and_responses_must_match_in_number(caller: Caller):
    called = caller.generate("Weather in Paris?", tools=TOOLS)
    contents = [*with_result(called)[:2], user("never mind")]

    error = error_of(caller.internal("generateContent", caller.envelope(contents=contents)))

    assert error["message"].startswith("Please ensure that the number of function response parts is equal")


def test_signatures_can_be_bound_to_an_account(caller: Caller):
    with Emulator(bind_signatures=True) as google:
        bob = Caller(google, google.add_account("bob@example.com"), caller.http)
        carol = Caller(google, google.add_account("carol@example.com"), caller.http)
        called = bob.generate("Weather in Paris?", model="gemini-3-flash", tools=TOOLS)
        contents = with_result(called)

        assert bob.generate(model="gemini-3-flash", contents=contents)
        moved = carol.internal("generateContent", carol.envelope(model="gemini-3-flash", contents=contents))
        assert error_of(moved)["message"] == "Corrupted thought signature."


# -- structured output ----------------------------------------------------------------------------------------------


def structured(caller: Caller, **schema) -> object:
    config = {"responseMimeType": "application/json", **schema}
    return json.loads(caller.say("A recipe for bread", generationConfig=config))


def test_json_follows_an_openapi_schema(caller: Caller):
    schema = {
        "type": "OBJECT",
        "properties": {
            "stars": {"type": "INTEGER", "minimum": 1, "maximum": 5},
            "kind": {"type": "STRING", "enum": ["sweet", "sour"]},
            "steps": {"type": "ARRAY", "items": {"type": "STRING"}, "minItems": 3},
            "note": {"anyOf": [{"type": "NULL"}, {"type": "STRING", "maxLength": 3}]},
        },
        "propertyOrdering": ["steps", "stars"],
    }

    value = structured(caller, responseSchema=schema)

    assert list(value) == ["steps", "stars", "kind", "note"]
    assert 1 <= value["stars"] <= 5
    assert value["kind"] in {"sweet", "sour"}
    assert [type(step) for step in value["steps"]] == [str, str, str]
    assert len(value["note"]) <= 3


def test_json_follows_a_json_schema_that_contains_itself(caller: Caller):
    node = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "next": {"$ref": "#/$defs/node"}, "at": {"format": "date-time"}},
        "required": ["name"],
    }

    value = structured(caller, responseJsonSchema={"$ref": "#/$defs/node", "$defs": {"node": node}})

    assert set(value) == {"name", "next", "at"}
    assert value["at"].endswith("Z")


def test_json_without_a_schema_is_still_json(caller: Caller):
    assert set(structured(caller)) == {"answer"}


def test_an_enum_is_one_of_its_values(caller: Caller):
    config = {"responseMimeType": "text/x.enum", "responseSchema": {"type": "STRING", "enum": ["up", "down"]}}

    assert caller.say("Where to?", generationConfig=config) in {"up", "down"}
