"""Resources over the pool: what a client makes is its own, and is asked of the project that has it."""

from accounts_app import roster
from accounts_app.models import Account, Resource
from accounts_app.storage import journal
from tests.factories import a_cache, a_prompt

MODEL = "gemini-2.5-flash"


async def test_a_cache_is_made_once_and_found_by_its_tenant_only(client, projects, key_of, upstream):
    mine, theirs = await key_of("red"), await key_of("blue")

    made = await client.post("/v1beta/cachedContents", a_cache(), x_goog_api_key=mine)
    assert made.status == 200, made.body
    name = made.json()["name"]

    for _ in range(8):
        assert (await client.get(f"/v1beta/{name}", x_goog_api_key=mine)).json()["name"] == name
    refused = await client.get(f"/v1beta/{name}", x_goog_api_key=theirs)
    unknown = await client.get("/v1beta/cachedContents/nobodyhasthis", x_goog_api_key=theirs)
    assert (refused.status, refused.json()) == (unknown.status, unknown.json())
    assert refused.json()["error"]["message"] == "CachedContent not found (or permission denied)"
    row = await Resource.objects.aget(name=name)
    assert (row.kind, row.model) == ("cachedContents", MODEL)


async def test_a_call_that_names_a_cache_goes_to_its_project(client, projects, key_of, upstream):
    key = await key_of("red")
    await key_of("blue")
    name = (await client.post("/v1beta/cachedContents", a_cache(), x_goog_api_key=key)).json()["name"]

    for number in range(10):
        body = {**a_prompt(f"Question {number}?"), "cachedContent": name}
        reply = await client.post(f"/v1beta/models/{MODEL}:generateContent", body, x_goog_api_key=key)
        assert reply.status == 200, reply.body
        assert reply.json()["usageMetadata"]["cachedContentTokenCount"] > 1000


async def test_a_call_names_a_file_by_the_address_that_the_client_was_given(
    client, projects, key_of, upstream, settings
):
    settings.GATEWAY_SPOOL_MB = 0  # a file that is spooled would go along as bytes
    key, other = await key_of("red"), await key_of("blue")
    headers = {"x_goog_upload_protocol": "raw", "content_type": "text/plain"}
    raw = await client.post("/upload/v1beta/files", b"It lasts two years.", x_goog_api_key=key, **headers)
    file = raw.json()["file"]
    assert not file["uri"].startswith("https://generativelanguage")
    parts = [{"text": "How long does it last?"}, {"fileData": {"mimeType": "text/plain", "fileUri": file["uri"]}}]

    answers = [
        await client.post(
            f"/v1beta/models/{MODEL}:generateContent", {"contents": [{"parts": parts}]}, x_goog_api_key=each
        )
        for each in (key, other)
    ]

    assert [answer.status for answer in answers] == [200, 403]
    assert (await client.get(f"/v1beta/{file['name']}", x_goog_api_key=key)).json()["uri"] == file["uri"]
    (call,) = upstream.calls
    assert call.body["contents"][0]["parts"][1]["fileData"] == {
        "mimeType": "text/plain",
        "fileUri": f"https://generativelanguage.googleapis.com/v1beta/{file['name']}",
    }


async def test_the_request_log_shows_what_calls_are_about(client, projects, key_of, ledger):
    key = await key_of("red")
    name = (await client.post("/v1beta/cachedContents", a_cache(), x_goog_api_key=key)).json()["name"]
    await client.get(f"/v1beta/{name}", x_goog_api_key=key)
    body = {**a_prompt("What about it?"), "cachedContent": name}
    await client.post(f"/v1beta/models/{MODEL}:generateContent", body, x_goog_api_key=key)
    await client.post(f"/v1beta/models/{MODEL}:generateContent", a_prompt(), x_goog_api_key=key)
    await client.post(f"/v1beta/models/{MODEL}:dreamUp", {}, x_goog_api_key=key)
    await client.get("/v1beta/files/unknown", x_goog_api_key=await key_of("blue"))

    rows = [(row.method, row.resource) for row in await ledger()]
    assert sorted(rows) == sorted(
        [
            ("cachedContents.create", name),
            ("cachedContents.get", name),
            ("generateContent", name),
            ("generateContent", ""),
            ("forwarded", f"models/{MODEL}:dreamUp"),
            ("files.get", "files/unknown"),
        ]
    )


