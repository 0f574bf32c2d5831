"""The texts of the emulated models."""

import base64
import struct

import pytest

from tests.emulator.conftest import Caller, text_of, user


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


def test_only_angle_brackets_are_escaped(caller: Caller):
    answered = caller.internal("generateContent", caller.envelope("Reply with exactly: a\u2028b <&'=>"))

    assert "a\u2028b \\u003c&'=\\u003e".encode() in answered.content
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
