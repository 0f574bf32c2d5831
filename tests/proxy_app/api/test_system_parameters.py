"""Calls about resources as clients of every kind write them: masks, overridden methods, bodies that mean nothing."""

import pytest

from accounts_app.leasing import continuations
from accounts_app.models import Resource
from accounts_app.storage import journal
from emulator.wire.replies import Reply
from tests.factories import a_cache, a_prompt

GENERATE = "/v1beta/models/gemini-2.5-flash:generateContent"


@pytest.fixture
async def key(key_of) -> str:
    """A key of one of two groups."""
    await key_of("blue")
    return await key_of("red")


@pytest.fixture
async def cache(client, projects, key) -> str:
    return (await client.post("/v1beta/cachedContents", a_cache(), x_goog_api_key=key)).json()["name"]


async def test_a_patch_without_a_mask_changes_what_it_has(client, key, cache, upstream):
    before = (await client.get(f"/v1beta/{cache}", x_goog_api_key=key)).json()

    bare = await client.request("PATCH", f"/v1beta/{cache}", {"ttl": "9000s"}, x_goog_api_key=key)
    masked = await client.request("PATCH", f"/v1beta/{cache}?updateMask=ttl", {"ttl": "90s"}, x_goog_api_key=key)

    assert (bare.status, masked.status) == (200, 200)
    assert bare.json()["expireTime"] > before["expireTime"] > masked.json()["expireTime"]
    first, second = upstream.requests_of("updateCachedContent")
    assert (dict(first.query), dict(second.query)) == ({}, {"updateMask": "ttl"})


async def test_a_delete_may_have_a_body_which_goes_no_further(client, key, cache, upstream):
    reply = await client.request("DELETE", f"/v1beta/{cache}", {}, x_goog_api_key=key)

    assert (reply.status, reply.json()) == (200, {})
    (seen,) = upstream.requests_of("deleteCachedContent")
    assert seen.raw == b""


async def test_a_post_may_stand_for_another_method(client, key, cache, upstream):
    patched = await client.post(f"/v1beta/{cache}", {"ttl": "90s"}, x_goog_api_key=key, x_http_method_override="patch")
    got = await client.post(f"/v1beta/{cache}", x_goog_api_key=key, x_http_method_override="GET")
    deleted = await client.post(f"/v1beta/{cache}", {}, x_goog_api_key=key, x_http_method_override="DELETE")

    assert (patched.status, got.status, deleted.status) == (200, 200, 200)
    assert got.json()["name"] == cache
    assert [each.http_method for each in upstream.requests][-3:] == ["PATCH", "GET", "DELETE"]
    await journal.flush(force=True)
    assert not await Resource.objects.aexists()


@pytest.mark.parametrize("parameter", ["fields=model", "$fields=model", "fields=expireTime&$fields=model"])
async def test_a_mask_hides_no_name_from_the_gateway(parameter, client, projects, key, upstream):
    reply = await client.post(f"/v1beta/cachedContents?{parameter}", a_cache(), x_goog_api_key=key)

    assert reply.json() in ({"model": "models/gemini-2.5-flash"}, {"expireTime": reply.json().get("expireTime")})
    (seen,) = upstream.requests_of("createCachedContent")
    assert not seen.query
    name = (await Resource.objects.aget()).name
    assert (await client.get(f"/v1beta/{name}", x_goog_api_key=key)).json()["name"] == name


async def test_a_field_mask_in_a_header_hides_no_name_either(client, projects, key):
    reply = await client.post(
        "/v1beta/cachedContents", a_cache(), x_goog_api_key=key, x_goog_fieldmask="displayName,model"
    )

    assert "name" not in reply.json()
    assert await Resource.objects.filter(kind="cachedContents").acount() == 1


async def test_parameters_of_googles_front_end_go_no_further(client, key, cache, upstream):
    told = f"key={key}&access_token=x&oauth_token=y&quotaUser=z&callback=f&$.xgafv=2&prettyPrint=false&alt=json"

    reply = await client.get(f"/v1beta/{cache}?{told}")

    assert reply.status == 200, reply.body
    assert b"\n" not in reply.body.strip()
    (seen,) = upstream.requests_of("getCachedContent")
    assert not seen.query
    assert not {"authorization", "cookie", "x-goog-user-project"} & {*seen.headers}


async def test_a_version_that_lacks_a_method_falls_back_and_is_remembered(client, projects, key, upstream):
    upstream.script("html_404", method="createCachedContent", version="v1", times=None)

    for _ in range(2):
        assert (await client.post("/v1/cachedContents", a_cache(), x_goog_api_key=key)).status == 200

    paths = [each.path for each in upstream.requests_of("createCachedContent")]
    assert paths == ["/v1/cachedContents", "/v1beta/cachedContents", "/v1beta/cachedContents"]
    assert await Resource.objects.acount() == 2


