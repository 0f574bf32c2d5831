"""What goes with interactions, through the gateway: agents, environments, credentials, triggers, voices, webhooks."""

import json

import pytest
from django.apps import apps

from accounts_app import roster
from accounts_app.leasing import owners
from accounts_app.models import ApiKey, Resource
from accounts_app.storage import journal
from emulator import Reply
from proxy_app.models import CapturedCall
from tests.proxy_app.written import log, rows_of

V = "/v1beta"
AGENT = "antigravity-preview-05-2026"
GONE = {"error": {"message": "Requested entity was not found.", "code": "not_found"}}
ENVIRONMENT = {"mode": "on_demand"}
CREDENTIAL = {"id": "mail", "type": "bearer_token", "token": "a-secret-of-clients"}
TRIGGER = {"interaction": {"agent": AGENT, "input": "Look"}, "schedule": "0 0 * * *", "time_zone": "UTC"}
WEBHOOK = {"uri": "https://example.com/hook", "subscribed_events": ["batch.succeeded"]}
VOICE = {"store": True, "voice": {"type": "prompted", "prompted": {"input": "A calm voice"}}}
BODIES = {
    "agents": {"id": "mine", "base_agent": AGENT, "system_instruction": "Be brief"},
    "environments": ENVIRONMENT,
    "credentials": CREDENTIAL,
    "triggers": TRIGGER,
    "voices": VOICE,
}


@pytest.fixture
async def green(red, blue, projects, key_of, only_for):
    """A key whose group has the project `three` for itself."""
    key = await key_of("green")
    await only_for("green", [projects[3]])
    return key


@pytest.fixture
def send(client):
    """Sends JSON with an API key, and gives the answer's status and JSON."""

    async def sent(key, http, path, body=None, **headers):
        raw = b"" if body is None else json.dumps(body).encode()
        reply = await client.request(http, f"{V}/{path}", raw, x_goog_api_key=key, **headers)
        return reply.status, reply.json()

    return sent


@pytest.mark.parametrize("kind", BODIES)
async def test_what_is_made_is_shown_listed_and_deleted_by_its_owner(kind, send, red, blue, upstream):
    status, made = await send(red, "POST", kind, BODIES[kind])
    assert status == 200, made
    (row,) = await rows_of(kind)
    shown = await send(red, "GET", f"{kind}/{made['id']}")
    listed = await send(red, "GET", kind)
    deleted = await send(red, "DELETE", f"{kind}/{made['id']}")

    assert row.name == f"{kind}/{made['id']}"
    assert row.group.name == "red"
    assert shown[0] == 200
    assert made["id"] in [one["id"] for one in listed[1][kind]]
    assert "next_page_token" not in listed[1]
    assert deleted == (200, {})
    assert await rows_of(kind) == []


@pytest.mark.parametrize("kind", BODIES)
async def test_unknown_and_foreign_are_told_alike(kind, send, red, blue, upstream):
    status, made = await send(red, "POST", kind, BODIES[kind])
    before = len(upstream.requests)
    answers = []
    for id_ in (made["id"], "voice_nobodys" if kind == "voices" else "nobodys"):
        calls = [("GET", f"{kind}/{id_}", None), ("DELETE", f"{kind}/{id_}", None)]
        calls += [("PATCH", f"{kind}/{id_}", {})] if kind in ("credentials", "triggers") else []
        answers.append([await send(blue, *call) for call in calls])

    assert status == 200
    assert answers[0] == answers[1]
    assert all(answer == (404, GONE) for answer in answers[0])
    assert len(upstream.requests) == before
    assert made["id"] not in [one["id"] for one in (await send(blue, "GET", kind))[1].get(kind, ())]


@pytest.mark.parametrize("kind", ["agents", "credentials"])
async def test_a_chosen_id_goes_to_another_project_where_others_hold_it(kind, send, red, blue, upstream):
    first = await send(red, "POST", kind, BODIES[kind])
    again = await send(red, "POST", kind, BODIES[kind])
    other = await send(blue, "POST", kind, BODIES[kind])

    assert first[0] == other[0] == 200
    assert again == (
        409,
        {"error": {"message": f"Requested entity already exists: {kind}/{BODIES[kind]['id']}.", "code": "conflict"}},
    )
    rows = await rows_of(kind)
    assert len({row.project_id for row in rows}) == len(rows) == 2


