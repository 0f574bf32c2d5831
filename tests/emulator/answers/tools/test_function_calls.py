"""When functions are called, and with what."""

import json
from pathlib import Path

import pytest

from tests.emulator.conftest import TOOLS, Caller, text_of, user


def calls_in(response: dict) -> list[dict]:
    parts = response["candidates"][0]["content"]["parts"]
    return [part["functionCall"] for part in parts if "functionCall" in part]


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
    request = json.loads((Path(__file__).parents[2] / "gemini_cli_first_request.json").read_text())
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


@pytest.mark.parametrize(
    ("prompt", "cities"),
    [
        ("What is the weather in San Francisco, CA?", ["San Francisco, CA"]),
        ("What is the weather in Paris, France?", ["Paris, France"]),
        ("Is the weather better in Paris, London or Rome?", ["Paris", "London", "Rome"]),
    ],
)
def test_a_place_with_its_state_is_one_place(caller: Caller, prompt: str, cities: list[str]):
    assert [call["args"]["city"] for call in calls_in(caller.generate(prompt, tools=TOOLS))] == cities


def test_parallel_calls_come_in_one_event(caller: Caller):
    (event,) = caller.stream("Is the weather better in Paris or London?", tools=TOOLS)

    assert len(calls_in(event)) == 2
    assert event["candidates"][0]["finishReason"] == "STOP"


@pytest.mark.parametrize("model", ["gemini-3-flash", "gemini-2.5-pro"])
def test_parallel_calls_are_numbered_and_the_first_is_signed_by_gemini_3(caller: Caller, model: str):
    response = caller.generate("Is the weather better in Paris or London?", model=model, tools=TOOLS)

    assert [call["args"]["city"] for call in calls_in(response)] == ["Paris", "London"]
    parts = response["candidates"][0]["content"]["parts"]
    modern = model == "gemini-3-flash"
    assert ["thoughtSignature" in part for part in parts] == [modern, False]
    assert len({call.get("id") for call in calls_in(response)} - {None}) == (2 if modern else 0)
