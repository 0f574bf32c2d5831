"""generateContent without streaming, through v1internal."""

import pytest

from emulator import Style
from tests.factories import a_prompt
from tests.proxy_app.scripted import an_answer

URL = "/v1beta/models/gemini-2.5-flash:generateContent"


async def test_a_prompt_is_answered(client, alice):
    reply = await client.post(URL, a_prompt("Say hello"))

    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json; charset=UTF-8"
    assert reply.json()["candidates"][0]["finishReason"] == "STOP"
    assert reply.json()["candidates"][0]["content"]["parts"][0]["text"]
    assert "response" not in reply.json()
    assert "traceId" not in reply.json()


async def test_the_answer_is_upstreams_byte_for_byte(client, alice, upstream):
    response = (
        b'{ "candidates":[ {"finishReason":"STOP","novelty":{"a":[1.50, 1e3]}} ],\n "x_unknown" : "\\u00e9 \xc3\xa9"}'
    )
    upstream.script(an_answer(response))

    reply = await client.post(URL, a_prompt())

    assert reply.body == response


async def test_an_answer_that_comes_compressed_leaves_whole(client, alice, upstream):
    upstream.script(Style(texts=("Hello there",), gzip=True))

    reply = await client.post(URL, a_prompt())

    assert reply.json()["candidates"][0]["content"]["parts"] == [{"text": "Hello there"}]
    assert "content-encoding" not in reply.headers


async def test_thoughts_and_their_signature_are_kept(client, alice):
    url = "/v1beta/models/gemini-3-pro-preview:generateContent"

    reply = await client.post(url, a_prompt(generationConfig={"thinkingConfig": {"includeThoughts": True}}))

    parts = reply.json()["candidates"][0]["content"]["parts"]
    assert parts[0]["thought"] is True
    assert any("thoughtSignature" in part for part in parts)


async def test_a_function_is_called_and_its_result_understood(client, alice):
    declaration = {"name": "get_weather", "parameters": {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}}}
    tools = [{"functionDeclarations": [declaration]}]
    mode = {"functionCallingConfig": {"mode": "ANY"}}
    asked = a_prompt("The weather in Paris?", tools=tools, toolConfig=mode)

    called = await client.post(URL, asked)

    content = called.json()["candidates"][0]["content"]
    assert content["parts"][0]["functionCall"]["name"] == "get_weather"
    result = {"functionResponse": {"name": "get_weather", "response": {"sky": "clear"}}}
    turns = [*asked["contents"], content, {"role": "user", "parts": [result]}]
    answered = await client.post(URL, {"contents": turns, "tools": tools})
    assert answered.status == 200


async def test_several_candidates_come_together(client, alice):
    reply = await client.post(URL, a_prompt(generationConfig={"candidateCount": 2}))

    assert len(reply.json()["candidates"]) == 2


async def test_a_picture_is_answered(client, alice):
    reply = await client.post("/v1beta/models/gemini-2.5-flash-image:generateContent", a_prompt("A lighthouse"))

    parts = reply.json()["candidates"][0]["content"]["parts"]
    assert any(part.get("inlineData", {}).get("mimeType") == "image/png" for part in parts)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("[[blocked]]", {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}),
        ("[[safety]]", {"finishReason": "SAFETY"}),
        ("[[no content]]", {"finishReason": "STOP"}),
    ],
)
async def test_an_answer_without_words_is_an_answer(prompt, expected, client, alice, ledger):
    reply = await client.post(URL, a_prompt(prompt))

    answer = reply.json()
    part = answer if "promptFeedback" in expected else answer["candidates"][0]
    assert part.items() >= expected.items()
    assert [entry.outcome for entry in await ledger()] == ["succeeded"]