async def test_a_chosen_id_is_the_tenants_wherever_the_create_has_to_go(send, red, blue, upstream):
    _, environment = await send(red, "POST", "environments", ENVIRONMENT)
    body = {**BODIES["agents"], "base_environment": environment["id"]}
    assert (await send(red, "POST", "agents", body))[0] == 200
    again = await send(red, "POST", "agents", body)
    row = await Resource.objects.aget(kind="agents")
    await Resource.objects.filter(pk=row.pk).aupdate(api_key=0, group=None)
    taken = await send(red, "POST", "agents", body)

    assert again[0] == 409
    assert "already exists: agents/mine" in again[1]["error"]["message"]
    assert taken[0] == 409  # upstream's own: it can go nowhere else
    assert len([each for each in upstream.requests if each.call == "createAgent"]) == 2


async def test_a_name_that_could_be_googles_is_nobodys_to_choose(send, red, upstream):
    status, answer = await send(red, "POST", "agents", {**BODIES["agents"], "id": "antigravity-preview-01-2020"})

    assert (status, answer["error"]["code"]) == (409, "conflict")
    assert not upstream.requests


async def test_lists_are_pages_of_rows(send, red, blue, upstream):
    for number in range(3):
        await send(red, "POST", "agents", {**BODIES["agents"], "id": f"a{number}"})
    first = (await send(red, "GET", "agents?page_size=2"))[1]
    second = (await send(red, "GET", f"agents?page_size=2&page_token={first['next_page_token']}"))[1]

    assert [one["id"] for one in first["agents"] + second["agents"]] == ["a2", "a1", "a0"]
    assert "next_page_token" not in second
    assert (await send(blue, "GET", "agents")) == (200, {})
    assert (await send(blue, "GET", f"agents?page_token={first['next_page_token']}"))[0] == 400


async def test_environments_are_listed_by_mode_and_have_verbs_too(send, red, blue, upstream):
    _, one = await send(red, "POST", "environments:create", ENVIRONMENT)
    _, other = await send(red, "POST", "environments", {"mode": "self_hosted"})

    listed = (await send(red, "GET", "environments:list?mode=self_hosted"))[1]["environments"]
    assert [each["id"] for each in listed] == [other["id"]]
    assert (await send(red, "GET", f"environments/{one['id']}:get"))[1]["id"] == one["id"]
    assert await send(red, "DELETE", f"environments/{one['id']}:delete") == (200, {})
    assert [row.name for row in await rows_of("environments")] == [f"environments/{other['id']}"]


async def test_voices_of_googles_are_everybodys(send, red, blue, upstream):
    made = [(await send(red, "POST", "voices", VOICE))[1]["id"] for _ in range(2)]
    whole = (await send(red, "GET", "voices"))[1]["voices"]
    pages, token = [], ""
    while True:
        page = (await send(red, "GET", f"voices?page_size=3{token}"))[1]
        pages.append([one["id"] for one in page["voices"]])
        if "next_page_token" not in page:
            break
        token = f"&page_token={page['next_page_token']}"
    filtered = (await send(blue, "GET", "voices?accent=British&accent=Indian&gender=female"))[1]["voices"]

    assert [one["id"] for one in whole][:2] == made[::-1]
    assert [id_ for page in pages for id_ in page] == [one["id"] for one in whole]
    assert max(map(len, pages)) == 3
    assert {one["id"] for one in filtered} == {"Aoede", "Leda"}
    assert (await send(blue, "GET", "voices/Puck"))[1]["id"] == "Puck"
    assert (await send(blue, "DELETE", "voices/Puck"))[0] == 400
    assert len(await rows_of("voices")) == 2


async def test_what_is_exclusive_passes_upstreams_list_and_keeps_what_it_shows(send, green, upstream):
    _, made = await send(green, "POST", "voices", VOICE)
    await Resource.objects.all().adelete()
    listed = (await send(green, "GET", "voices"))[1]["voices"]

    assert listed[0]["id"] == made["id"]
    assert [row.name for row in await rows_of("voices")] == [f"voices/{made['id']}"]


async def test_webhooks_are_for_those_who_have_a_project_for_themselves(send, green, red, projects, upstream):
    refused = await send(red, "POST", "webhooks", WEBHOOK)
    status, made = await send(green, "POST", "webhooks", WEBHOOK)
    pinged = await send(green, "POST", f"webhooks/{made['id']}:ping", {})
    rotated = await send(green, "POST", f"webhooks/{made['id']}:rotateSigningSecret", {})

    assert refused[0] == 400
    assert refused[1]["error"]["code"] == "invalid_request"
    assert "exclusive" in refused[1]["error"]["message"]
    assert status == 200
    assert pinged == (200, {})
    assert set(rotated[1]) == {"secret"}
    (row,) = await rows_of("webhooks")
    assert row.account.email == projects[3].email
    assert made["new_signing_secret"] not in row.last_json
    assert (await send(green, "GET", "webhooks"))[1]["webhooks"][0]["id"] == made["id"]


