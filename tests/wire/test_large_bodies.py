"""Fields found by hopping are those that a decoder finds."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from proxy_app.wire import bodies, large_bodies
from proxy_app.wire.bodies import read_body
from proxy_app.wire.mistakes import Malformed

texts = st.text(st.characters(exclude_categories=["Cs"])) | st.text('"\\{}[],: ')
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(texts, values, min_size=1, max_size=4)


def written(fields) -> bytes:
    return b"".join(bodies.pieces(fields))


@given(objects, st.sampled_from([None, 0, 2]), st.booleans())
def test_the_fields_are_those_of_a_decoder(body, indent, ascii_only):
    raw = json.dumps(body, indent=indent, ensure_ascii=ascii_only).encode()

    found = large_bodies.fields(b" \r\n" + raw + b"\n ")

    assert found is not None
    assert {name: json.loads(bytes(value)) for name, value in found.items()} == body


@given(objects, st.data())
@example({"a": [1]}, None)
def test_what_is_not_json_stays_so(body, data):
    raw = bytearray(json.dumps(body).encode())
    for _ in range(data.draw(st.integers(1, 3)) if data else 0):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 2))] = data.draw(
            st.sampled_from([b"", b'"', b"\\", b"}", b"]", b",", b":", b" x"])
        )
        if not raw:
            return

    found = large_bodies.fields(bytes(raw))

    if found is not None:
        assert loaded(written(found)) == loaded(bytes(raw))


def loaded(raw: bytes):
    try:
        return json.loads(raw)
    except ValueError:
        return "not JSON"


NOT_JSON = rb"""[] { {} {"a":1 {"a":} {"a":1,} {"a":1] {"a":1}x {"a"1} {1:"a"} x{"a":1}"""
NOT_BASE64 = [b'{"a":' + b" " * 5000 + b"1}", b'{"a":[' + b'"b",' * 6000 + b"1]}", b'{"a":"' + b"\\" * 6000 + b'"}']


@pytest.mark.parametrize("raw", [b"", *NOT_JSON.split(), *NOT_BASE64])
def test_whatever_is_not_clear_is_left_to_the_decoder(raw):
    assert large_bodies.fields(raw) is None


def test_strings_and_marks_are_counted_together():
    parts = b",".join([b'"' + b'\\"' * 100 + b'"'] * 100)

    assert large_bodies.fields(b'{"a":[' + parts + b"]}") is None


@pytest.mark.parametrize("missing", range(4990, 5010))
def test_a_body_that_ends_too_early_is_not_taken_for_a_whole_one(missing):
    raw = b'{"a":[' + b"1," * missing + b'1],"b":{}'

    assert large_bodies.fields(raw) is None


@pytest.mark.parametrize("strange", [b"'", b"/*", b"//", b"`", b"#", b"\x00", b"\xff"])
def test_no_value_reaches_beyond_its_end_for_a_more_lenient_reader(strange):
    padding = b"A" * large_bodies.LARGE_BYTES
    raw = (
        b'{"contents":['
        + strange
        + b'"'
        + strange
        + b"]},"
        + strange
        + b'model":"x","z":["'
        + strange
        + padding
        + b'"]}'
    )

    assert large_bodies.fields(raw) is None
    with pytest.raises(Malformed):
        read_body(raw)


@pytest.mark.parametrize(
    "value", [b'[{"a" "[undefined]"}]', b'[{"a":"[undefined]",}]', b"[" * 3000 + b'"[undefined]"' + b"]" * 3000]
)
def test_what_would_be_written_anew_is_read_whole(value):
    padding = b"A" * large_bodies.LARGE_BYTES

    with pytest.raises(Malformed):
        read_body(b'{"contents":' + value + b',"x":"' + padding + b'"}')


def test_a_large_body_keeps_its_bytes_and_its_errors():
    image = b'[{"parts":[{"inlineData":{"data":"' + b"A" * large_bodies.LARGE_BYTES + b'"}}]}]'

    body = read_body(b'{"contents" : ' + image + b', "model":"x", "tools":null}')

    assert {name: bytes(value) for name, value in body.items()} == {"contents": image}
    with pytest.raises(Malformed, match=r"Unexpected end of string"):
        read_body(b'{"contents" : ' + image)
