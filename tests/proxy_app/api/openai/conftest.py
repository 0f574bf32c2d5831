"""What the tests of the OpenAI layer share."""

import pytest

from accounts_app.storage import journal
from proxy_app.models import UsageRecord

BASE = "/v1beta/openai"


def user(content):
    return {"role": "user", "content": content}


def chunks_of(reply):
    """The data of a stream's events."""
    assert reply.headers["content-type"] == "text/event-stream"
    return [block.removeprefix(b"data: ") for block in reply.body.split(b"\n\n") if block.startswith(b"data: ")]


async def log():
    await journal.flush(force=True)
    return [row async for row in UsageRecord.objects.order_by("pk")]


@pytest.fixture
async def red(projects, key_of):
    return await key_of("red")


@pytest.fixture
async def blue(projects, key_of):
    return await key_of("blue")


@pytest.fixture
def post(client):
    """Sends a body to a method of the layer, with a key as OpenAI's clients send it."""

    async def send(path, body, key, **headers):
        return await client.post(f"{BASE}/{path}", body, authorization=f"Bearer {key}", **headers)

    return send


@pytest.fixture
def call(client):
    """Calls a method of the layer by any HTTP method."""

    async def send(http, path, key, body=b"", **headers):
        return await client.request(http, f"{BASE}/{path}", body, authorization=f"Bearer {key}", **headers)

    return send
