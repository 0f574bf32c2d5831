import pytest
from msgspec import Raw

from proxy_app.wire.bodies.attached_files import with_files
from proxy_app.wire.bodies.field_search import FieldSearch, camel

FIELDS = {"fileUri": 1, "fileName": 2, "file": 3, "cachedContent": 4}
search = FieldSearch(FIELDS)

PIECE = 1 << 20


def finds(value: bytes) -> bool:
    steps = search.searching(Raw(value))
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize(
    ("name", "meaning"), [("fileUri", 1), ("file_uri", 1), ("file", 3), ("fileuri", None), ("", None)]
)
def test_a_field_means_the_same_in_both_spellings(name, meaning):
    assert search.meaning(name) == meaning


def test_a_name_is_read_in_camel_case():
    assert [camel(name) for name in ("fileUri", "file_uri", "a_b_c", "a__b", "_a")] == [
        "fileUri",
        "fileUri",
        "aBC",
        "a_B",
        "A",
    ]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b'{"fileUri":"x"}', True),
        (b'{"file_name" : "x"}', True),
        (b'[{"a":{"cached_content":1}}]', True),
        (b'{"file\\u0055ri":"x"}', True),
        (b'{"text":"say \\"fileUri\\": x"}', False),
        (b'{"text":"fileUri"}', True),  # the value of a field: decoding tells
        (b'{"files":[],"fileUris":[],"text":"\\u4e2d\\u003c"}', False),
        (b"7", False),
        (b'{"text":"' + b"A" * 1000 + b'","file":1}', True),
        (b'{"text":"' + b"A" * 1000 + b'","files":1}', False),
    ],
)
def test_fields_are_found_in_bytes(value, found):
    assert finds(value) is found


@pytest.mark.parametrize("at", [0, PIECE - 100, PIECE - 5, PIECE, 2 * PIECE - 3, 3 * PIECE])
@pytest.mark.parametrize("field", [b'{"fileUri":1}', b'{"file\\u0055ri":1}'])
@pytest.mark.parametrize("filler", [b"A", b'"a",'], ids=["base64", "many quotes"])
def test_a_field_is_found_wherever_it_stands_in_a_large_value(at, field, filler):
    before = (filler * PIECE * 4)[:at]

    assert finds(b"[" + before + field + filler * PIECE)
    assert finds(b"[" + filler * PIECE + before + field)
    assert not finds(b"[" + before + filler * PIECE)


def test_a_large_value_is_searched_in_turns_with_others():
    steps = search.searching(Raw(b"A" * (3 * PIECE)))

    assert len(list(steps)) == 3
    assert list(search.searching(Raw(b"A" * PIECE))) == []


@pytest.mark.parametrize(
    "own",
    [
        *("args", "arguments", "response", "result", "parameters", "parametersJsonSchema", "schema", "responseSchema"),
        *("responseJsonSchema", "inputSchema", "metadata", "customMetadata", "userMetadata", "labels", "headers"),
        *("text", "inlineData", "data", "customConfig"),
    ],
)
def test_a_field_that_holds_what_a_client_likes_is_not_looked_into(own):
    body = {"contents": Raw(b'{"%b":{"uri":"a"},"others":{"uri":"a"}}' % own.encode())}

    assert bytes(with_files(body, {"a": "b"})["contents"]) == (
        b'{"%b":{"uri":"a"},"others":{"uri":"b"}}' % own.encode()
    )
