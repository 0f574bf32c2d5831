"""Interactions where accounts of Gemini Code Assist are connected: those without state are translated, none is kept."""

import base64
import json

import pytest

from accounts_app import roster
from accounts_app.models import Account
from emulator import Ending
from tests.proxy_app.scripted import FINISHED, a_stream, a_text, an_answer

MODEL = "gemini-3-flash"
URL = "/v1beta/interactions"
LOOK = {"type": "function", "name": "look_up", "description": "Looks up a word.", "parameters": {"type": "object"}}


def asked(given="Hello there", **more):
    return {"model": MODEL, "input": given, "store": False, **more}


def read(reply):
    """The events of a stream: names and data."""
    blocks = [block.split("\n", 1) for block in reply.body.decode().split("\n\n") if block]
    return [(name.removeprefix("event: "), data.removeprefix("data: ")) for name, data in blocks]


def requests_of(upstream):
    return [request.body["request"] for request in upstream.calls]


def said(steps):
    texts = [content["text"] for step in steps if step["type"] == "model_output" for content in step["content"]]
    return "".join(texts)


@pytest.fixture
async def pair(pool_of, projects, settings) -> list[Account]:
    """An account of each kind; the other keys are out of service."""
    (alice,) = await pool_of("alice")
    await Account.objects.filter(kind="gemini_api").exclude(pk=projects[0].pk).aupdate(enabled=False)
    await roster.refresh()
    return [alice, projects[0]]


async def test_an_interaction_is_answered(client, alice, upstream, ledger):
    reply = await client.post(URL, asked(system_instruction="Be brief."))

    made = reply.json()
    assert reply.status == 200
    assert (made["id"], made["object"], made["status"], made["model"]) == ("", "interaction", "completed", MODEL)
    assert said(made["steps"])
    (request,) = requests_of(upstream)
    assert request["contents"] == [{"role": "user", "parts": [{"text": "Hello there"}]}]
    assert request["systemInstruction"]["parts"] == [{"text": "Be brief."}]
    assert upstream.calls[0].call == "generateContent"
    (entry,) = await ledger()
    assert (entry.method, entry.model, entry.outcome) == ("interactions.create", MODEL, "succeeded")
    assert entry.total_tokens == made["usage"]["total_tokens"] > 0


async def test_a_streamed_one_ends_as_googles_do(client, alice, upstream, ledger):
    reply = await client.post(URL, asked(stream=True))

    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.ended
    names = [name for name, _ in read(reply)]
    assert names[:3] == ["interaction.created", "interaction.status_update", "step.start"]
    assert names[-3:] == ["step.stop", "interaction.completed", "done"]
    assert read(reply)[-1] == ("done", "[DONE]")
    assert all(json.loads(data)["event_type"] == name for name, data in read(reply)[:-1])
    completed = json.loads(read(reply)[-2][1])["interaction"]
    assert completed["status"] == "completed"
    assert upstream.calls[0].call == "streamGenerateContent"
    (entry,) = await ledger()
    assert entry.total_tokens == completed["usage"]["total_tokens"] > 0


@pytest.mark.parametrize("stream", [False, True])
async def test_a_function_is_called_and_its_result_goes_back_with_the_signature(client, alice, upstream, stream):
    generation_config = {"thinking_summaries": "auto", "tool_choice": "any"}
    first = await client.post(URL, asked("Look up jack", tools=[LOOK], generation_config=generation_config))
    steps = first.json()["steps"]
    call = next(step for step in steps if step["type"] == "function_call")
    question = {"type": "user_input", "content": [{"type": "text", "text": "Look up jack"}]}
    result = {"type": "function_result", "call_id": call["id"], "result": {"meaning": "a boy"}}

    second = await client.post(URL, asked([question, *steps, result], tools=[LOOK], stream=stream))

    assert first.json()["status"] == "requires_action"
    assert any(step.get("signature") for step in steps if step["type"] == "thought")
    assert second.status == 200, second.body
    _, model, user = requests_of(upstream)[1]["contents"]
    signed = [part for part in model["parts"] if "functionCall" in part]
    assert all(part["thoughtSignature"] for part in signed[:1])
    assert user["parts"] == [
        {"functionResponse": {"id": call["id"], "name": "look_up", "response": {"meaning": "a boy"}}}
    ]


async def test_media_go_both_ways(client, alice, upstream):
    picture = {"type": "image", "mime_type": "image/png", "data": base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()}
    body = {"model": "gemini-3-pro-image-preview", "response_format": [{"type": "text"}, {"type": "image"}]}

    reply = await client.post(URL, {**asked([{"type": "text", "text": "Draw this again:"}, picture]), **body})

    contents = [content for step in reply.json()["steps"] for content in step.get("content", ())]
    (drawn,) = [content for content in contents if content["type"] == "image"]
    assert base64.b64decode(drawn["data"]).startswith(b"\x89PNG")
    (request,) = requests_of(upstream)
    assert request["contents"][0]["parts"][1] == {"inlineData": {"mimeType": "image/png", "data": picture["data"]}}
    assert request["generationConfig"]["responseModalities"] == ["TEXT", "IMAGE"]


