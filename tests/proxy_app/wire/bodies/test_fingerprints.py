"""What tells requests apart after they have failed."""

import json

import pytest

from proxy_app.wire.bodies.bodies import read_body
from proxy_app.wire.bodies.fingerprints import fingerprint, names_a_resource
from proxy_app.wire.faults.masking import masked, masked_bytes


def body(**fields):
    return read_body(json.dumps(fields).encode())


def test_the_same_request_has_the_same_fingerprint():
    assert fingerprint(body(contents=[{"a": 1}], x=2)) == fingerprint(body(contents=[{"a": 1}], x=2))


@pytest.mark.parametrize("size", [10, 64 * 1024, 200_000])
def test_requests_differ_by_their_length_their_beginning_and_their_end(size):
    filling = "x" * size
    one = fingerprint(body(a="1", b=filling, c="1"))

    assert one != fingerprint(body(a="2", b=filling, c="1"))
    assert one != fingerprint(body(a="1", b=filling, c="2"))
    assert one != fingerprint(body(a="1", b=filling + "x", c="1"))


def test_an_empty_request_has_one_too():
    assert fingerprint({})[0] == 2


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"contents": [{"parts": [{"text": "hello"}]}]}, False),
        ({"contents": [{"parts": [{"fileData": {"fileUri": "files/x"}}]}]}, True),
        ({"contents": [{"parts": [{"file_data": {"file_uri": "files/x"}}]}]}, True),
        ({"cachedContent": "cachedContents/x"}, True),
        ({"cached_content": "cachedContents/x"}, True),
        ({"contents": [{"parts": [{"text": 'say "fileUri"'}]}]}, False),
    ],
)
def test_a_request_that_names_a_file_or_a_cache_is_known_by_its_fields(fields, names):
    assert names_a_resource(body(**fields)) is names


def test_secrets_are_masked_by_their_looks_and_by_what_they_are():
    key = "AIzaSyAbcdefghijklmnopqrstuvwxyz0123456"

    text = f"no {key}, 'api_key:{key}' nor alice@example.com"
    assert masked(text, "alice@example.com", "") == "no ***, 'api_key:***' nor ***"
    assert masked_bytes(b"plain \xff text") == b"plain \xff text"
    assert masked_bytes(f"\xe9 {key}".encode() + b"\xff") == "\xe9 ***".encode() + b"\xff"
    assert masked_bytes(b"the token abc", "abc") == b"the token ***"
