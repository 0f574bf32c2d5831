"""What a client may call a model: the same name for its key, for the request log and for upstream, or a 400."""

import pytest
from asgiref.sync import sync_to_async

from accounts_app import leasing
from accounts_app.models import Account, ApiKey, ModelRoute
from tests.factories import a_prompt, make_account, make_api_key

ALLOWED, OTHER = "gemini-2.5-flash", "gemini-3-pro-preview"

# As a client writes them in a request line.
WAYS_TO_ANOTHER = [
    f"{ALLOWED}%2F..%2F{OTHER}",
    f"{ALLOWED}/../{OTHER}",
    f"{ALLOWED}/%2e%2e/{OTHER}",
    f"{ALLOWED}/.%2e/{OTHER}",
    f"{ALLOWED}/./../{OTHER}",
    f"{ALLOWED}%2F%252e%252e%2F{OTHER}",
    f"{ALLOWED}%252F..%252F{OTHER}",
    f"{ALLOWED}%25252F..%25252F{OTHER}",
    f"{ALLOWED}%5C..%5C{OTHER}",
    f"{ALLOWED}%3Fx=/../{OTHER}",
    f"{ALLOWED}%23/../{OTHER}",
    f"{ALLOWED};/../{OTHER}",
    f"{ALLOWED}%EF%BC%8F%EF%BC%8E%EF%BC%8E%EF%BC%8F{OTHER}",
    f"{ALLOWED}/%E2%80%A4%E2%80%A4/{OTHER}",
    f"{ALLOWED}%00/../{OTHER}",
    f"{ALLOWED}%0A",
    f"{ALLOWED}%0Ax",
    f"{ALLOWED}%0B",
    f"{ALLOWED}%0D-x",
    f"{ALLOWED}%FF",
    f"models/{ALLOWED}/../{OTHER}",
    f"tunedModels/{ALLOWED}/../../models/{OTHER}",
    f"{ALLOWED}/../../files/x",
    f"{ALLOWED}-{'x' * 300}",
    "..",
    "%2e%2e/files/x",
]


@pytest.fixture
async def kept_key(upstream) -> str:
    """A key kept to one family of models."""
    key = await sync_to_async(make_api_key)("kept")
    await ApiKey.objects.filter(name="kept").aupdate(allowed_models=[f"{ALLOWED}*", f"*{ALLOWED}*", "tunedModels/*"])
    return key


async def account_of(kind: str, upstream, settings, pool_of) -> Account:
    if kind == "cloud_code":
        return (await pool_of("alice"))[0]
    settings.GEMINI_API_URL = upstream.url
    known = upstream.add_account("studio@example.com")
    return await sync_to_async(make_account)(
        "studio", kind=kind, access_token=known.api_key, refresh_token="", expires_at=None, project=""
    )


@pytest.mark.parametrize("kind", ["cloud_code", "gemini_api"])
@pytest.mark.parametrize("verb", ["generateContent", "streamGenerateContent?alt=sse", "countTokens", "doMagic"])
async def test_a_key_kept_to_some_models_reaches_no_other_by_any_spelling(
    kind, verb, client, upstream, settings, pool_of, kept_key, ledger
):
    await account_of(kind, upstream, settings, pool_of)

    for written in WAYS_TO_ANOTHER:
        reply = await client.post(f"/v1beta/models/{written}:{verb}", a_prompt(), x_goog_api_key=kept_key)

        assert (reply.status, written) == (400, written)
        assert "name format" in reply.json()["error"]["message"]
    assert not upstream.calls
    assert not [entry for entry in await ledger() if entry.endpoint]


async def test_a_model_is_not_looked_up_by_what_is_no_name(client, upstream, pool_of):
    await pool_of("alice")

    for written in WAYS_TO_ANOTHER:
        reply = await client.get(f"/v1beta/models/{written}")

        assert (reply.status, written) == (400, written)
        assert reply.json()["error"]["message"].startswith("* GetModelRequest.name: unexpected ")


@pytest.mark.parametrize("verb", ["generateContent", "streamGenerateContent", "countTokens"])
async def test_a_call_without_a_model_is_refused_in_googles_words(verb, client, upstream):
    for path in (f"/v1beta/models/:{verb}", f"/v1/models/models/:{verb}", f"/v1beta/models//:{verb}"):
        reply = await client.post(f"{path}?$alt=json", a_prompt())

        assert reply.status == 400
        assert reply.json()["error"]["status"] == "INVALID_ARGUMENT"
        assert reply.json()["error"]["message"].endswith("Request.model: unexpected model name format")


