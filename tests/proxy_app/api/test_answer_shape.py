"""Google's system parameters `fields` and `prettyPrint`, on every kind of answer."""

import json

import pytest

from tests.factories import a_prompt
from tests.proxy_app.scripted import a_stream, a_text, an_answer

PLAIN = "/v1beta/models/gemini-2.5-flash:generateContent"
STREAM = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
COUNT = "/v1beta/models/gemini-2.5-flash:countTokens"
ANSWER = (
    b'{"candidates": [{"content": {"role": "model","parts": [{"text": "Hi"}]},"finishReason": "STOP"}],'
    b'"usageMetadata": {"promptTokenCount": 3,"candidatesTokenCount": 4,"totalTokenCount": 7}}'
)
TEXTS = "candidates/content/parts/text"


async def test_a_plain_answer_has_the_fields_asked_for_and_is_counted_whole(client, alice, upstream, ledger):
    upstream.script(an_answer(ANSWER))

    reply = await client.post(f"{PLAIN}?fields={TEXTS}", a_prompt())

    assert reply.json() == {"candidates": [{"content": {"parts": [{"text": "Hi"}]}}]}
    (entry,) = await ledger()
    assert (entry.outcome, entry.total_tokens) == ("succeeded", 7)
    assert upstream.calls[0].query.get("fields") is None


@pytest.mark.parametrize("parameter", ["fields", "$fields", "%24fields"])
@pytest.mark.parametrize("form", ["sse", "json"])
async def test_each_event_has_the_fields_asked_for(form, parameter, client, alice, upstream, ledger):
    upstream.script(a_stream(a_text("one"), ANSWER))

    reply = await client.post(f"{STREAM}?alt={form}&{parameter}=usageMetadata(totalTokenCount)", a_prompt())

    events = reply.events() if form == "sse" else reply.json()
    assert events == [{}, {"usageMetadata": {"totalTokenCount": 7}}]
    assert reply.ended
    assert [entry.total_tokens for entry in await ledger()] == [7]


async def test_a_field_mask_may_come_in_its_header(client, alice, upstream):
    upstream.script(an_answer(ANSWER))

    reply = await client.post(PLAIN, a_prompt(), x_goog_fieldmask="usage_metadata.total_token_count")

    assert reply.json() == {"usageMetadata": {"totalTokenCount": 7}}


async def test_counts_and_lists_have_them_too(client, alice):
    count = await client.post(f"{COUNT}?fields=totalTokens", a_prompt())
    models = await client.get("/v1beta/models?fields=models/name&pageSize=2")
    model = await client.get("/v1beta/models/gemini-2.5-flash?fields=name")

    assert list(count.json()) == ["totalTokens"]
    assert [list(entry) for entry in models.json()["models"]] == [["name"], ["name"]]
    assert model.json() == {"name": "models/gemini-2.5-flash"}


async def test_an_error_is_whole_whatever_the_mask(client, alice, upstream):
    upstream.script("invalid_argument")

    reply = await client.post(f"{PLAIN}?fields=candidates", a_prompt())

    assert reply.json()["error"]["code"] == 400


@pytest.mark.parametrize("url", [PLAIN, f"{STREAM}?alt=sse", COUNT])
async def test_a_mask_that_cannot_be_read_is_refused(url, client, alice, upstream):
    reply = await client.post(f"{url}{'&' if '?' in url else '?'}fields=candidates(", a_prompt())

    assert reply.status == 400
    assert "Invalid field selection candidates(" in reply.json()["error"]["message"]
    assert not upstream.requests


async def test_the_layout_is_the_clients_to_say(client, alice, upstream):
    upstream.script(an_answer(ANSWER), times=2)

    compact = await client.post(f"{PLAIN}?prettyPrint=false", a_prompt())
    pretty = await client.post(f"{PLAIN}?$prettyPrint=true", a_prompt())

    assert compact.body == json.dumps(json.loads(ANSWER), separators=(",", ":")).encode()
    assert pretty.body == json.dumps(json.loads(ANSWER), indent=2).encode()


async def test_an_event_stays_on_one_line_and_an_element_need_not(client, alice, upstream):
    upstream.script(a_stream(ANSWER), times=2)

    events = await client.post(f"{STREAM}?alt=sse&prettyPrint=true", a_prompt())
    array = await client.post(f"{STREAM}?alt=json&prettyPrint=true", a_prompt())

    assert events.body.count(b"\n") == 2
    assert array.body.startswith(b'[{\n  "candidates": [\n')
    assert array.json() == [json.loads(ANSWER)]


async def test_errors_are_laid_out_so_too(client, upstream):
    compact = await client.post(f"{STREAM}?alt=sse&prettyPrint=false", a_prompt())
    pretty = await client.post(f"{PLAIN}?prettyPrint=true", a_prompt())

    assert b"\n" not in compact.body
    assert pretty.body.startswith(b'{\n  "error": {\n')
