"""Paths: every spelling that clients use works, and every other one gets a readable error."""

import re

import pytest

from tests.factories import a_prompt

MODEL = "gemini-2.5-flash"
GENERATE = f"/v1beta/models/{MODEL}:generateContent"


class TestLeadsToTheModel:
    @pytest.mark.parametrize(
        "path",
        [
            f"/v1beta/models/{MODEL}:generateContent",
            f"/v1/models/{MODEL}:generateContent",
            f"/v1alpha/models/{MODEL}:generateContent",
            f"/v1beta/models/{MODEL}%3AgenerateContent",
            f"/v1beta/models/{MODEL}%253AgenerateContent",
            f"/v1beta/models/models/{MODEL}:generateContent",
            f"/v1beta/models/{MODEL}:generateContent?key=",
            f"/v1beta/models/{MODEL}:generateContent?key=abc&$alt=json;enum-encoding=int",
        ],
    )
    async def test_from_every_spelling(self, path, client, alice, upstream):
        reply = await client.post(path, a_prompt())

        assert reply.status == 200
        assert upstream.calls[0].model == MODEL

    @pytest.mark.parametrize(
        "path", [f"/{GENERATE}", f"/v1beta//models/{MODEL}:generateContent", f"/v1beta/models//{MODEL}:generateContent"]
    )
    async def test_also_after_a_doubled_slash(self, path, client, alice, upstream):
        """A base URL that ends in a slash makes it: the legacy JavaScript SDK joins without looking."""
        reply = await client.post(path, a_prompt())

        assert reply.status == 200
        assert upstream.calls[0].model == MODEL

    @pytest.mark.parametrize("model", ["org/name:v1", "a:b:c", "publishers/google/models/x"])
    async def test_whose_id_has_colons_and_slashes(self, model, client, alice, upstream):
        await client.post(f"/v1beta/models/{model}:generateContent", a_prompt())

        assert upstream.calls[0].model == model


def is_googles_error(reply, code: int) -> dict:
    assert reply.status == code
    assert reply.headers["content-type"] == "application/json; charset=UTF-8"
    assert reply.body.startswith(b'{"error":')
    error = reply.json()["error"]
    assert error["code"] == code
    assert error["message"]
    assert re.fullmatch("[A-Z_]+", error["status"])
    return error


class TestIsAnsweredInGooglesShape:
    async def test_where_there_is_nothing(self, client, upstream):
        for method, path in (
            ("GET", "/nowhere"),
            ("POST", "/v1beta"),
            ("GET", "/v1beta/"),
            ("POST", "/v2/models/x:generateContent"),
            ("DELETE", "/v1beta/newThings/x"),
            ("GET", "/favicon.ico"),
            ("POST", "/v1/chat/completions"),
            ("PUT", "/healthz/"),
        ):
            error = is_googles_error(await client.request(method, path), 404)
            assert error["status"] == "NOT_FOUND"
            assert "Gemini API under /v1beta" in error["message"]

    async def test_for_a_wrong_method(self, client, upstream):
        for method, path in (
            ("POST", "/v1beta/models"),
            ("PUT", GENERATE),
            ("DELETE", GENERATE),
            ("POST", "/healthz"),
            ("DELETE", "/readyz"),
            ("PROPFIND", "/v1beta/models"),
            ("TRACE", GENERATE),
            ("NONSENSE", "/nowhere"),
        ):
            error = is_googles_error(await client.request(method, path, b"{}"), 405)
            assert method in error["message"]

    @pytest.mark.parametrize("method", ["PATCH", "DELETE", "PUT"])
    async def test_for_changes_of_a_base_model(self, method, client, upstream):
        is_googles_error(await client.request(method, "/v1/models/x", b"{}"), 404)

    async def test_for_a_call_by_get(self, client, upstream):
        is_googles_error(await client.get(GENERATE), 405)

    @pytest.mark.parametrize("verb", ["embedContent", "batchEmbedContents", "predict", "predictLongRunning"])
    async def test_for_googles_verbs_that_these_accounts_have_not(self, verb, client, alice, upstream):
        reply = await client.post(f"/v1beta/models/gemini-embedding-001:{verb}", {})

        error = is_googles_error(reply, 501)
        assert error["status"] == "UNIMPLEMENTED"
        assert verb in error["message"]
        assert "A Gemini API key serves it" in error["message"]
        assert not upstream.calls

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "files"),
            ("DELETE", "cachedContents/x"),
            ("POST", "files:register"),
            ("POST", "auth_tokens"),
        ],
    )
    async def test_for_googles_other_methods(self, method, path, client, alice, upstream):
        is_googles_error(await client.request(method, f"/v1beta/{path}"), 501)

    async def test_but_for_interactions_in_theirs(self, client, alice, upstream):
        """Their SDKs send a call again after any 5xx."""
        reply = await client.post("/v1beta/interactions", {"model": MODEL, "input": "hi"})

        assert reply.status == 400
        assert reply.json()["error"].keys() == {"message", "code"}
        assert reply.json()["error"]["code"] == "invalid_request"
        assert "needs an account of the public API" in reply.json()["error"]["message"]

    @pytest.mark.parametrize("verb", ["doMagic", "GenerateContent", ""])
    async def test_for_verbs_that_nobody_has(self, verb, client, alice, upstream):
        error = is_googles_error(await client.post(f"/v1beta/models/{MODEL}:{verb}", {}), 404)

        assert "generateContent, streamGenerateContent, countTokens" in error["message"]
        assert not upstream.calls

    @pytest.mark.parametrize("path", [f"/v1beta/models/{MODEL}", "/v1beta/models/:generateContent"])
    async def test_for_a_call_without_verb_or_model(self, path, client, alice, upstream):
        reply = await client.post(path, a_prompt())

        assert reply.status in (400, 404)
        is_googles_error(reply, reply.status)

    async def test_for_a_query_that_is_no_text(self, client, upstream):
        is_googles_error(await client.get("/v1beta/models?pageToken=%ff%fe"), 400)