async def test_while_there_is_one_group_every_project_is_for_it(send, red, upstream):
    assert (await send(red, "POST", "webhooks", WEBHOOK))[0] == 200


async def test_a_webhook_of_one_request_passes_untouched(send, red, blue, upstream):
    config = {"uris": ["https://example.com/x"], "user_metadata": {"a": "b"}}
    body = {"model": "gemini-3.5-flash", "input": "Hi", "background": True, "webhook_config": config}

    assert (await send(red, "POST", "interactions", body))[0] == 200
    assert upstream.requests[-1].body["webhook_config"] == config


async def test_a_create_goes_to_the_project_of_what_it_names(send, red, blue, upstream):
    _, environment = await send(red, "POST", "environments", ENVIRONMENT)
    (row,) = await rows_of("environments")
    named = [
        ("agents", {**BODIES["agents"], "base_environment": environment["id"]}),
        ("environments", {"from_environment": environment["id"]}),
        ("triggers", {**TRIGGER, "environment_id": environment["id"]}),
    ]
    for kind, body in named:
        status, answer = await send(red, "POST", kind, body)
        assert status == 200, (kind, answer)
        assert await send(blue, "POST", kind, {**body, **({"id": "other"} if kind == "agents" else {})}) == (404, GONE)
    owners = {each.project_id for kind in ("agents", "environments", "triggers") for each in await rows_of(kind)}
    assert owners == {row.project_id}


async def move_to_the_other_project(row, other):
    """The first of two rows of one name is where the second was, which is gone."""
    await Resource.objects.filter(pk=other.pk).adelete()
    await Resource.objects.filter(pk=row.pk).aupdate(project=other.project, account=other.account)
    owners.reset()


@pytest.mark.parametrize(
    "body",
    [
        {"agent": "mine", "environment": "{environments}"},
        {"agent": "mine", "environment": {"type": "remote", "environment_id": "{environments}"}},
        {"agent": "mine", "environment": {"type": "remote", "env": {"TOKEN": {"credential": "mail"}}}},
        {"agent": "mine", "environment": {"type": "remote", "network": {"allowlist": [{"credential": "mail"}]}}},
        {"agent": "mine", "generation_config": {"speech_config": [{"voice": "{voices}"}]}},
        {"agent": "mine", "previous_interaction_id": "{interactions}"},
        {"agent": "mine", "tools": [{"type": "file_search", "file_search_store_names": ["{stores}"]}]},
        {"interaction": {"agent": "mine", "previous_interaction_id": "{interactions}"}},
    ],
)
async def test_names_of_two_projects_are_answered_as_foreign_ones(body, send, red, blue, client, upstream):
    made = {kind: (await send(red, "POST", kind, BODIES[kind]))[1]["id"] for kind in BODIES}
    made["interactions"] = (await send(red, "POST", "interactions", {"model": "gemini-3.5-flash", "input": "a"}))[1][
        "id"
    ]
    made["stores"] = (await send(red, "POST", "fileSearchStores", {"displayName": "x"}))[1]["name"]
    await send(blue, "POST", "agents", BODIES["agents"])
    await move_to_the_other_project(*await rows_of("agents"))
    text = json.dumps({"input": "Hi", **body})
    for kind, id_ in made.items():
        text = text.replace(f"{{{kind}}}", id_)
    before = len(upstream.requests)

    status, answer = await send(red, "POST", "triggers" if "interaction" in body else "interactions", json.loads(text))

    if "stores" in json.dumps(body):
        assert status == 403
    else:
        assert (status, answer) == (404, GONE)
    assert len(upstream.requests) == before


SECRETS = {
    "credentials": {"id": "mail", "type": "bearer_token", "token": "SECRET-of-a-credential"},
    "environments": {
        "mode": "self_hosted",
        "network": {"allowlist": [{"domain": "a.example", "transform": [{"X-Token": "SECRET-of-a-network"}]}]},
    },
    "agents": {
        "id": "mine",
        "base_agent": AGENT,
        "tools": [{"type": "mcp_server", "url": "https://a.example", "headers": {"X-Token": "SECRET-of-a-server"}}],
    },
    "triggers": {
        **TRIGGER,
        "interaction": {
            "agent": AGENT,
            "input": "Look",
            "tools": [
                {"type": "mcp_server", "url": "https://a.example", "headers": {"X-Token": "SECRET-of-a-trigger"}}
            ],
        },
    },
    "webhooks": WEBHOOK,
}


