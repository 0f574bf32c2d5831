"""Lists are compressed for clients that accept it, as Google's are; answers of other operations are not."""

import gzip
import json

import pytest

MODELS, FILES = "/v1beta/models", "/v1beta/files"


async def make_files(client, display_name: str, *names: str) -> None:
    for name in names:
        body = {"file": {"name": f"files/{name}", "displayName": display_name}}
        assert (await client.post(FILES, body)).status == 200


@pytest.mark.parametrize("path", [MODELS, FILES])
async def test_a_list_is_compressed_for_who_accepts_gzip(path, client, projects):
    await make_files(client, "a file", "one", "two", "three")

    plain = await client.get(path)
    reply = await client.get(path, accept_encoding="gzip, deflate")

    assert "content-encoding" not in plain.headers
    assert reply.headers["content-encoding"] == "gzip"
    assert len(reply.body) < len(plain.body) / 2
    assert json.loads(gzip.decompress(reply.body)) == plain.json()


async def test_a_very_long_list_is_not_compressed(client, projects):
    await make_files(client, "x" * 40_000, "one", "two")

    reply = await client.get(FILES, accept_encoding="gzip")

    assert "content-encoding" not in reply.headers
    assert len(reply.json()["files"]) == 2


async def test_an_answer_that_is_no_list_is_not_compressed(client, projects):
    await make_files(client, "x" * 1_000, "one")

    reply = await client.get(f"{FILES}/one", accept_encoding="gzip")

    assert "content-encoding" not in reply.headers
    assert reply.json()["displayName"] == "x" * 1_000
