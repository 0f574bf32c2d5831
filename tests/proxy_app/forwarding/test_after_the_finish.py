"""A stream whose answer is complete: failures between its finish and its end are ignored."""

import json

import pytest

from accounts_app.models import Rest
from emulator import Ending, Reply
from tests.factories import a_prompt
from tests.proxy_app.scripted import SSE, a_stream, a_text, an_event

URL = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
COUNTED = (
    b'{"candidates": [{"content": {"role": "model","parts": [{"text": "."}]},"finishReason": "STOP"}],'
    b'"usageMetadata": {"promptTokenCount": 3,"candidatesTokenCount": 4,"totalTokenCount": 7}}'
)
USAGE = b'{"usageMetadata": {"promptTokenCount": 3,"candidatesTokenCount": 9,"totalTokenCount": 12}}'


@pytest.mark.parametrize("query", ["?alt=sse", "?alt=json"])
@pytest.mark.parametrize("ending", [Ending.CUT, Ending.RESET, Ending.STALL])
async def test_an_answer_that_has_finished_ends_clean(ending, query, client, alice, upstream, ledger):
    upstream.script(a_stream(a_text("one"), COUNTED, ending=ending))

    reply = await client.post(URL + query, a_prompt())

    assert reply.ended
    assert b"error" not in reply.body
    if query == "?alt=json":
        assert json.loads(reply.body)[-1]["candidates"][0]["finishReason"] == "STOP"
    else:
        assert reply.texts() == ["one", "."]
    (entry,) = await ledger()
    assert (entry.outcome, entry.candidates_tokens) == ("succeeded", 4)
    assert not await Rest.objects.filter(until__isnull=False).aexists()


@pytest.mark.parametrize("after", [b'data: {"resp', b"data: nonsense\r\n\r\n"])
async def test_what_cannot_be_read_after_the_finish_is_left_out(after, client, alice, upstream, ledger):
    upstream.script(Reply(chunks=[an_event(COUNTED), after], content_type=SSE))

    reply = await client.post(f"{URL}?alt=sse", a_prompt())

    assert reply.ended
    assert reply.body == b"data: " + COUNTED + b"\r\n\r\n"
    assert [entry.outcome for entry in await ledger()] == ["succeeded"]


async def test_what_comes_after_the_finish_is_passed_on_and_counted(client, alice, upstream, ledger):
    upstream.script(a_stream(COUNTED, USAGE, ending=Ending.RESET))

    reply = await client.post(f"{URL}?alt=sse", a_prompt())

    assert reply.ended
    assert reply.body.endswith(b"data: " + USAGE + b"\r\n\r\n")
    assert [entry.candidates_tokens for entry in await ledger()] == [9]


async def test_an_answer_that_upstream_takes_back_is_broken_all_the_same(client, alice, upstream):
    error = b'data: {"error": {"code": 500,"message": "Taken back.","status": "INTERNAL"}}\r\n\r\n'
    upstream.script(Reply(chunks=[an_event(COUNTED), error], content_type=SSE))

    reply = await client.post(f"{URL}?alt=sse", a_prompt())

    assert not reply.ended
    assert reply.events()[-1]["error"]["message"] == "Taken back."


@pytest.mark.parametrize("ending", [Ending.CUT, Ending.RESET])
async def test_an_answer_without_its_finish_is_broken(ending, client, alice, upstream):
    upstream.script(a_stream(a_text("one"), USAGE, ending=ending))

    reply = await client.post(f"{URL}?alt=sse", a_prompt())

    assert not reply.ended
    assert reply.events()[-1]["error"]["code"] == 503