async def whole_database():
    """All that is in the database, as text."""
    await journal.flush(force=True)
    found = []
    for model in apps.get_models():
        async for row in model.objects.all().values():
            found.append(f"{model.__name__} {row}")
    captured = [f"{row.request} {row.answer}" async for row in CapturedCall.objects.all()]
    return "\n".join(found + captured)


async def test_secrets_are_kept_nowhere(send, red, upstream, caplog):
    await ApiKey.objects.filter(name="red").aupdate(capture=True)
    await roster.refresh()
    caplog.set_level("DEBUG")
    made = {}
    for kind, body in SECRETS.items():
        status, made[kind] = await send(red, "POST", kind, body)
        assert status == 200, (kind, made[kind])
        assert (await send(red, "GET", f"{kind}/{made[kind]['id']}"))[0] == 200
        assert (await send(red, "GET", kind))[0] == 200
    changed = {"type": "bearer_token", "token": "SECRET-that-is-new"}
    assert (await send(red, "PATCH", "credentials/mail?update_mask=token", changed))[0] == 200
    said = b'{"error":{"message":"Bad token SECRET-that-is-wrong, try again.","code":"invalid_request"}}'
    upstream.script(Reply(status=400, chunks=[said], sized=True), method="createCredential")
    refused = await send(red, "POST", "credentials", {**CREDENTIAL, "id": "x", "token": "SECRET-that-is-wrong"})
    hook = made["webhooks"]
    _, rotated = await send(red, "POST", f"webhooks/{hook['id']}:rotateSigningSecret", {})

    told_once = [made["environments"]["environment_key"], hook["new_signing_secret"], rotated["secret"]]
    assert refused[0] == 400
    for text in (await whole_database(), caplog.text):
        assert not [secret for secret in ("SECRET-", *told_once) if secret in text]
    assert "environment_key" not in (await send(red, "GET", f"environments/{made['environments']['id']}"))[1]


FILE = b"print('hello')\n"


async def begun(client, key, path, content, query=""):
    """The answer to the start of an upload, as Google's SDKs send it: a PUT without a body."""
    return await client.request(
        "PUT",
        f"/upload/v1beta/{path}{query}",
        b"",
        x_goog_api_key=key,
        x_goog_upload_protocol="resumable",
        x_goog_upload_command="start",
        x_goog_upload_header_content_length=str(len(content)),
        x_goog_upload_header_content_type="text/x-python",
    )


async def sent_all(client, start, content):
    url = start.headers["x-goog-upload-url"].partition("8045")[2]
    return await client.request(
        "POST", url, content, x_goog_upload_command="upload, finalize", x_goog_upload_offset="0"
    )


async def uploaded(client, key, path, content, query=""):
    start = await begun(client, key, path, content, query)
    return await sent_all(client, start, content) if start.status == 200 else start


async def test_a_last_answer_that_was_lost_is_found_in_the_environment(client, send, red, upstream):
    _, environment = await send(red, "POST", "environments", ENVIRONMENT)
    start = await begun(client, red, f"environments/{environment['id']}/files/a.b/main file.py", FILE)
    upstream.script("reset", method="finalizeUpload", after=1 << 40)

    lost = await sent_all(client, start, FILE)
    other = await sent_all(client, start, FILE + b"more")
    again = await sent_all(client, start, FILE)

    assert (lost.status, "x-goog-upload-status" in lost.headers) == (503, False)
    assert other.status == 400
    assert (again.status, again.headers.get("x-goog-upload-status")) == (200, "final")
    assert [file["path"] for file in again.json()["files"]] == ["a.b/main file.py"]
    assert len(upstream.requests_of("finalizeUpload")) == 1


