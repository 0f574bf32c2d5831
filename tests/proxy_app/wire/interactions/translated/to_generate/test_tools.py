import pytest

from tests.proxy_app.wire.interactions.translated.bodies import translate

LOOK = {"type": "function", "name": "look", "description": "Looks.", "parameters": {"type": "object", "$defs": {}}}


def test_functions_are_declared_together_and_googles_tools_apart():
    bare = {"type": "function", "name": "wait", "short_description": "Waits."}
    hosted = [{"type": each} for each in ("google_search", "url_context", "code_execution")]

    assert translate(tools=[LOOK, *hosted, bare])["tools"] == [
        {
            "functionDeclarations": [
                {
                    "name": "look",
                    "description": "Looks.",
                    "parametersJsonSchema": {"type": "object", "$defs": {}},
                },
                {"name": "wait"},
            ]
        },
        {"googleSearch": {}},
        {"urlContext": {}},
        {"codeExecution": {}},
    ]


def test_a_search_of_the_web_is_a_search():
    assert translate(tools=[{"type": "google_search", "search_types": ["web_search"]}])["tools"] == [
        {"googleSearch": {}}
    ]


@pytest.mark.parametrize(
    ("choice", "calling"),
    [
        ("auto", {"mode": "AUTO"}),
        ("validated", {"mode": "VALIDATED"}),
        ({"allowed_tools": {"mode": "validated", "tools": ["look"]}}, {"mode": "VALIDATED", "names": ["look"]}),
        ({"allowed_tools": {"tools": ["look"]}}, {"mode": "ANY", "names": ["look"]}),
        ({}, {"mode": "AUTO"}),
    ],
)
def test_a_choice_of_tools_is_a_mode_of_calling(choice, calling):
    names = {"allowedFunctionNames": calling.pop("names")} if "names" in calling else {}

    made = translate(tools=[LOOK], generation_config={"tool_choice": choice})

    assert made["toolConfig"] == {"functionCallingConfig": {**calling, **names}}
    assert "generationConfig" not in made
