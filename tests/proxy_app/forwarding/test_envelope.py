"""The request that upstream gets for a call."""

import json

import pytest

from accounts_app.models import ModelRoute
from gateway_project import __version__
from tests.factories import a_prompt

MODEL = "gemini-2.5-flash"


def url(model: str = MODEL, verb: str = "generateContent") -> str:
    return f"/v1beta/models/{model}:{verb}"


STREAM = url(verb="streamGenerateContent?alt=sse")


@pytest.mark.parametrize("path", [url(), STREAM], ids=("plain", "stream"))
async def test_the_body_stands_in_an_honest_envelope(path, client, alice, upstream):
    body = a_prompt(generationConfig={"temperature": 0.5})

    reply = await client.post(path, body)

    (call,) = upstream.calls
    request = call.body.pop("request")
    session = request.pop("sessionId")
    assert call.body == {
        "project": "my-project",
        "model": MODEL,
        "requestId": reply.headers["x-request-id"],
        "userAgent": "gemini-gateway",
        "requestType": "agent",
    }
    assert len(session) == 16
    assert request == body
    assert call.path == "/v1internal:" + path.partition(":")[2].partition("?")[0]
    assert call.query == ({"alt": "sse"} if path == STREAM else {})


async def test_the_headers_say_who_we_are_and_nothing_of_the_client(client, alice, upstream):
    await client.post(
        url(), a_prompt(), user_agent="client/1.0", x_goog_api_client="genai-py/1", cookie="a=b", x_own="1"
    )

    headers = upstream.calls[0].headers
    assert headers["user-agent"] == f"gemini-gateway/{__version__}"
    assert headers["content-type"] == "application/json"
    assert headers["accept-encoding"] == "gzip"
    assert not {"x-goog-api-client", "cookie", "x-own", "x-goog-api-key"} & set(headers)
    assert upstream.calls[0].account == "alice@example.com"


@pytest.mark.parametrize(
    ("model", "fields", "kind"),
    [
        (MODEL, {}, "agent"),
        ("gemini-2.5-flash-image", {}, "image_gen"),
        ("gemini-3-pro-image-preview", {"tools": [{"googleSearch": {}}]}, "image_gen"),
        (MODEL, {"tools": [{"googleSearch": {}}]}, "web_search"),
        (MODEL, {"tools": [{"codeExecution": {}}, {"google_search": {}}]}, "web_search"),
        (MODEL, {"tools": [{"functionDeclarations": [{"name": "googleSearch", "description": "mine"}]}]}, "agent"),
        (MODEL, {"tools": []}, "agent"),
    ],
)
async def test_the_request_type_is_what_the_call_is(model, fields, kind, client, alice, upstream):
    await client.post(url(model), a_prompt(**fields))

    assert upstream.calls[0].body["requestType"] == kind


class TestASession:
    async def test_stays_the_same_over_the_turns_of_a_conversation(self, client, alice, upstream):
        turns = a_prompt("Tell me a story", systemInstruction={"parts": [{"text": "Be brief."}]})
        for words in ("Go on", "And then?"):
            answer = await client.post(url(), turns)
            turns["contents"] += [
                answer.json()["candidates"][0]["content"],
                {"role": "user", "parts": [{"text": words}]},
            ]
        await client.post(STREAM, turns)

        assert len({call.body["request"]["sessionId"] for call in upstream.calls}) == 1

    async def test_differs_between_conversations(self, client, alice, upstream):
        brief = {"parts": [{"text": "Be brief."}]}
        for body in (a_prompt("one"), a_prompt("two"), a_prompt("one", systemInstruction=brief)):
            await client.post(url(), body)

        assert len({call.body["request"]["sessionId"] for call in upstream.calls}) == 3

    async def test_differs_between_keys(self, client, alice, api_key, upstream):
        for key in (await api_key("a"), await api_key("b")):
            await client.post(url(), a_prompt("one"), x_goog_api_key=key)

        assert len({call.body["request"]["sessionId"] for call in upstream.calls}) == 2

    @pytest.mark.parametrize("name", ["sessionId", "session_id"])
    async def test_named_by_the_client_is_kept(self, name, client, alice, upstream):
        await client.post(url(), a_prompt(**{name: "mine"}))

        request = upstream.calls[0].body["request"]
        assert request[name] == "mine"
        assert len({"sessionId", "session_id"} & set(request)) == 1

    async def test_named_in_a_header_is_one_session_whatever_is_said(self, client, alice, upstream):
        for text in ("one", "two"):
            await client.post(url(), a_prompt(text), x_session_affinity="mine")

        assert len({call.body["request"]["sessionId"] for call in upstream.calls}) == 1


async def test_the_clients_model_key_is_dropped(client, alice, upstream):
    await client.post(url(), a_prompt(model="models/gemini-2.5-pro"))

    assert upstream.calls[0].body["model"] == MODEL
    assert "model" not in upstream.calls[0].body["request"]


