"""Which requests count as the same, and which name a resource that only one project has."""

import json
from hashlib import blake2b

import pytest

from proxy_app.wire.bodies.bodies import pieces, read_body
from proxy_app.wire.bodies.fingerprints import fingerprint, names_a_resource

PART = 64 * 1024


def of(**fields: object) -> tuple[int, bytes]:
    return fingerprint(read_body(json.dumps(fields).encode()))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"contents": []},
        {"contents": "x" * (PART - 15)},
        {"contents": "x" * PART, "tools": "y" * 10},
        {"a": "x" * (2 * PART), "b": "y" * (2 * PART)},
        {f"f{number}": "z" * 1_000 for number in range(300)},
    ],
    ids=lambda fields: ",".join(fields)[:20] or "nothing",
)
def test_it_is_the_length_and_a_hash_of_the_beginning_and_the_end(fields):
    body = read_body(json.dumps(fields).encode())
    whole = b"".join(pieces(body))

    assert fingerprint(body) == (len(whole), blake2b(whole[:PART] + whole[-PART:], digest_size=16).digest())


def test_what_differs_at_either_end_is_another_request():
    middle = "m" * (4 * PART)

    assert len({of(a="1", b=middle, c="1"), of(a="2", b=middle, c="1"), of(a="1", b=middle, c="2")}) == 3
    assert of(a="1", b=middle, c="1") == of(a="1", b=middle, c="1")
    assert of(a=middle) != of(a=middle + "m")


def test_what_differs_in_the_middle_alone_is_taken_for_the_same():
    begin, end = "b" * PART, "e" * PART

    assert of(a=f"{begin}1{end}") == of(a=f"{begin}2{end}")


HOME = "https://generativelanguage.googleapis.com/v1beta"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cachedContent", "cachedContents/x"),
        ("cached_content", "cachedContents/x"),
        ("fileUri", f"{HOME}/files/x"),
        ("file_uri", f"{HOME}/files/x"),
        ("fileUri", "files/x"),
        ("fileSearchStoreNames", ["fileSearchStores/x"]),
        ("file_search_store_names", ["fileSearchStores/x"]),
    ],
)
def test_a_file_a_cache_or_a_store_is_found_however_its_slashes_are_written(name, value):
    written = json.dumps({name: value} if "ached" in name else {"contents": [{"parts": [{"fileData": {name: value}}]}]})

    assert names_a_resource(read_body(written.encode()))
    assert names_a_resource(read_body(written.replace("/", "\\/").encode()))


@pytest.mark.parametrize(
    "part",
    [
        {},
        {"text": "cachedContent, file_uri, files/x, fileSearchStores/x"},
        {"text": json.dumps({"fileUri": "files/x"})},
        {"fileData": {"fileUri": "https://www.youtube.com/watch?v=x"}},
        {"fileData": {"file_uri": "gs://bucket/x"}},
        {"functionCall": {"name": "open", "args": {"fileUri": "/home/x"}}},
    ],
)
def test_a_word_or_what_every_account_can_read_is_none(part):
    assert not names_a_resource(read_body(json.dumps({"contents": [{"parts": [part]}]}).encode()))
