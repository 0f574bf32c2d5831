"""Fields found by hopping are those that a decoder finds."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from proxy_app.wire.bodies import bodies, large_bodies
from proxy_app.wire.bodies.bodies import read_body
from proxy_app.wire.malformed import Malformed

texts = st.text(st.characters(exclude_categories=["Cs"])) | st.text('"\\{}[],: ')
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(texts, values, min_size=1, max_size=4)


def fields_of(raw: bytes):
    steps = large_bodies.reading(raw)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def written(fields) -> bytes:
    return b"".join(bodies.pieces(fields))


@given(objects, st.sampled_from([None, 0, 2]), st.booleans())
def test_the_fields_are_those_of_a_decoder(body, indent, ascii_only):
    raw = json.dumps(body, indent=indent, ensure_ascii=ascii_only).encode()

    found = fields_of(b" \r\n" + raw + b"\n ")

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

    found = fields_of(bytes(raw))

    if found is not None:
        assert loaded(written(found)) == loaded(bytes(raw))


def loaded(raw: bytes):
    try:
        return json.loads(raw)
    except ValueError:
        return "not JSON"


NOT_JSON = rb"""[] { {} {"a":1 {"a":} {"a":1,} {"a":1] {"a":1}x {"a"1} {1:"a"} x{"a":1}"""
NOT_BASE64 = [
    b'{"a":' + b" " * 5000 + b"1}",
    b'{"a":[' + b'"b",' * 6000 + b"1]}",
    b'{"a":[' + b" " * 100_000 + b"1]}",
    b'{"a":[' + b"1" * 100_000 + b"]}",
    b'{"a":"' + b'\\"' * 1_000_000 + b'"}',
]


@pytest.mark.parametrize("raw", [b"", *NOT_JSON.split(), *NOT_BASE64])
def test_whatever_is_not_clear_is_left_to_the_decoder(raw):
    assert fields_of(raw) is None


@pytest.mark.parametrize("slashes", range(6))
@pytest.mark.parametrize("before", [0, 1, 65_534, 65_535, 65_536, 65_537])
def test_a_string_ends_at_the_quote_that_no_backslash_escapes(slashes: int, before: int):
    raw = b'{"a":"' + b"x" * before + b'\\"' + b"\\" * slashes + b'","b":1}'

    found = fields_of(raw)

    assert loaded(raw) == ("not JSON" if found is None else loaded(written(found)))


def test_a_text_with_many_quotes_in_it_is_passed_over_in_few_hops():
    text = b'"' + b'say \\"no\\" ' * 10_000 + b'"'

    assert bytes(fields_of(b'{"a":' + text + b',"b":2}')["a"]) == text


@pytest.mark.parametrize("missing", range(4990, 5010))
def test_a_body_that_ends_too_early_is_not_taken_for_a_whole_one(missing):
    raw = b'{"a":[' + b"1," * missing + b'1],"b":{}'

    assert fields_of(raw) is None


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

    assert fields_of(raw) is None
    with pytest.raises(Malformed):
        read_body(raw)


def test_what_is_undefined_is_left_out_of_a_large_body_too():
    image = b'{"data":"' + b"A" * large_bodies.LARGE_BYTES + b'"'

    body = read_body(b'{"contents":[{"a":"[undefined]","b":' + image + b' , "c" : "[undefined]"}}],"d":"[undefined]"}')

    assert {name: bytes(value) for name, value in body.items()} == {"contents": b'[{"b":' + image + b" }}]"}


def test_a_field_that_stands_twice_counts_once_and_by_its_last_value():
    assert {name: bytes(value) for name, value in fields_of(b'{"a":1,"b":2,"a":[3]}').items()} == {
        "a": b"[3]",
        "b": b"2",
    }


@pytest.mark.parametrize("size", [0, large_bodies._LONGEST_RUN, large_bodies.LARGE_BYTES])
def test_a_request_has_a_thousand_fields_at_most(size: int):
    padding = b'"x":"' + b"A" * size + b'"'

    def having(number: int) -> bytes:
        return b"{" + padding + b"".join(b',"f%d":[]' % n for n in range(number - 1)) + b"}"

    assert len(read_body(having(1024))) == 1024
    with pytest.raises(Malformed, match="1024 fields at most"):
        read_body(having(1025))


@pytest.mark.parametrize(
    "value", [b"[" + b"{}," * 700_000 + b"{}]", b"[" + b" " * 100_000 + b"]", b"1" * 100_000, b'"x', b'"x"]']
)
def test_what_is_too_large_for_a_decoder_is_refused_where_it_is_not_mainly_inline_data(value: bytes):
    padding = b"A" * large_bodies.VERY_LARGE_BYTES

    with pytest.raises(Malformed, match="Beyond 24 MB a request has to be JSON that is mainly inline data"):
        read_body(b'{"a":"' + padding + b'","contents":' + value + b"}")


def test_24_mb_are_large_and_one_byte_more_is_very_large():
    dense = b'{"contents":[' + b"{}," * 700_000 + b"{}]"
    blanks = b" " * (large_bodies.VERY_LARGE_BYTES - len(dense) - 1)
    tools = b'"' + b"A" * (large_bodies.VERY_LARGE_BYTES - 2) + b'"'

    assert len(read_body(dense + blanks + b"}")) == 1
    assert len(read_body(b'{"tools":%b}' % tools)) == 1


@pytest.mark.parametrize("name", ["systemInstruction", "generation_config", "tools"])
def test_only_contents_may_be_very_large(name: str):
    value = b'"' + b"A" * large_bodies.VERY_LARGE_BYTES + b'"'

    with pytest.raises(Malformed, match=f"{name}: it is larger than 24 MB"):
        read_body(b'{"%b":%b}' % (name.encode(), value))
    assert len(read_body(b'{"contents":%b}' % value)) == 1


def test_a_large_body_keeps_its_bytes_and_its_errors():
    image = b'[{"parts":[{"inlineData":{"data":"' + b"A" * large_bodies.LARGE_BYTES + b'"}}]}]'

    body = read_body(b'{"contents" : ' + image + b', "model":"x", "tools":null}')

    assert {name: bytes(value) for name, value in body.items()} == {"contents": image}
    with pytest.raises(Malformed, match=r"Unexpected end of string"):
        read_body(b'{"contents" : ' + image)


@pytest.mark.parametrize(
    ("ending", "words", "byte"),
    [
        (b"1", "Unexpected end of string.", None),
        (b"1}x", "Parsing terminated before end of input.", 3),
        (b'1 "b":2}', "Expected , or } after key:value pair.", 2),
        (b"1,}", "Expected an object key or }.", 2),
        (b"1,2:3}", "Expected an object key or }.", 2),
        (b'1,"b" 2}', "Expected : between key:value pair.", 6),
        (b"#}", "Unexpected token.", 0),
        (b'[1 2],"b":#}', "Expected , or ] after array value.", 3),
        (b'[1,],"b":#}', "Expected a value or ] within an array.", 3),
        (b'"\\x","b":#}', "Illegal escape sequence.", 2),
    ],
)
def test_a_large_body_that_cannot_be_read_is_refused_in_googles_words(ending: bytes, words: str, byte: int | None):
    begun = b'{"pad":"' + b"A" * large_bodies.LARGE_BYTES + b'","a":'
    where = "" if byte is None else f" (at byte {len(begun) + byte})"

    with pytest.raises(Malformed) as refusal:
        read_body(begun + ending)

    assert str(refusal.value) == f"Invalid JSON payload received. {words}{where}"


def test_the_message_gives_the_size_in_megabytes():
    assert (large_bodies.LARGE_BYTES, large_bodies.VERY_LARGE_BYTES) == (4 << 20, 24 << 20)


def test_a_thousand_fields_are_found_by_hopping_and_no_more():
    def having(number: int) -> bytes:
        return b"{" + b",".join(b'"f%d":0' % n for n in range(number)) + b"}"

    assert len(fields_of(having(1024))) == 1024
    with pytest.raises(Malformed, match="1024 fields at most"):
        fields_of(having(1025))


def test_others_have_their_turn_while_a_very_large_body_is_hopped_over():
    padding = b"A" * large_bodies.VERY_LARGE_BYTES
    raw = b'{"a":"' + padding + b'","contents":[' + b"{}," * 10_000 + b"{}]}"

    assert len(list(large_bodies.reading(raw))) == 6


def test_a_number_as_long_as_the_bound_is_taken():
    assert fields_of(b'{"a":' + b"1" * 1024 + b"}") is not None
    assert fields_of(b'{"a":' + b"1" * 1025 + b"}") is None


def test_five_thousand_hops_are_taken_and_then_others_have_their_turn():
    def having(numbers: int) -> bytes:
        return b'{"a":[' + b",".join([b"1"] * numbers) + b"]}"

    assert len(list(large_bodies.reading(having(4995)))) == 0
    assert len(list(large_bodies.reading(having(4996)))) == 1
    assert fields_of(having(4996)) is not None
    assert fields_of(having(4997)) is None


def test_a_value_has_one_name():
    assert fields_of(b'{"a":"x":"b":2}') is None