@pytest.mark.parametrize("name", ["org/name:v1", "my model", "tunedModels/mine"])
async def test_the_public_api_is_asked_for_the_very_name_in_a_path_of_its_own(
    name, client, upstream, settings, pool_of, ledger
):
    await account_of("gemini_api", upstream, settings, pool_of)

    await client.post(f"/v1beta/models/{name}:generateContent", a_prompt())

    (seen,) = upstream.calls
    assert seen.model == name
    (entry,) = await ledger()
    assert entry.model == entry.upstream_model == name


@pytest.mark.parametrize("version", ["v1beta", "v1", "v1alpha"])
@pytest.mark.parametrize("verb", ["generateContent", "streamGenerateContent", "countTokens"])
async def test_the_public_api_is_asked_in_the_version_that_the_client_asks_in(
    version, verb, client, upstream, settings, pool_of
):
    await account_of("gemini_api", upstream, settings, pool_of)

    reply = await client.post(f"/{version}/models/{ALLOWED}:{verb}", a_prompt())

    assert reply.status == 200
    assert upstream.calls[0].path == f"/{version}/models/{ALLOWED}:{verb}"


@pytest.mark.parametrize("kind", ["cloud_code", "gemini_api"])
async def test_a_route_to_what_is_no_models_name_is_the_operators_mistake(
    kind, client, upstream, settings, pool_of, ledger
):
    account = await account_of(kind, upstream, settings, pool_of)
    await ModelRoute.objects.acreate(pattern="fast", target=f"{ALLOWED}/../../files/x")

    reply = await client.post("/v1beta/models/fast:generateContent", a_prompt())

    assert reply.status == 400
    assert "route" in reply.json()["error"]["message"]
    assert not upstream.calls
    (entry,) = await ledger()
    assert (entry.outcome, entry.endpoint) == ("rejected", "")
    await account.arefresh_from_db()
    assert account.parked == ""


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ("x" * 257, a_prompt()),
        ("é" * 129, a_prompt()),
        ("", a_prompt(cachedContent="cachedContents/" + "c" * 242)),
        ("", a_prompt(cached_content="cachedContents/" + "c" * 256)),
        ("", a_prompt(sessionId="s" * 257)),
        ("", a_prompt(session_id="s" * 257)),
    ],
)
async def test_what_a_client_calls_its_conversation_has_a_length(header, body, client, alice, upstream):
    reply = await client.post(f"/v1beta/models/{ALLOWED}:generateContent", body, x_session_affinity=header)

    assert reply.status == 400
    assert "longer than 256 bytes" in reply.json()["error"]["message"]
    assert not upstream.calls


async def test_a_name_of_full_length_is_taken(client, alice, upstream):
    reply = await client.post(
        f"/v1beta/models/{'m' * 256}:generateContent", a_prompt(sessionId="s" * 256), x_session_affinity="é" * 128
    )

    assert reply.status == 404
    assert upstream.calls


@pytest.mark.parametrize("spelt", ["google/{}", "publishers/google/models/{}"])
async def test_a_models_other_spellings_count_as_the_model_and_go_up_as_they_came(spelt, client, upstream, pool_of):
    _, bob = await pool_of("alice", "bob")
    await Account.objects.filter(pk=bob.pk).aupdate(allowed_models=["gemini-3-*"])
    await ModelRoute.objects.acreate(pattern="old", target="gemini-2.5-pro")
    key = await sync_to_async(make_api_key)("kept")
    await ApiKey.objects.filter(name="kept").aupdate(allowed_models=[ALLOWED, "old"])
    upstream.script("quota_exhausted", times=None)

    statuses = {}
    for model in (ALLOWED, "old", OTHER):
        url = f"/v1beta/models/{spelt.format(model)}:generateContent"
        statuses[model] = (await client.post(url, a_prompt(), x_goog_api_key=key)).status

    assert statuses == {ALLOWED: 429, "old": 429, OTHER: 403}
    assert [(call.account, call.model) for call in upstream.calls] == [
        ("alice@example.com", spelt.format(ALLOWED)),
        ("alice@example.com", "gemini-2.5-pro"),
    ]
    assert {model for _, model, _ in leasing.cooldowns(0.0)} == {ALLOWED, "gemini-2.5-pro"}
