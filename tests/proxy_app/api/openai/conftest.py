"""What the tests of the OpenAI layer share."""

import json

import pytest

BASE = "/v1beta/openai"
MODEL = "gemini-2.5-flash"
KEYS = {"message", "type", "param", "code"}


def user(content):
    return {"role": "user", "content": content}


def form(*parts, boundary="xyz"):
    """A form as OpenAI's clients send it: (name, value) of a field, (name, file name, type, bytes) of a file."""
    body = b""
    for name, *others in parts:
        head = f'Content-Disposition: form-data; name="{name}"'
        value = others[-1]
        if len(others) > 1:
            head += f'; filename="{others[0]}"\r\nContent-Type: {others[1]}'
        body += f"--{boundary}\r\n{head}\r\n\r\n".encode() + value + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


LINES = b"\n".join(
    json.dumps(
        {
            "custom_id": name,
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {"model": MODEL, "messages": [user("What is 6*7?")]},
        }
    ).encode()
    for name in ("one", "two")
)
FILE = (("purpose", b"batch"), ("file", "lines.jsonl", "application/octet-stream", LINES))


def chunks_of(reply):
    """The data of a stream's events."""
    assert reply.headers["content-type"] == "text/event-stream"
    return [block.removeprefix(b"data: ") for block in reply.body.split(b"\n\n") if block.startswith(b"data: ")]


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


@pytest.fixture
def upload(call):
    async def send(key, *parts):
        body, kind = form(*parts)
        return await call("POST", "files", key, body, content_type=kind)

    return send
