"""Files in requests: other addresses, or bytes in place of an address, and nothing else is touched."""

import json

import pytest

from proxy_app.wire.bodies.attached_files import Inline, size_of, with_files
from proxy_app.wire.bodies.bodies import pieces, read_body

OURS, GOOGLES = "http://gw/v1beta/files/a", "https://generativelanguage.googleapis.com/v1beta/files/a"


def written(body: dict, by: dict) -> dict:
    return json.loads(b"".join(pieces(with_files(read_body(json.dumps(body).encode(), keeps_model=True), by))))


def a_part(uri: str = OURS, **more: object) -> dict:
    return {"contents": [{"role": "user", "parts": [{"text": "See"}, {"fileData": {"fileUri": uri, **more}}]}]}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (a_part(), a_part(GOOGLES)),
        (a_part(mimeType="text/plain"), a_part(GOOGLES, mimeType="text/plain")),
        ({"contents": {"parts": {"file_data": {"file_uri": OURS}}}},) * 2,
        ({"fileName": "files/a"}, {"fileName": "files/b"}),
        ({"request": {"file_name": "files/a"}}, {"request": {"file_name": "files/b"}}),
        ({"input": [{"type": "image", "uri": OURS}]}, {"input": [{"type": "image", "uri": GOOGLES}]}),
        ({"batch": {"requests": [{"request": a_part()}]}}, {"batch": {"requests": [{"request": a_part(GOOGLES)}]}}),
    ],
)
def test_addresses_are_replaced_wherever_a_file_is_named(body, expected):
    if body == expected:
        expected = json.loads(json.dumps(body).replace(OURS, GOOGLES))

    assert written(body, {OURS: GOOGLES, "files/a": "files/b"}) == expected


@pytest.mark.parametrize(
    "body",
    [
        {"contents": [{"parts": [{"text": OURS}, {"text": f'{{"fileUri": "{OURS}"}}'}]}]},
        {"contents": [{"parts": [{"functionCall": {"name": "f", "args": {"fileUri": OURS}}}]}]},
        {"contents": [{"parts": [{"functionResponse": {"response": {"uri": OURS}}}]}]},
        a_part("https://example.com/v1beta/files/a"),
        {"fileUri": 7, "contents": [{"parts": [{"fileData": 7}, {"fileData": {"fileUri": 7}}, {"fileData": [OURS]}]}]},
    ],
)
def test_nothing_else_is_touched(body):
    assert written(body, {OURS: GOOGLES}) == body
    assert written(body, {OURS: Inline("text/plain", b"YQ==")}) == body


@pytest.mark.parametrize("given", [{}, {"mime_type": "image/webp"}])
def test_a_content_of_an_interaction_becomes_its_bytes(given):
    content = {"type": "image", "resolution": "low", "uri": OURS, **given}
    bytes_ = {"type": "image", "resolution": "low", "data": "aGVsbG8=", "mime_type": "image/png", **given}

    body = written(
        {"input": [{"type": "user_input", "content": [content]}, {"type": "video", "uri": "https://a"}]},
        {OURS: Inline("image/png", b"aGVsbG8=")},
    )

    assert body == {"input": [{"type": "user_input", "content": [bytes_]}, {"type": "video", "uri": "https://a"}]}


@pytest.mark.parametrize("names", [("fileData", "fileUri", "mimeType"), ("file_data", "file_uri", "mime_type")])
def test_a_file_becomes_its_bytes_with_the_type_that_the_client_gives(names):
    part, uri, kind = names
    by = {OURS: Inline("text/plain", b"aGVsbG8=")}
    beside = {"videoMetadata": {"fps": 1}}

    given = written({"contents": [{"parts": [{part: {uri: OURS, kind: "text/csv"}, **beside}]}]}, by)
    told = written({"contents": [{"parts": [{part: {uri: OURS}, **beside}]}]}, by)

    assert given["contents"][0]["parts"][0] == {"inlineData": {"mimeType": "text/csv", "data": "aGVsbG8="}, **beside}
    assert told["contents"][0]["parts"][0]["inlineData"]["mimeType"] == "text/plain"


def test_every_byte_of_other_values_is_kept():
    raw = (
        b'{"contents":[{"parts":[{"text":"\\u00e9 1.0"},{"fileData":{"fileUri":"%b"}}]}],"tools":[ 1.50 ]}'
        % OURS.encode()
    )

    new = b"".join(pieces(with_files(read_body(raw), {OURS: GOOGLES})))

    assert new == raw.replace(OURS.encode(), GOOGLES.encode())


def test_the_bytes_of_a_file_are_not_shown():
    assert repr(Inline("text/plain", b"aGVsbG8=")) == "Inline(mime_type='text/plain')"


def test_a_body_without_replacements_is_itself():
    body = read_body(json.dumps(a_part()).encode())

    assert with_files(body, {}) is body
    assert size_of(body) == len(json.dumps(a_part()["contents"]))
