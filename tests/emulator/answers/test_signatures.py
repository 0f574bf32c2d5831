"""Thought signatures and the history of function calls."""

import base64

import pytest

from emulator import SENTINELS, Emulator
from tests.emulator.conftest import TOOLS, Caller, error_of, text_of, user


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


def test_a_foreign_signature_is_taken_unless_the_emulator_is_strict(caller: Caller):
    with Emulator(strict_signatures=True) as google:
        strict = Caller(google, google.add_account("bob@example.com"), caller.http)
        called = caller.generate("Weather in Paris?", model="gemini-3-flash", tools=TOOLS)
        contents = with_result(called, thoughtSignature="AAAA")

        assert caller.generate(model="gemini-3-flash", contents=contents)
        refused = strict.internal("generateContent", strict.envelope(model="gemini-3-flash", contents=contents))
        assert error_of(refused)["message"] == "Corrupted thought signature."


def test_a_call_may_be_followed_by_something_else(caller: Caller):
    called = caller.generate("Weather in Paris?", tools=TOOLS)

    assert caller.say("", contents=[*with_result(called)[:2], user("Never mind; what is 2 + 2?")]) == "2 + 2 = 4"


def test_neighbours_of_one_role_are_one_turn(caller: Caller):
    called = caller.generate("Is the weather better in Paris or London?", tools=TOOLS)["candidates"][0]["content"]
    results = [
        user({"functionResponse": {"name": "get_weather", "response": {"result": result}}})
        for result in ("18 degrees", "12 degrees")
    ]

    said = caller.say("", contents=[user("Is the weather better in Paris or London?"), called, *results], tools=TOOLS)

    assert "18 degrees" in said
    assert "12 degrees" in said


def test_calls_and_responses_must_match_in_number(caller: Caller):
    called = caller.generate("Is the weather better in Paris or London?", tools=TOOLS)["candidates"][0]["content"]
    result = {"functionResponse": {"name": "get_weather", "response": {"result": "18 degrees"}}}
    contents = [user("Is the weather better in Paris or London?"), called, user(result)]

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