async def test_files_of_an_environment_are_written_listed_and_read(client, send, red, blue, upstream):
    _, environment = await send(red, "POST", "environments", ENVIRONMENT)
    files = f"environments/{environment['id']}/files"
    written = await uploaded(client, red, f"{files}/src/a.b/main.py", FILE)
    again = await uploaded(client, red, f"{files}/src/a.b/main.py", FILE)
    over = await uploaded(client, red, f"{files}/src/a.b/main.py", FILE, "?overwrite=true")
    one = f"{V}/{files}/src/a.b/main.py?alt=media"
    read = await client.get(one, x_goog_api_key=red)
    part = await client.get(one, x_goog_api_key=red, range="bytes=0-4")
    head = await client.request("HEAD", one, x_goog_api_key=red)
    listed = await client.get(f"{V}/{files}?recursive=true", x_goog_api_key=red)
    folder = await client.get(f"{V}/{files}/src?page_size=5", x_goog_api_key=red)
    snapshot = await client.get(f"{V}/files/environment-{environment['id']}:download?alt=media", x_goog_api_key=red)

    assert written.status == over.status == 200, written.body
    assert again.status == 409
    assert written.json()["files"][0]["path"] == "src/a.b/main.py"
    assert (read.status, read.body) == (200, FILE)
    assert (part.status, part.body, part.headers["content-range"]) == (206, FILE[:5], f"bytes 0-4/{len(FILE)}")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(FILE)))
    assert {one["path"] for one in listed.json()["files"]} >= {"src/a.b/main.py"}
    assert [one["path"] for one in folder.json()["files"]] == ["src/a.b"]
    assert snapshot.status == 200
    assert FILE in snapshot.body
    for reply in (
        await client.get(one, x_goog_api_key=blue),
        await client.get(f"{V}/{files}", x_goog_api_key=blue),
        await uploaded(client, blue, f"{files}/x.py", FILE),
        await client.get(f"{V}/environments/nobodys/files/x?alt=media", x_goog_api_key=blue),
    ):
        assert (reply.status, reply.json()) == (404, GONE)


async def test_tokens_of_an_interaction_are_passed_on_and_logged_nowhere(send, red, blue, upstream):
    await ApiKey.objects.filter(name="red").aupdate(capture=True)
    await roster.refresh()
    _, made = await send(red, "POST", "interactions", {"model": "gemini-3.5-flash", "input": "Hi"})
    status, token = await send(red, "POST", f"interactions/{made['id']}/auth_tokens", {})
    secret = token["auth_token"].removeprefix("auth_tokens/")
    foreign = await send(blue, "DELETE", f"interactions/{made['id']}/auth_tokens/{secret}")
    deleted = await send(red, "DELETE", f"interactions/{made['id']}/auth_tokens/{secret}")

    assert status == deleted[0] == 200
    assert foreign == (404, GONE)
    assert not [row for row in await log() if secret in row.resource]


async def test_a_decision_is_anybodys_and_counted(send, red, blue, upstream):
    body = {
        "model": "models/gemini-3.5-flash",
        "input": "A cat",
        "questions": {"a": {"type": "noul", "instructions": "Is it an animal?"}},
    }
    status, decided = await send(red, "POST", "decisions", body)
    await ApiKey.objects.filter(name="red").aupdate(allowed_models=["gemini-2*"])
    await roster.refresh()
    refused = await send(red, "POST", "decisions", body)

    assert status == 200, decided
    assert refused[0] == 403
    (record, _) = await log()
    assert (record.method, record.model) == ("decisions.create", "gemini-3.5-flash")
    assert record.total_tokens == decided["usage"]["total_tokens"]


@pytest.mark.parametrize(
    ("path", "body"),
    [("agents", BODIES["agents"]), ("triggers", TRIGGER), ("interactions", {"agent": AGENT, "input": "Hi"})],
)
async def test_agents_that_a_key_may_not_ask_are_refused_wherever_they_are_named(path, body, send, red, upstream):
    await ApiKey.objects.filter(name="red").aupdate(allowed_agents=["deep-*"])
    await roster.refresh()

    assert (await send(red, "POST", path, body))[0] == 403
    assert not upstream.requests


CREATES = {kind: f"create{kind[:1].upper()}{kind[1:-1]}" for kind in (*BODIES, "webhooks")}


@pytest.mark.parametrize("kind", CREATES)
async def test_a_create_is_not_sent_again_after_its_first_byte(kind, send, red, upstream):
    said = b'{"error":{"message":"Overloaded","code":"unavailable"}}'
    upstream.script(Reply(status=503, chunks=[said], sized=True), method=CREATES[kind])

    status, _ = await send(red, "POST", kind, {**BODIES, "webhooks": WEBHOOK}[kind])

    assert status == 503
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("http", "path"),
    [
        ("POST", "agents"),
        ("GET", "voices"),
        ("POST", "decisions"),
        ("GET", "triggers/x"),
        ("GET", "interactions/live"),
        ("GET", "voices/Puck"),
    ],
)
async def test_accounts_that_cannot_say_what_to_connect(http, path, client, pool_of, upstream):
    await pool_of("alice")

    reply = await client.request(http, f"{V}/{path}", b"{}" if http == "POST" else b"")

    assert reply.status == 400
    assert reply.json()["error"]["code"] == "invalid_request"
    if path != "interactions/live":
        assert "Gemini API key" in reply.json()["error"]["message"]
