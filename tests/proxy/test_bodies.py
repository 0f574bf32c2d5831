"""Bodies that are nonsense, hostile or large."""

import json

import pytest

from tests.factories import a_prompt

URL = "/v1beta/models/gemini-2.5-flash:generateContent"
STREAM = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"


NONSENSE = (
    (b"nonsense", "Unexpected token"),
    (b"[]", "Root element must be a message"),
    (b'"text"', "Root element must be a message"),
    (b"42", "Root element must be a message"),
    (b'{"contents": [', "Unexpected end of string"),
    (b'{"contents": []} trailing', "Parsing terminated before end of input"),
    (b'{"contents": "\xff\xfe"}', "non UTF-8"),
    (b"\xff\xfe{\x00}\x00", "Invalid JSON payload"),
    (b'{"contents": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too deep"),
    (b'{"contents": ' + b'{"a":' * 100_000, "Invalid JSON payload"),
    (b'{"a": NaN}', "Invalid JSON payload"),
    (b"\x00" * 100, "Invalid JSON payload"),
)


async def test_nonsense_is_refused_in_googles_words_without_asking_upstream(client, alice, upstream):
    for body, says in NONSENSE:
        reply = await client.post(URL, body)
        assert reply.status == 400
        assert reply.json()["error"]["status"] == "INVALID_ARGUMENT"
        assert says in reply.json()["error"]["message"]

    assert not upstream.requests


@pytest.mark.parametrize("body", [b"", b"  \r\n", b"{}", b'{"contents": null}', b'{"contents": []}'])
async def test_an_empty_body_is_upstreams_to_refuse(body, client, alice, upstream):
    reply = await client.post(URL, body)

    assert reply.status == 400
    assert reply.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert len(upstream.calls) == 1


@pytest.mark.parametrize("fields", [{"tools": "all"}, {"tools": [[]]}, {"systemInstruction": 7}, {"contents": "Hi"}])
async def test_values_of_the_wrong_kind_are_upstreams_to_judge(fields, client, alice, upstream):
    reply = await client.post(URL, a_prompt() | fields)

    assert reply.status in (200, 400)
    assert len(upstream.calls) == 1


async def test_twenty_megabytes_travel_whole(client, alice, upstream):
    picture = "iVBORw0KGgo" + "A" * (20 * 1024 * 1024 - 11)
    parts = [{"inlineData": {"mimeType": "image/png", "data": picture}}, {"text": "What is this?"}]

    reply = await client.post(STREAM, {"contents": [{"role": "user", "parts": parts}]})

    assert reply.status == 200
    assert reply.ended
    assert json.dumps(parts).encode() in upstream.calls[0].raw


async def test_a_body_over_the_limit_is_refused_by_its_size(client, alice, upstream, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    reply = await client.post(URL, a_prompt("x" * 1000))

    assert reply.status == 413
    assert reply.json()["error"]["code"] == 413
    assert "1000 bytes" in reply.json()["error"]["message"]
    assert not upstream.requests


async def test_a_number_that_no_float_can_hold_and_a_repeated_key_travel_too(client, alice, upstream):
    body = b'{"contents":[{"parts":[{"text":"Hi","x":123456789012345678901234567890.10,"x":2}]}],"a":1,"a":2}'

    await client.post(URL, body)

    assert b'"x":123456789012345678901234567890.10,"x":2' in upstream.calls[0].raw
