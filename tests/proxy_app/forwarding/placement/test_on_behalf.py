"""Calls about resources that no client has made are answered by the project that has the resource."""

import pytest

from accounts_app.leasing import owners
from accounts_app.leasing.owners import Tenant
from accounts_app.models import ApiKey
from proxy_app import errors
from proxy_app.forwarding.placement import on_behalf
from proxy_app.forwarding.placement.on_behalf import NoSuchMethod
from tests.factories import a_cache, a_prompt

BATCH = "/v1beta/models/gemini-2.5-flash:batchGenerateContent"


async def owner_of(name: str, key: str) -> int:
    found = await owners.find(name, Tenant(*await tenant_of(key)))
    assert found is not None
    return found.project_owner


async def tenant_of(name: str) -> tuple[int, int | None]:
    key = await ApiKey.objects.aget(name=name)
    return key.pk, key.group_id


async def test_a_cache_is_shown_and_deleted(client, projects, key_of, ledger):
    key = await key_of("red")
    name = (await client.post("/v1beta/cachedContents", a_cache(), x_goog_api_key=key)).json()["name"]
    owner = await owner_of(name, "red")

    assert name.encode() in await on_behalf.ask("GET", name, owner)
    assert await on_behalf.delete(name, owner) == ""
    assert "not found" in await on_behalf.delete(name, owner)
    with pytest.raises(errors.UpstreamError):
        await on_behalf.ask("GET", name, owner)

    rows = [(row.method, row.resource, row.api_key_id) for row in await ledger()][1:]
    methods = ["cachedContents.get", "cachedContents.delete", "cachedContents.delete", "cachedContents.get"]
    assert rows == [(method, name, None) for method in methods]


async def test_a_job_is_cancelled(client, projects, key_of):
    key = await key_of("red")
    requests = [{"request": a_prompt("What is 6*7?"), "metadata": {"key": "one"}}]
    body = {"batch": {"displayName": "b", "inputConfig": {"requests": {"requests": requests}}}}
    name = (await client.post(BATCH, body, x_goog_api_key=key)).json()["name"]
    owner = await owner_of(name, "red")

    assert await on_behalf.cancel(name, owner) == ""

    assert b"BATCH_STATE_CANCELLED" in await on_behalf.ask("GET", name, owner)


async def test_a_store_is_deleted_with_what_is_in_it(client, projects, key_of, upstream):
    key = await key_of("red")
    name = (await client.post("/v1beta/fileSearchStores", {}, x_goog_api_key=key)).json()["name"]

    assert await on_behalf.delete(name, await owner_of(name, "red")) == ""

    assert upstream.requests[-1].query["force"] == "true"


@pytest.mark.parametrize("name", ["files/a/b", "nothing/a", "files", "models/m"])
async def test_what_google_has_no_method_for_is_not_asked(name, upstream):
    with pytest.raises(NoSuchMethod):
        await on_behalf.ask("DELETE", name, 1)

    assert await on_behalf.cancel("files/a", 1) == "Google has no such method on files/a."
    assert not upstream.requests
