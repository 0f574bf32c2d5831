"""A name of somebody else's and one that nobody has: the same bytes by the same queries, and not a word to upstream."""

from collections.abc import AsyncIterator, Callable

import pytest
from django.db import connection

from accounts_app.storage.worker import in_database
from tests.factories import a_cache, a_prompt

RESOURCE = "accounts_app_resource"
GENERATE = "models/gemini-2.5-flash:generateContent"
GOOGLE = "https://generativelanguage.googleapis.com/v1beta"


@pytest.fixture
async def queries(upstream) -> AsyncIterator[Callable[[], list[str]]]:
    """Tells which queries about resources the database has answered since the last time."""
    seen: list[str] = []

    def record(execute, sql, params, many, context):
        if RESOURCE in sql:
            seen.append(sql)
        return execute(sql, params, many, context)

    def told() -> list[str]:
        new, seen[:] = seen[:], []
        return new

    await in_database(lambda: connection.execute_wrappers.append(record))
    yield told
    await in_database(lambda: connection.execute_wrappers.remove(record))


@pytest.fixture
async def theirs(client, projects, key_of) -> dict[str, str]:
    """What the other group has, by kind."""
    blue = await key_of("blue")

    async def made(path: str, body: dict) -> str:
        reply = (await client.post(f"/v1beta/{path}", body, x_goog_api_key=blue)).json()
        return reply.get("file", reply)["name"]

    requests = [{"request": a_prompt(), "metadata": {"key": "one"}}]
    return {
        "files": await made("files", {"file": {"displayName": "theirs"}}),
        "cachedContents": await made("cachedContents", a_cache()),
        "batches": await made(
            "models/gemini-2.5-flash:batchGenerateContent",
            {"batch": {"inputConfig": {"requests": {"requests": requests}}}},
        ),
        "fileSearchStores": await made("fileSearchStores", {"displayName": "theirs"}),
    }


def unknown(name: str) -> str:
    """A name of the same kind and length."""
    return name[:-4] + ("zzzz" if not name.endswith("zzzz") else "yyyy")


CALLS = {
    "a file is read": ("GET", "files", "{name}", None),
    "a file is deleted": ("DELETE", "files", "{name}", None),
    "a file is downloaded": ("GET", "files", "{name}:download?alt=media", None),
    "a file is used": (
        "POST",
        "files",
        GENERATE,
        lambda name: {"contents": [{"parts": [{"fileData": {"fileUri": f"{GOOGLE}/{name}"}}]}]},
    ),
    "a cache is changed": ("PATCH", "cachedContents", "{name}", lambda name: {"ttl": "90s"}),
    "a cache is used": ("POST", "cachedContents", GENERATE, lambda name: {**a_prompt(), "cachedContent": name}),
    "a batch is read": ("GET", "batches", "{name}", None),
    "a batch is cancelled": ("POST", "batches", "{name}:cancel", lambda name: {}),
    "documents are listed": ("GET", "fileSearchStores", "{name}/documents", None),
    "a document is read": ("GET", "fileSearchStores", "{name}/documents/d", None),
    "a store is deleted": ("DELETE", "fileSearchStores", "{name}?force=true", None),
}


@pytest.mark.parametrize(("http", "kind", "path", "body"), CALLS.values(), ids=CALLS)
async def test_they_cannot_be_told_apart(http, kind, path, body, client, key_of, theirs, queries, upstream):
    red = await key_of("red")
    before = len(upstream.requests)
    queries()

    answers, asked = [], []
    for name in (theirs[kind], unknown(theirs[kind]), theirs[kind], unknown(theirs[kind])):
        reply = await client.request(
            http, f"/v1beta/{path.format(name=name)}", body(name) if body else b"", x_goog_api_key=red
        )
        answers.append((reply.status, reply.body.replace(name.partition("/")[2].encode(), b"ID")))
        asked.append(queries())

    assert len(upstream.requests) == before
    assert answers == [answers[0]] * 4
    assert answers[0][0] in (403, 404)
    assert asked[0]
    assert asked == [asked[0]] * 4