@pytest.mark.parametrize("tool", ["google_search", "code_execution"])
async def test_googles_own_tools_are_steps(client, alice, tool):
    reply = await client.post(URL, asked("Search the news and compute 2+2", tools=[{"type": tool}], stream=True))

    steps = [json.loads(data)["step"]["type"] for name, data in read(reply) if name == "step.start"]
    assert {f"{tool}_call", f"{tool}_result", "model_output"} <= set(steps)


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"store": True}, "`store`"),
        ({"store": None}, "`store`"),
        ({"store": False, "tools": [{"type": "mcp_server"}]}, "`mcp_server`"),
        ({"store": False, "continuation_token": "t"}, "`continuation_token`"),
        ({"store": False, "background": True}, "in the background"),
    ],
)
async def test_what_needs_another_kind_of_account_says_so(client, alice, upstream, more, named, ledger):
    reply = await client.post(URL, asked(**more))

    error = reply.json()["error"]
    assert (reply.status, error["code"]) == (400, "invalid_request")
    assert named in error["message"]
    assert "AI Studio key" in error["message"]
    assert not upstream.calls


async def test_what_makes_no_sense_is_refused_by_its_place(client, alice, upstream):
    reply = await client.post(URL, asked([{"type": "user_input", "content": [{"type": "text", "text": 7}]}]))

    assert reply.status == 400
    assert reply.json()["error"] == {
        "message": "Invalid value at 'input[0].content[0].text': Expected `str`.",
        "code": "invalid_request",
    }
    assert not upstream.calls


@pytest.mark.parametrize(
    "more", [{"store": True}, {"store": False, "tools": [{"type": "google_maps"}]}, {"store": False, "input": [{}]}]
)
async def test_in_a_mixed_pool_only_the_public_api_gets_what_it_alone_can_answer(client, pair, upstream, more):
    for _ in range(4):
        await client.post(URL, asked(**more))

    assert {request.account for request in upstream.requests} == {"a@example.com"}


async def test_in_a_mixed_pool_either_kind_answers_what_is_not_kept(client, pair, upstream):
    alice, other = pair
    for account, path in ((other, "/v1internal:generateContent"), (alice, URL)):
        await Account.objects.filter(pk=account.pk).aupdate(enabled=False)
        await roster.refresh()
        assert (await client.post(URL, asked())).status == 200
        assert upstream.requests[-1].path == path
        await Account.objects.filter(pk=account.pk).aupdate(enabled=True)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_spent_account_hands_over_to_the_next(client, pool_of, upstream, ledger, stream):
    await pool_of("alice", "bob")
    upstream.script("quota_exhausted", account="alice@example.com", times=None)

    replies = [await client.post(URL, asked(f"Hello {number}", stream=stream)) for number in range(4)]

    assert {reply.status for reply in replies} == {200}


async def test_an_account_that_cools_down_for_hours_keeps_no_client_waiting_longer_than_a_minute(
    client, alice, upstream
):
    upstream.script("quota_exhausted", account="alice@example.com", times=None)

    reply = await client.post(URL, asked())

    assert reply.status == 429
    assert int(reply.headers["retry-after"]) <= 60


@pytest.mark.parametrize("stream", [False, True])
async def test_a_blocked_prompt_is_an_error(client, alice, upstream, stream):
    reply = await client.post(URL, asked("[[blocked]]", stream=stream))

    assert reply.status == 400
    assert reply.json()["error"] == {
        "message": "The prompt was blocked: PROHIBITED_CONTENT.",
        "code": "invalid_request",
    }


async def test_a_stream_that_breaks_off_is_dropped_and_nothing_is_invented(client, alice, upstream, ledger):
    upstream.script(a_stream(a_text("Hello"), ending=Ending.RESET))

    reply = await client.post(URL, asked(stream=True))

    assert [name for name, _ in read(reply)] == [
        *("interaction.created", "interaction.status_update", "step.start", "step.delta"),
    ]
    assert not reply.ended
    (entry,) = await ledger()
    assert entry.outcome == "interrupted"


async def test_a_stream_without_counts_is_whole(client, alice, upstream):
    upstream.script(a_stream(a_text("Hello"), FINISHED))

    reply = await client.post(URL, asked(stream=True))

    assert reply.ended
    assert [name for name, _ in read(reply)][-2:] == ["interaction.completed", "done"]


async def test_an_empty_answer_is_tried_again(client, pool_of, upstream):
    await pool_of("alice", "bob")
    upstream.script(an_answer(b'{"usageMetadata": {"promptTokenCount": 3}}'))

    reply = await client.post(URL, asked())

    assert reply.status == 200
    assert len(upstream.calls) == 2


async def test_the_operators_instruction_goes_first(client, alice, upstream, operator_sets):
    await operator_sets(system_instruction_prefix="Be kind.")

    await client.post(URL, asked(system_instruction="Be brief."))

    (request,) = requests_of(upstream)
    assert request["systemInstruction"]["parts"] == [{"text": "Be kind."}, {"text": "Be brief."}]
