"""Embeddings: one text or many, each counted."""

import base64
import struct

import pytest

from emulator import Emulator
from tests.emulator.apis.openai.conftest import Client
from tests.emulator.conftest import Caller

MODEL = "gemini-embedding-001"


def test_a_list_gives_the_native_vectors_in_order(client: Client, caller: Caller):
    native = [
        caller.public(f"models/{MODEL}:embedContent", {"content": {"parts": [{"text": text}]}}).json()["embedding"]
        for text in ("bees", "honey")
    ]

    told = client.post("embeddings", {"model": MODEL, "input": ["bees", "honey"]})

    assert (told["object"], told["model"]) == ("list", MODEL)
    assert [one["index"] for one in told["data"]] == [0, 1]
    assert [one["embedding"] for one in told["data"]] == [one["values"] for one in native]
    assert told["usage"] == {"prompt_tokens": 2, "total_tokens": 2}


def test_one_text_may_be_short_and_packed(client: Client):
    asked = {"model": MODEL, "input": "bees", "dimensions": 8}
    plain = client.post("embeddings", asked)["data"][0]["embedding"]

    packed = client.post("embeddings", {**asked, "encoding_format": "base64"})["data"][0]["embedding"]

    assert len(plain) == 8
    assert struct.unpack("<8f", base64.b64decode(packed)) == pytest.approx(plain, abs=1e-6)


def test_every_text_counts(google: Emulator, client: Client):
    client.account = google.add_account("bob@example.com", project="bobs", quota=3)
    client.post("embeddings", {"model": MODEL, "input": ["one", "two"]})

    refused = client.send("POST", "embeddings", {"model": MODEL, "input": ["three", "four"]})

    assert refused.status_code == 429
    assert "embed_content_free_tier_requests" in refused.text


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"input": [1, 2, 3]}, 400),
        ({"input": []}, 400),
        ({"input": ["x"] * 101}, 400),
        ({"input": ""}, 400),
        ({}, 400),
        ({"input": "x", "encoding_format": "xml"}, 400),
        ({"input": "x", "model": "gemini-2.5-flash"}, 404),
    ],
)
def test_what_cannot_be_embedded_is_refused(client: Client, asked: dict, status: int):
    assert client.send("POST", "embeddings", {"model": MODEL, **asked}).status_code == status