async def test_leftovers_of_undefined_values_are_dropped(client, alice, upstream):
    body = a_prompt(
        cachedContent="[undefined]",
        generationConfig={"temperature": 0.5, "topP": "[undefined]", "stopSequences": ["[undefined]"]},
        toolConfig=None,
    )
    await client.post(url(), body)

    request = upstream.calls[0].body["request"]
    assert request["generationConfig"] == {"temperature": 0.5, "stopSequences": ["[undefined]"]}
    assert not {"cachedContent", "toolConfig"} & set(request)


@pytest.mark.parametrize(
    "body",
    [
        b'{"system_instruction": {"parts": {"text": "Be brief."}}, "contents":[{"parts":[{"text":"Hi"}]}]}',
        b'{"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}',
        b'{"contents":[{"parts":[{"inline_data":{"mime_type":"image/png","data":"iVBORw0KGgo="}},{"text":"Hi"}]}],'
        b'"generation_config":{"max_output_tokens":9,"thinkingConfig":{"thinking_budget":0}},'
        b'"safety_settings":[], "tools":[{"function_declarations":[{"name":"f","parameters_json_schema":{}}]}]}',
        '{"contents":[{"parts":[{"text":"\u65e5\u672c \\ud83d\\ude00 \U0001f600 \\u0000 \\/"}]}]}'.encode(),
        b'{"contents":[{"parts":[{"text":"Hi"}]}],"generationConfig":{"temperature":1.0,"seed":1E2,"topP":0.10}}',
    ],
    ids=("snake case", "camel case", "mixed", "escapes", "numbers"),
)
async def test_every_value_travels_byte_for_byte(body, client, alice, upstream):
    reply = await client.post(url(), body)

    assert reply.status == 200
    for value in pieces_of(body):
        assert value in upstream.calls[0].raw


def pieces_of(body: bytes) -> list[bytes]:
    """The values at the top of a JSON object, as they are written."""
    text, decoder, found = body.decode(), json.JSONDecoder(), []
    at = text.index('"')
    while at > 0:
        _, colon = decoder.raw_decode(text, at)
        start = next(i for i in range(text.index(":", colon) + 1, len(text)) if not text[i].isspace())
        _, end = decoder.raw_decode(text, start)
        found.append(text[start:end].encode())
        at = text.find('"', end)
    return found


class TestTheOperatorsInstruction:
    async def test_is_none_by_default_and_none_is_invented(self, client, alice, upstream):
        await client.post(url(), a_prompt())

        assert "systemInstruction" not in upstream.calls[0].body["request"]

    async def test_comes_before_the_clients(self, client, alice, upstream, operator_sets):
        await operator_sets(system_instruction_prefix="House rules apply.")

        await client.post(url(), a_prompt(systemInstruction={"parts": [{"text": "Be brief."}]}))

        parts = upstream.calls[0].body["request"]["systemInstruction"]["parts"]
        assert parts == [{"text": "House rules apply."}, {"text": "Be brief."}]

    async def test_stands_alone_where_the_client_has_none(self, client, alice, upstream, operator_sets):
        await operator_sets(system_instruction_prefix="House rules apply.")

        await client.post(STREAM, a_prompt())

        parts = upstream.calls[0].body["request"]["systemInstruction"]["parts"]
        assert parts == [{"text": "House rules apply."}]

    async def test_is_not_counted_and_not_given_to_image_models(self, client, alice, upstream, operator_sets):
        await operator_sets(system_instruction_prefix="House rules apply.")

        await client.post(url(verb="countTokens"), a_prompt())
        await client.post(url("gemini-2.5-flash-image"), a_prompt())

        assert [b"House rules" in call.raw for call in upstream.calls] == [False, False]


class TestARoute:
    @pytest.fixture
    async def routes(self, alice):
        for pattern, target in {
            "gpt-4o": "gemini-2.5-pro",
            "gpt-*": "gemini-2.5-flash",
            "gpt-4*": "gemini-3-pro-preview",
            "*-embedding": "nowhere",
        }.items():
            await ModelRoute.objects.acreate(pattern=pattern, target=target)

    @pytest.mark.parametrize(
        ("asked", "sent"),
        [
            ("gpt-4o", "gemini-2.5-pro"),
            ("gpt-4o-mini", "gemini-3-pro-preview"),
            ("gpt-3.5-turbo", "gemini-2.5-flash"),
            ("gemini-2.5-flash-lite", "gemini-2.5-flash-lite"),
        ],
        ids=("exact", "longer wildcard", "wildcard", "pass through"),
    )
    async def test_goes_by_name_then_by_the_wildcard_that_says_most(
        self, asked, sent, client, routes, upstream, ledger
    ):
        reply = await client.post(url(asked), a_prompt())

        assert reply.status == 200
        assert upstream.calls[0].body["model"] == sent
        (entry,) = await ledger()
        assert (entry.model, entry.upstream_model) == (asked, sent)

    async def test_holds_for_counting_too(self, client, routes, upstream):
        await client.post(url("gpt-4o", "countTokens"), a_prompt())

        assert upstream.calls[0].body["request"]["model"] == "models/gemini-2.5-pro"
