"""models.list and models.get: the models of this gateway, with real limits."""

import pytest

from accounts_app.models import ModelRoute

LIST = "/v1beta/models"


@pytest.fixture
def route(upstream):
    """Makes a route of the operator's."""

    async def make(pattern: str, target: str, **fields) -> None:
        await ModelRoute.objects.acreate(pattern=pattern, target=target, **fields)

    return make


async def names(client, url: str = f"{LIST}?pageSize=1000") -> list[str]:
    reply = await client.get(url)

    assert reply.status == 200
    return [model["name"] for model in reply.json()["models"]]


async def test_the_list_names_models_with_their_real_limits(client, alice):
    reply = await client.get(f"{LIST}?pageSize=1000")

    models = {model["name"]: model for model in reply.json()["models"]}
    flash, picture = models["models/gemini-2.5-flash"], models["models/gemini-2.5-flash-image"]
    assert (flash["inputTokenLimit"], flash["outputTokenLimit"]) == (1_048_576, 65_536)
    assert (picture["inputTokenLimit"], picture["outputTokenLimit"]) == (65_536, 32_768)
    assert flash["supportedGenerationMethods"] == [
        "generateContent", "countTokens", "createCachedContent", "batchGenerateContent",
    ]  # fmt: skip
    assert reply.headers["content-type"] == "application/json; charset=UTF-8"


async def test_the_list_needs_no_account(client, upstream):
    assert "models/gemini-2.5-flash" in await names(client)


async def test_the_list_is_paged_without_gaps_or_repetitions(client, alice):
    whole = await names(client)

    paged, url = [], f"{LIST}?pageSize=7"
    while url:
        page = (await client.get(url)).json()
        assert len(page["models"]) <= 7
        paged += [model["name"] for model in page["models"]]
        token = page.get("nextPageToken")
        url = f"{LIST}?pageSize=7&pageToken={token}" if token else ""

    assert paged == whole
    assert len(set(whole)) == len(whole)


async def test_the_last_page_has_no_token(client, alice):
    reply = await client.get(f"{LIST}?pageSize=1000")

    assert "nextPageToken" not in reply.json()


@pytest.mark.parametrize("query", ["pageSize=many", "pageSize=-1", "pageToken=nonsense!"])
async def test_a_page_that_cannot_be_is_refused_in_googles_words(query, client, alice):
    reply = await client.get(f"{LIST}?{query}")

    assert reply.status == 400
    assert reply.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert "page" in reply.json()["error"]["message"]


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
@pytest.mark.parametrize("name", ["gemini-2.5-flash", "models/gemini-2.5-flash"])
async def test_a_model_is_described_alone(version, name, client, alice):
    reply = await client.get(f"/{version}/models/{name}")

    assert reply.status == 200
    assert reply.json()["name"] == "models/gemini-2.5-flash"
    assert reply.json()["displayName"] == "Gemini 2.5 Flash"


async def test_an_unknown_model_is_not_found_in_googles_words(client, alice):
    reply = await client.get("/v1alpha/models/gemini-0.1")

    assert reply.status == 404
    assert reply.json() == {
        "error": {
            "code": 404,
            "message": "models/gemini-0.1 is not found for API version v1alpha, or is not supported for "
            "generateContent. Call ListModels to see the list of available models and their supported methods.",
            "status": "NOT_FOUND",
        }
    }


async def test_an_alias_has_the_limits_of_what_it_stands_for(client, alice, route):
    await route("fast", "gemini-2.5-flash-image")

    assert "models/fast" in await names(client)
    described = (await client.get(f"{LIST}/fast")).json()
    assert described["name"] == "models/fast"
    assert described["inputTokenLimit"] == 65_536


async def test_a_wildcard_is_no_name_but_what_it_matches_can_be_described(client, alice, route):
    await route("gpt-*", "gemini-2.5-pro")

    assert not [name for name in await names(client) if "*" in name or "gpt" in name]
    assert (await client.get(f"{LIST}/gpt-4o")).json()["name"] == "models/gpt-4o"


async def test_an_alias_may_have_a_colon(client, alice, route):
    await route("llama:8b", "gemini-2.5-flash")

    assert (await client.get(f"{LIST}/llama:8b")).json()["name"] == "models/llama:8b"


async def test_an_alias_that_is_switched_off_is_gone(client, alice, route):
    await route("fast", "gemini-2.5-flash", enabled=False)

    assert "models/fast" not in await names(client)
    assert (await client.get(f"{LIST}/fast")).status == 404


async def test_models_that_an_accounts_quota_list_knows_are_offered(client, pool_of):
    quota = {
        "gemini-9-ultra": {"display_name": "Gemini 9 Ultra", "input_limit": 4_000_000, "thinking": True},
        "chat_20706": {"display_name": "internal"},
        "gemini-2.5-flash": {"input_limit": 500_000},
    }
    await pool_of("alice", quota=quota)

    offered = await names(client)

    assert "models/gemini-9-ultra" in offered
    assert "models/chat_20706" not in offered
    ultra = (await client.get(f"{LIST}/gemini-9-ultra")).json()
    assert (ultra["displayName"], ultra["inputTokenLimit"], ultra["thinking"]) == ("Gemini 9 Ultra", 4_000_000, True)
    assert (await client.get(f"{LIST}/gemini-2.5-flash")).json()["inputTokenLimit"] == 500_000


async def test_quota_lists_of_accounts_out_of_service_offer_nothing(client, pool_of):
    await pool_of("alice", quota={"gemini-9-ultra": {}}, parked="verify")
    await pool_of("bob", quota={"gemini-8-ultra": {}}, enabled=False)
    await pool_of("carol", quota={"gemini-7-ultra": {}}, allowed_models=["gemini-2.5-*"])

    assert not [name for name in await names(client) if "ultra" in name]