async def test_what_is_deleted_is_gone(client, projects, key_of):
    key = await key_of("red")
    await key_of("blue")
    name = (await client.post("/v1beta/cachedContents", a_cache(), x_goog_api_key=key)).json()["name"]

    patched = await client.request("PATCH", f"/v1beta/{name}", {"ttl": "90s"}, x_goog_api_key=key)
    deleted = await client.request("DELETE", f"/v1beta/{name}", {}, x_goog_api_key=key)
    again = await client.get(f"/v1beta/{name}", x_goog_api_key=key)

    assert (patched.status, deleted.status, again.status) == (200, 200, 403)
    assert deleted.json() == {}
    await journal.flush(force=True)
    assert not await Resource.objects.filter(name=name).aexists()


async def test_embeddings_come_from_any_account(client, projects, api_key):
    key = await api_key()

    one = await client.post(
        "/v1/models/gemini-embedding-001:embedContent", {"content": {"parts": [{"text": "a"}]}}, x_goog_api_key=key
    )
    many = await client.post(
        "/v1beta/models/gemini-embedding-001:batchEmbedContents",
        {
            "requests": [
                {"model": "models/gemini-embedding-001", "content": {"parts": [{"text": text}]}} for text in ("a", "b")
            ]
        },
        x_goog_api_key=key,
    )

    assert (one.status, many.status) == (200, 200)
    assert len(many.json()["embeddings"]) == 2


async def test_a_batch_runs_and_its_results_are_downloaded(client, projects, key_of, upstream):
    key, other = await key_of("red"), await key_of("blue")
    requests = [{"request": a_prompt("What is 6*7?"), "metadata": {"key": "one"}}]
    body = {"batch": {"displayName": "b", "inputConfig": {"requests": {"requests": requests}}}}

    made = await client.post(f"/v1beta/models/{MODEL}:batchGenerateContent", body, x_goog_api_key=key)
    assert made.status == 200, made.body
    name = made.json()["name"]

    upstream.advance(60)
    got = await client.get(f"/v1beta/{name}", x_goog_api_key=key)
    assert got.json()["metadata"]["state"] == "BATCH_STATE_SUCCEEDED"
    assert (await client.get(f"/v1beta/{name}", x_goog_api_key=other)).status == 404
    assert (await client.request("DELETE", f"/v1beta/{name}", x_goog_api_key=key)).json() == {}


async def test_a_store_answers(client, projects, key_of):
    key = await key_of("red")
    await key_of("blue")

    made = await client.post("/v1beta/fileSearchStores", {"displayName": "My store"}, x_goog_api_key=key)
    assert made.status == 200, made.body
    name = made.json()["name"]
    documents = await client.get(f"/v1beta/{name}/documents", x_goog_api_key=key)
    assert documents.status == 200, documents.body
    deleted = await client.request("DELETE", f"/v1beta/{name}?force=True", x_goog_api_key=key)
    assert deleted.status == 200


async def test_a_method_that_is_not_known_is_forwarded_once(client, projects, key_of, upstream):
    key = await key_of("red")
    await key_of("blue")

    reply = await client.post(f"/v1beta/models/{MODEL}:dreamUp", {"a": 1}, x_goog_api_key=key)

    assert reply.status == 404
    (seen,) = [each for each in upstream.requests if each.path.endswith(":dreamUp")]
    assert seen.http_method == "POST"


async def test_what_is_not_served_is_refused_and_never_forwarded(client, projects, api_key, upstream):
    key = await api_key()
    token = await client.post("/v1beta/auth_tokens", {}, x_goog_api_key=key)
    socket = await client.get("/v1beta/interactions/live", x_goog_api_key=key)

    assert token.status == 501
    assert (socket.status, socket.json()["error"]["code"]) == (400, "invalid_request")
    assert not upstream.requests


async def test_files_in_a_bucket_are_the_callers_own_and_the_refusal_says_so(client, projects, api_key, upstream):
    body = {"uris": ["gs://bucket/a.txt"]}
    key = await api_key()

    reply = await client.post("/v1beta/files:register", body, x_goog_api_key=key, authorization="Bearer ya29.theirs")

    assert reply.status == 501
    assert "Google token" in reply.json()["error"]["message"]
    assert not upstream.requests


