"""An interrupted stream must never look like a complete one."""

import pytest

from accounts_app import leasing
from tests.factories import a_prompt

URL = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"


@pytest.mark.parametrize("how", ["cut_after_first", "reset_after_first", "no_finish", "malformed_event"])
async def test_a_broken_stream_ends_with_one_error_event_and_without_an_end(how, client, alice, upstream):
    upstream.script(how)

    reply = await client.post(URL, a_prompt())

    *answered, last = reply.events()
    assert answered
    assert all("error" not in event for event in answered)
    assert set(last) == {"error"}
    assert list(last["error"]) == ["code", "message", "status"]
    assert reply.body.endswith(b"}}\r\n\r\n")
    assert not reply.ended
    assert leasing.in_flight() == 0


@pytest.mark.parametrize(
    "form", ["error_in_stream", "error_in_stream_pretty", "error_in_stream_event", "error_in_stream_joined"]
)
async def test_a_stream_broken_by_upstreams_own_error_says_it_in_upstreams_words(form, client, alice, upstream):
    upstream.script(form)

    reply = await client.post(URL, a_prompt())

    assert reply.events()[-1]["error"] == {
        "code": 503,
        "message": "The model is overloaded. Please try again later.",
        "status": "UNAVAILABLE",
    }
    assert reply.body.count(b'"error"') == 1
    assert not reply.ended


async def test_a_broken_stream_is_not_tried_again(client, pool_of, upstream):
    await pool_of("alice", "bob")
    upstream.script("cut_after_first")

    await client.post(URL, a_prompt())

    assert len(upstream.calls) == 1


async def test_an_error_before_the_first_event_is_an_error_response(client, alice, upstream):
    upstream.script("invalid_argument")

    reply = await client.post(URL, a_prompt())

    assert reply.status == 400
    assert reply.headers["content-type"] == "text/event-stream"  # as Google's, with the error alone in it
    assert reply.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert reply.ended
