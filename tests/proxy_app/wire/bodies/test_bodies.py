import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from proxy_app.wire.bodies.bodies import pieces, read_body
from proxy_app.wire.malformed import Malformed
from proxy_app.wire.operations import COUNT

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def read(text, **options):
    body = read_body(text if isinstance(text, bytes) else text.encode(), **options)
    return {name: bytes(value).decode() for name, value in body.items()}


def test_values_keep_every_byte():
    assert read('{ "a" : [ 1.50,\n {"b":"\\u00e9é"} ] , "c":1E3}') == {"a": '[ 1.50,\n {"b":"\\u00e9é"} ]', "c": "1E3"}


@pytest.mark.parametrize("empty", ["", "  \r\n", "{}", " {} "])
def test_an_empty_body_has_no_fields(empty):
    assert read(empty) == {}


def test_null_and_the_model_are_left_out():
    assert read('{"contents":[],"generationConfig":null,"model":"models/x"}') == {"contents": "[]"}


def test_the_model_stays_for_what_has_none_in_its_path():
    assert read('{"model":"models/x","ttl":null}', keeps_model=True) == {"model": '"models/x"'}


def test_null_deeper_down_is_upstreams_to_read():
    assert read('{"generationConfig":{"topK":null}}') == {"generationConfig": '{"topK":null}'}


def test_what_javascript_left_undefined_is_left_out_at_any_depth():
    text = '{"a":"[undefined]","b":{"c":"[undefined]","d":[{"e":"[undefined]","f":1.0}]},"g":[1,"[undefined]"]}'

    assert read(text) == {"b": '{"d":[{"f":1.0}]}', "g": '[1,"[undefined]"]'}


@pytest.mark.parametrize("spelling", ["generateContentRequest", "generate_content_request"])
def test_both_forms_of_count_tokens_become_one(spelling):
    wrapped = f'{{"{spelling}":{{"model":"models/x","contents":[1],"tools":null}},"contents":null}}'

    assert read(wrapped, wrappers=COUNT.wrappers) == {"contents": "[1]"}
    assert read('{"contents":[1]}', wrappers=COUNT.wrappers) == {"contents": "[1]"}


def test_only_count_tokens_is_flattened():
    assert read('{"generateContentRequest":{"contents":[]}}') == {"generateContentRequest": '{"contents":[]}'}


@pytest.mark.parametrize("wrong", ['"x"', "[]", "7"])
def test_a_generate_content_request_that_is_no_object_is_refused(wrong):
    with pytest.raises(Malformed, match="Root element must be a message"):
        read(f'{{"generateContentRequest":{wrong}}}', wrappers=COUNT.wrappers)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (b"[1]", 'Unknown name "": Root element must be a message.'),
        (b'"x"', 'Unknown name "": Root element must be a message.'),
        (b"null", 'Unknown name "": Root element must be a message.'),
        (b'{"a":1', "Unexpected end of string. Expected , or } after key:value pair. (at byte 6)"),
        (b'{"a":"x', "Closing quote expected in string. (at byte 7)"),
        (b'{"a":1}x', "Parsing terminated before end of input. (at byte 7)"),
        (b"{1:1}", "Expected an object key or }. (at byte 1)"),
        (b'{"a":1,,}', "Expected an object key or }. (at byte 7)"),
        (b'{"a" 1}', "Expected : between key:value pair. (at byte 5)"),
        (b'{"a":1 "b":2}', "Expected , or } after key:value pair. (at byte 7)"),
        (b'{"a":[1 2]}', "Expected , or ] after array value. (at byte 8)"),
        (b'{"a":[1,,]}', "Unexpected token. (at byte 8)"),
        (b'{"a":[#]}', "Expected a value or ] within an array. (at byte 6)"),
        (b'{"a":NaN}', "Unexpected token. (at byte 5)"),
        (b'{"a":-Infinity}', "Unable to parse number. (at byte 5)"),
        (b'{"a":01}', "Octal/hex numbers are not valid JSON values. (at byte 5)"),
        (b'{"a":"\\ud800"}', "Missing low surrogate. (at byte 6)"),
        (b"\xff", "Encountered non UTF-8 code points."),
        (b'{"a":"\xff"}', "Encountered non UTF-8 code points."),
        (b'{"a":1}\xc3', "Encountered non UTF-8 code points."),
        (b'{"\xff":1}', "Encountered non UTF-8 code points."),
        (b'{"a":"' + b"x" * (1 << 20) + b'\xc3"}', "Encountered non UTF-8 code points."),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "Message too deep."),
        (b'{"a":' * 100_000, "Message too deep."),
    ],
    ids=lambda value: repr(value[:20]) if isinstance(value, bytes) else "",
)
def test_what_cannot_be_read_is_refused_in_googles_words(wrong, message):
    with pytest.raises(Malformed) as refusal:
        read_body(wrong)

    assert str(refusal.value) == f"Invalid JSON payload received. {message}"


def test_fields_are_put_together_again_byte_for_byte():
    assert b"".join(pieces({})) == b"{}"
    assert b"".join(pieces({"a": Raw(b" 1.50"), 'b"': Raw(b"[]")})) == b'{"a": 1.50,"b\\"":[]}'


@pytest.mark.parametrize("size", [4 << 20, (4 << 20) + 1])
def test_blanks_alone_are_an_empty_body_up_to_4_mb(size):
    blanks = b" " * size
    if size == 4 << 20:
        assert read_body(blanks) == {}
    else:
        with pytest.raises(Malformed):
            read_body(blanks)


def test_a_character_across_two_pieces_is_no_mistake():
    text = '{"a":"' + "x" * ((1 << 20) - 7) + 'éé"}'

    assert read(text) == {"a": text[5:-1]}


@given(st.binary())
def test_any_bytes_are_read_or_refused(raw):
    try:
        read_body(raw)
    except Malformed as refusal:
        assert str(refusal).startswith("Invalid JSON payload received. ")


@settings(max_examples=50)
@given(st.dictionaries(st.text(), JSON_VALUES))
def test_whatever_python_takes_for_json_is_split_the_same_way(body):
    text = json.dumps(body, ensure_ascii=False)
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        return

    expected = {name: value for name, value in body.items() if value is not None and name != "model"}

    assert read(raw) == {name: json.dumps(value, ensure_ascii=False) for name, value in expected.items()}