class TestCooldowns:
    """A project without quota for a model, and what goes on there."""

    @pytest.fixture(autouse=True)
    async def spent(self, client, key, cache, upstream) -> None:
        """The owner of the cache has no quota left for its model."""
        body = {**a_prompt(), "cachedContent": cache}
        upstream.script("per_day", model="gemini-2.5-flash", times=None)
        reply = await client.post(GENERATE, body, x_goog_api_key=key)
        assert reply.status == 429, reply.body

    async def test_a_call_that_names_something_there_is_told_when_to_come_back(self, client, key, cache, upstream):
        before = len(upstream.calls)

        reply = await client.post(GENERATE, {**a_prompt(), "cachedContent": cache}, x_goog_api_key=key)

        assert reply.status == 429
        assert 1 <= int(reply.headers["retry-after"]) <= 24 * 3600 * 1.1
        assert len(upstream.calls) == before  # nor is another project asked, which does not have it

    async def test_reading_listing_changing_and_deleting_go_on(self, client, key, cache):
        calls = [
            await client.get(f"/v1beta/{cache}", x_goog_api_key=key),
            await client.get("/v1beta/cachedContents", x_goog_api_key=key),
            await client.request("PATCH", f"/v1beta/{cache}", {"ttl": "90s"}, x_goog_api_key=key),
            await client.request("DELETE", f"/v1beta/{cache}", x_goog_api_key=key),
        ]

        assert [each.status for each in calls] == [200] * 4
        assert calls[1].json()["cachedContents"][0]["name"] == cache


async def test_batches_are_cancelled_and_files_downloaded_whatever_cools_down(client, projects, key, upstream):
    requests = [{"request": a_prompt(), "metadata": {"key": "one"}}]
    body = {"batch": {"inputConfig": {"requests": {"requests": requests}}}}
    path = "/v1beta/models/gemini-2.5-flash:batchGenerateContent"
    batch = (await client.post(path, body, x_goog_api_key=key)).json()["name"]
    maker = upstream.requests_of("batchGenerateContent")[0].account
    film = upstream.add_file(maker, b"a film", id="film")
    await Resource.objects.acreate(
        kind="files",
        name=film,
        project_id=(await Resource.objects.aget(name=batch)).project_id,
        group_id=(await Resource.objects.aget(name=batch)).group_id,
    )
    upstream.script("per_day", model="gemini-2.5-flash", times=None)
    for number in range(8):
        await client.post(GENERATE, a_prompt(f"Hello {number}"), x_goog_api_key=key)

    cancelled = await client.post(f"/v1beta/{batch}:cancel", {}, x_goog_api_key=key)
    downloaded = await client.get(f"/v1beta/{film}:download?alt=media", x_goog_api_key=key)

    assert (cancelled.status, cancelled.json()) == (200, {})
    assert (downloaded.status, downloaded.body) == (200, b"a film")


class TestContinuations:
    """An answer that is to be continued, by the project that has begun it."""

    BEGUN = (
        b'{"candidates":[{"content":{"role":"model","parts":[{"text":"Once"}]},"finishReason":"CONTINUATION",'
        b'"continuationToken":"tok/en"}]}'
    )

    @pytest.mark.parametrize("streams", [False, True])
    async def test_it_is_continued_where_it_was_begun(self, streams, client, projects, key, upstream):
        event = b"data: " + self.BEGUN + b"\r\n\r\n" if streams else self.BEGUN
        kind = "text/event-stream" if streams else "application/json"
        upstream.script(Reply(chunks=(event,), content_type=kind, sized=True))
        verb = "streamGenerateContent?alt=sse" if streams else "generateContent"

        begun = await client.post(f"/v1beta/models/gemini-2.5-flash:{verb}", a_prompt(), x_goog_api_key=key)
        assert b"tok/en" in begun.body
        first = upstream.calls[-1].account
        upstream.script("invalid_argument", times=None)
        for number in range(6):
            body = {**a_prompt(f"Number {number}"), "continuationToken": "tok/en"}
            await client.post(GENERATE, body, x_goog_api_key=key)

        assert {each.account for each in upstream.calls} == {first}
        row = await Resource.objects.aget()
        assert (row.kind, "tok" in row.name) == ("continuations", False)

    async def test_a_token_of_others_leads_nowhere(self, client, projects, key, key_of, upstream):
        upstream.script(Reply(chunks=(self.BEGUN,), content_type="application/json", sized=True))
        await client.post(GENERATE, a_prompt(), x_goog_api_key=key)

        blue = await key_of("blue2")
        for number in range(12):
            body = {**a_prompt(f"Number {number}"), "continuation_token": "tok/en"}
            await client.post(GENERATE, body, x_goog_api_key=blue)

        assert len({each.account for each in upstream.calls}) > 1
        assert continuations.LIVES == 24 * 3600
