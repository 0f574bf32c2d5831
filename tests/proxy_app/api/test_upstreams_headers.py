"""Headers of upstream that are meant for the client are passed on, and no others."""

from dataclasses import replace

import pytest

from emulator import Reply
from tests.factories import a_prompt
from tests.proxy_app.scripted import FINISHED, a_stream, an_answer

PLAIN = "/v1beta/models/gemini-2.5-flash:generateContent"
STREAM = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
SAID = {
    "x-gemini-service-tier": "priority",
    "Server-Timing": "gfet4t7; dur=1377",
    "X-Goog-Ext-1-Bin": "Abc=",
    "Set-Cookie": "a=b",
    "X-Cloud-Trace": "t",
    "Alt-Svc": "h3",
}
PASSED_ON = {"x-gemini-service-tier": "priority", "server-timing": "gfet4t7; dur=1377", "x-goog-ext-1-bin": "Abc="}


def with_headers(reply: Reply) -> Reply:
    return replace(reply, headers=tuple(SAID.items()))


def passed_on(reply) -> dict[str, str]:
    names = {name.lower() for name in SAID}
    return {name: value for name, value in reply.headers.items() if name in names}


@pytest.mark.parametrize("url", [PLAIN, f"{STREAM}?alt=sse", f"{STREAM}?alt=json"])
async def test_with_an_answer(url, client, alice, upstream):
    upstream.script(with_headers(an_answer(FINISHED) if url == PLAIN else a_stream(FINISHED)))

    reply = await client.post(url, a_prompt())

    assert reply.status == 200
    assert passed_on(reply) == PASSED_ON


@pytest.mark.parametrize("url", [PLAIN, f"{STREAM}?alt=sse"])
async def test_with_an_error_of_upstreams_own(url, client, alice, upstream):
    error = b'{"error": {"code": 400,"message": "No.","status": "INVALID_ARGUMENT"}}'
    upstream.script(with_headers(Reply(status=400, chunks=[error])))

    reply = await client.post(url, a_prompt())

    assert reply.status == 400
    assert passed_on(reply) == PASSED_ON


async def test_not_of_an_attempt_that_another_one_outdid(client, pool_of, upstream):
    await pool_of("alice", "bob")
    error = b'{"error": {"code": 503,"message": "No.","status": "UNAVAILABLE"}}'
    upstream.script(with_headers(Reply(status=503, chunks=[error])))

    reply = await client.post(PLAIN, a_prompt())

    assert reply.status == 200
    assert "x-gemini-service-tier" not in passed_on(reply)
