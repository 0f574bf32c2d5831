"""What Google's host tells of its API, through the gateway: its description, and the keys of webhooks."""

import pytest


@pytest.fixture
async def key(projects, key_of):
    return await key_of("red")


@pytest.mark.parametrize("version", ["v1", "v1beta"])
async def test_the_description_of_the_api_leads_to_the_gateway(version, client, key, upstream):
    reply = await client.get(f"/$discovery/rest?version={version}&key={key}")

    told = reply.json()
    assert (told["name"], told["version"]) == ("generativelanguage", version)
    assert told["rootUrl"] == told["baseUrl"] == "http://127.0.0.1:8045/"
    (seen,) = upstream.requests
    assert seen.query == {"version": version}
    assert seen.path == "/$discovery/rest"


async def test_a_version_that_there_is_not_is_told_in_upstreams_words(client, key):
    reply = await client.get("/$discovery/rest?version=v9", x_goog_api_key=key)

    assert reply.status == 404
    assert "v9" in reply.json()["error"]["message"]


async def test_the_keys_of_webhooks_are_googles(client, key):
    reply = await client.get("/.well-known/jwks.json", x_goog_api_key=key)

    (public,) = reply.json()["keys"]
    assert (public["kty"], public["e"]) == ("RSA", "AQAB")


@pytest.mark.parametrize("path", ["/$discovery/apis", "/.well-known/openid-configuration", "/$discovery/"])
async def test_nothing_else_of_the_host_is_asked_for(path, client, key, upstream):
    reply = await client.get(path, x_goog_api_key=key)

    assert reply.status == 404
    assert not upstream.requests