async def test_another_groups_exclusive_projects_are_never_asked(client, projects, key_of, only_for, upstream):
    red, blue = await key_of("red"), await key_of("blue")
    await only_for("red", projects[2:])

    for number in range(12):
        reply = await client.post(
            f"/v1beta/models/{MODEL}:generateContent", a_prompt(f"Hi {number}"), x_goog_api_key=blue
        )
        assert reply.status == 200, reply.body
    theirs = {seen.account for seen in upstream.calls}
    for number in range(12):
        await client.post(f"/v1beta/models/{MODEL}:generateContent", a_prompt(f"Hi {number}"), x_goog_api_key=red)
    await client.get("/v1beta/models/nobodyknows", x_goog_api_key=blue)

    assert theirs <= {"a@example.com", "b@example.com"}
    assert {seen.account for seen in upstream.calls} > {"c@example.com", "d@example.com"}
    assert {seen.account for seen in upstream.requests_of("getModel")} <= {"a@example.com", "b@example.com"}


async def test_a_job_that_was_cancelled_is_shown_with_its_error(client, projects, key_of):
    key = await key_of("red")
    requests = [{"request": a_prompt("What is 6*7?"), "metadata": {"key": "one"}}]
    body = {"batch": {"displayName": "b", "inputConfig": {"requests": {"requests": requests}}}}
    name = (await client.post(f"/v1beta/models/{MODEL}:batchGenerateContent", body, x_goog_api_key=key)).json()["name"]

    cancelled = await client.post(f"/v1beta/{name}:cancel", {}, x_goog_api_key=key)
    shown = await client.get(f"/v1beta/{name}", x_goog_api_key=key)

    assert (cancelled.status, shown.status) == (200, 200), shown.body
    assert shown.json()["metadata"]["state"] == "BATCH_STATE_CANCELLED"
    assert shown.json()["error"]["message"]


async def test_a_disabled_account_serves_what_is_there_and_makes_nothing_new(client, projects, key_of, upstream):
    key = await key_of("red")
    await key_of("blue")
    file = (await client.post("/v1beta/files", {"file": {"displayName": "a"}}, x_goog_api_key=key)).json()["file"]
    cache = (await client.post("/v1beta/cachedContents", a_cache(), x_goog_api_key=key)).json()["name"]
    await Account.objects.aupdate(enabled=False)
    await roster.refresh()

    got = await client.get(f"/v1beta/{file['name']}", x_goog_api_key=key)
    listed = await client.get("/v1beta/files", x_goog_api_key=key)
    used = await client.post(
        f"/v1beta/models/{MODEL}:generateContent", {**a_prompt(), "cachedContent": cache}, x_goog_api_key=key
    )
    plain = await client.post(f"/v1beta/models/{MODEL}:generateContent", a_prompt(), x_goog_api_key=key)
    new = await client.post("/v1beta/files", {"file": {"displayName": "b"}}, x_goog_api_key=key)
    deleted = await client.request("DELETE", f"/v1beta/{file['name']}", x_goog_api_key=key)

    assert [reply.status for reply in (got, used, deleted)] == [200, 200, 200], used.body
    assert [each["name"] for each in listed.json()["files"]] == [file["name"]]
    assert (plain.status, new.status) == (400, 400)
    assert len(upstream.requests_of("createFile")) == 1


async def test_what_nobody_could_be_asked_is_not_found(client, projects, alice, api_key):
    await Account.objects.filter(kind=Account.Kind.GEMINI_API).aupdate(enabled=False)

    reply = await client.get("/v1beta/nowhere", x_goog_api_key=await api_key())

    assert reply.status == 404
    assert "is not part of this API" in reply.json()["error"]["message"]


async def test_an_openai_client_with_the_wrong_base_url_is_told_the_right_one(client, projects, api_key, upstream):
    body = {"model": "gemini-2.5-flash", "messages": []}

    reply = await client.post("/v1/chat/completions", body, authorization=f"Bearer {await api_key()}")

    assert reply.status == 404
    assert "The base URL of OpenAI's clients is /v1beta/openai/." in reply.json()["error"]["message"]
    assert upstream.requests == []