async def test_models_are_listed_with_a_slash_at_the_end_as_well(client, alice):
    listed = await client.get("/v1beta/models")
    for path in ("/v1beta/models/", "/v1/models/?pageSize=50", "/v1beta//models//"):
        reply = await client.get(path)

        assert reply.status == 200
        assert reply.json() == listed.json()
    is_googles_error(await client.post("/v1beta/models/", a_prompt()), 405)


async def test_nothing_is_ever_redirected(client, alice):
    for path in ("/v1beta/models/", "/healthz/", f"{GENERATE}/", "/v1beta/models//"):
        for method, body in (("GET", b""), ("POST", a_prompt())):
            reply = await client.request(method, path, body)
            assert reply.status not in range(300, 400)
            assert "location" not in reply.headers


async def test_head_is_get_without_the_body(client, upstream):
    for path in ("/v1beta/models", f"/v1beta/models/{MODEL}", "/healthz", "/nowhere", GENERATE):
        head, get = await client.request("HEAD", path), await client.get(path)
        assert head.status == get.status
        assert head.headers["content-type"] == get.headers["content-type"]
        assert head.body == b""


async def test_options_is_answered_without_a_key(client, upstream, operator_sets):
    await operator_sets(auth_mode="strict")
    for path in ("/v1beta/models", GENERATE, "/nowhere", "/healthz", "/v1beta/files"):
        reply = await client.request("OPTIONS", path)
        assert reply.status == 200
        assert reply.headers["allow"]
        assert reply.headers["content-type"] == "application/json; charset=UTF-8"


async def test_every_answer_has_a_request_id_of_its_own(client, alice, upstream, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 5000
    upstream.script("invalid_argument")
    replies = [
        await client.post(GENERATE, a_prompt()),
        await client.post(GENERATE, a_prompt()),
        await client.post(f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse", a_prompt()),
        await client.post(GENERATE, b"nonsense"),
        await client.post(GENERATE, b"x" * 6000),
        await client.get("/v1beta/models"),
        await client.get("/healthz"),
        await client.get("/nowhere"),
        await client.request("OPTIONS", GENERATE),
        await client.request("HEAD", "/v1beta/models"),
    ]

    assert [reply.status for reply in replies] == [400, 200, 200, 400, 413, 200, 200, 404, 200, 200]
    ids = [reply.headers["x-request-id"] for reply in replies]
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in ids)
    assert len(set(ids)) == len(ids)


async def test_the_request_id_is_in_the_request_log_and_sent_upstream(client, alice, upstream, ledger):
    reply = await client.post(GENERATE, a_prompt())

    (entry,) = await ledger()
    assert reply.headers["x-request-id"] == entry.request_id == upstream.calls[0].body["requestId"]
