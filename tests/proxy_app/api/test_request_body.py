"""Bodies that are invalid, hostile or large."""

import asyncio
import gzip
import json
import zlib

import pytest

from emulator import Ending
from proxy_app.api import request_body
from proxy_app.wire.bodies.large_bodies import LARGE_BYTES
from tests.factories import a_prompt
from tests.proxy_app.scripted import a_stream, a_text

URL = "/v1beta/models/gemini-2.5-flash:generateContent"
COUNT = "/v1beta/models/gemini-2.5-flash:countTokens"
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


async def test_a_body_of_googles_own_json_goes_up_as_strict_json(client, alice, upstream):
    body = b"{contents: [{'parts': [{text: 'It\\'s\ntwo lines',}],},], \"generationConfig\": {topK: 3,},}"

    for url in (URL, STREAM):
        reply = await client.post(url, body)
        assert reply.status == 200

    sent = [json.loads(call.raw)["request"] for call in upstream.calls]
    assert [each["contents"] for each in sent] == [[{"parts": [{"text": "It's\ntwo lines"}]}]] * 2
    assert sent[0]["generationConfig"] == {"topK": 3}


async def test_a_count_in_googles_own_json_is_taken_too(client, alice, upstream):
    reply = await client.post(COUNT, b"{generateContentRequest:{contents:[{parts:[{text:'Hi'}]}],model:'models/x'},}")

    assert reply.status == 200
    assert json.loads(upstream.calls[0].raw)["request"]["contents"] == [{"parts": [{"text": "Hi"}]}]


async def test_a_large_body_is_not_read_a_second_time(client, alice, upstream):
    reply = await client.post(URL, b'{"contents":[{"parts":[{"text":"' + b"x" * LARGE_BYTES + b'"}]}],}')

    assert reply.status == 400
    assert "Expected an object key or }. (at byte" in reply.json()["error"]["message"]
    assert not upstream.requests


class TestCompressed:
    """Bodies with a `Content-Encoding`."""

    BODY = json.dumps(a_prompt("Hi " * 100)).encode()

    @pytest.mark.parametrize("url", [URL, STREAM, COUNT])
    @pytest.mark.parametrize(
        ("encoding", "compress"),
        [("gzip", gzip.compress), ("X-GZIP", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)],
    )
    async def test_are_taken_as_what_they_were(self, encoding, compress, url, client, alice, upstream):
        reply = await client.post(url, compress(self.BODY), content_encoding=encoding)

        assert reply.status == 200
        assert json.loads(upstream.calls[0].raw)["request"]["contents"] == json.loads(self.BODY)["contents"]

    @pytest.mark.parametrize("body", [BODY, gzip.compress(BODY)[:-9]])
    async def test_are_refused_when_they_are_not_what_they_say(self, body, client, alice, upstream):
        reply = await client.post(URL, body, content_encoding="gzip")

        assert reply.status == 400
        assert reply.json()["error"]["status"] == "INVALID_ARGUMENT"
        assert "gzip" in reply.json()["error"]["message"]
        assert not upstream.requests

    async def test_in_an_unknown_way_are_refused_by_its_name(self, client, alice, upstream):
        reply = await client.post(URL, self.BODY, content_encoding="br")

        assert reply.status == 415
        assert reply.json()["error"]["code"] == 415
        assert "'br' is not supported" in reply.json()["error"]["message"]
        assert reply.headers["accept-encoding"] == "gzip, deflate, identity"
        assert not upstream.requests

    async def test_over_the_limit_are_refused_by_their_true_size(self, client, alice, upstream, settings):
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100_000

        reply = await client.post(
            URL, gzip.compress(b'{"contents":"' + b"x" * 100_000 + b'"}'), content_encoding="gzip"
        )

        assert reply.status == 413
        assert "100000 bytes" in reply.json()["error"]["message"]
        assert not upstream.requests


class TestRoom:
    """Compressed bodies share a bounded amount of memory once decompressed."""

    BODY = gzip.compress(json.dumps(a_prompt("x" * 2_000_000)).encode())

    @pytest.fixture
    def little_room(self, settings) -> None:
        settings.GATEWAY_BUFFER_MB = 3
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000

    async def test_is_given_back_when_the_answer_begins(self, client, alice, upstream, little_room):
        upstream.script(a_stream(a_text("one"), ending=Ending.STALL))
        exchange = client.start("POST", STREAM, self.BODY, content_encoding="gzip")

        await exchange.chunks()

        assert request_body._Room.taken == 0
        await exchange.hang_up()

    async def test_that_is_not_there_is_a_503_for_a_moment(self, client, alice, upstream, little_room):
        upstream.script("stall", times=None)
        waiting = client.start("POST", URL, self.BODY, content_encoding="gzip")
        await asyncio.to_thread(upstream.wait_for_requests, 1)

        reply = await client.post(URL, self.BODY, content_encoding="gzip")

        assert reply.status == 503
        assert reply.headers["retry-after"] == "1"
        assert "too many large requests" in reply.json()["error"]["message"]
        await waiting.hang_up()
        assert request_body._Room.taken == 0

    @pytest.mark.parametrize("body", [b"nonsense", BODY[:-20]])
    async def test_is_given_back_by_a_body_that_cannot_be_read(self, body, client, upstream):
        await client.post(URL, body, content_encoding="gzip")

        assert request_body._Room.taken == 0


async def test_more_fields_than_a_request_can_have_are_refused(client, alice, upstream):
    body = b"{" + b",".join(b'"f%d":0' % number for number in range(400_000)) + b"}"

    reply = await client.post(URL, body)

    assert reply.status == 400
    assert "1024 fields at most" in reply.json()["error"]["message"]
    assert not upstream.requests
