"""What upstream no longer has, and what has gone with the last account of its project."""

import datetime

import pytest

from accounts_app import roster
from accounts_app.models import Account, Resource
from accounts_app.storage import journal
from tests.factories import a_cache, a_prompt

TEXT = "CachedContent not found (or permission denied)"


@pytest.fixture
async def red(key_of) -> str:
    """A key of one of two groups."""
    await key_of("blue")
    return await key_of("red")


@pytest.fixture
async def cache(client, projects, red) -> str:
    return (await client.post("/v1beta/cachedContents", a_cache(), x_goog_api_key=red)).json()["name"]


async def lose_the_project() -> None:
    maker = (await Resource.objects.aget()).account_id
    await Account.objects.filter(pk=maker).adelete()
    await roster.refresh()


async def test_a_row_goes_when_upstream_misses_it_on_two_different_days(client, red, cache, upstream):
    upstream.advance(3600)  # it lives ten minutes

    for _ in range(3):
        reply = await client.get(f"/v1beta/{cache}", x_goog_api_key=red)
        assert (reply.status, reply.json()["error"]["message"]) == (403, TEXT)
    await journal.flush(force=True)
    row = await Resource.objects.aget(name=cache)
    assert row.not_there_on is not None
    await Resource.objects.aupdate(not_there_on=row.not_there_on - datetime.timedelta(days=1))
    await client.get(f"/v1beta/{cache}", x_goog_api_key=red)
    await journal.flush(force=True)

    assert not await Resource.objects.filter(name=cache).aexists()


async def test_an_error_about_something_else_says_nothing_of_what_the_call_names(client, red, cache, upstream):
    body = {**a_prompt(), "cachedContent": cache}
    upstream.script("model_not_found", times=None)

    reply = await client.post("/v1beta/models/gemini-2.5-flash:generateContent", body, x_goog_api_key=red)
    await journal.flush(force=True)

    assert reply.status == 404
    assert (await Resource.objects.aget(name=cache)).not_there_on is None


async def test_what_went_with_its_last_account_reads_as_what_is_not_there(client, red, cache, upstream):
    await lose_the_project()
    before = len(upstream.requests)

    gone = await client.get(f"/v1beta/{cache}", x_goog_api_key=red)
    unknown = await client.get("/v1beta/cachedContents/nobodyhasthis", x_goog_api_key=red)

    assert (gone.status, gone.body) == (unknown.status, unknown.body)
    assert (gone.status, gone.json()["error"]["message"]) == (403, TEXT)
    assert len(upstream.requests) == before


async def test_what_went_with_its_last_account_can_be_deleted(client, key_of, red, cache, upstream):
    await lose_the_project()
    before = len(upstream.requests)

    foreign = await client.request("DELETE", f"/v1beta/{cache}", x_goog_api_key=await key_of("green"))
    deleted = await client.request("DELETE", f"/v1beta/{cache}", {}, x_goog_api_key=red)
    again = await client.request("DELETE", f"/v1beta/{cache}", x_goog_api_key=red)

    assert (foreign.status, deleted.status, deleted.json(), again.status) == (403, 200, {}, 403)
    assert foreign.body == again.body
    assert len(upstream.requests) == before
    assert not await Resource.objects.filter(name=cache).aexists()
