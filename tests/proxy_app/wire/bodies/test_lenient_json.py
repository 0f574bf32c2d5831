"""What Google's reader takes comes out as strict JSON that says the same; what it does not take is refused."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_app.wire.bodies import lenient_json
from proxy_app.wire.bodies.large_bodies import MOST_FIELDS
from proxy_app.wire.malformed import Malformed

TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.text("'\"\\{}[],:\n\t\x00u0dn")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)


def strict(text: str | bytes) -> str:
    steps = lenient_json.rewriting(text if isinstance(text, bytes) else text.encode())
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value.decode()


def refusal(text: str | bytes) -> str:
    with pytest.raises(Malformed) as refused:
        strict(text)
    return str(refused.value).removeprefix("Invalid JSON payload received. ")


@given(VALUES, st.sampled_from([None, 0, 2]), st.booleans())
def test_strict_json_says_the_same_afterwards(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)

    assert json.loads(strict(text)) == value


@given(VALUES, st.data())
def test_what_google_is_lenient_about_says_the_same_too(value, data):
    assert json.loads(strict(lenient(value, data))) == value


def lenient(value, data) -> str:
    """`value` as JSON with all that Google's reader takes: other quotes, bare keys, trailing commas, raw characters."""
    draw = data.draw
    space = draw(st.sampled_from(["", " ", "\n\t", "\v\f"]))
    comma = draw(st.sampled_from(["", f"{space},"]))
    if isinstance(value, dict) and value:
        members = [f"{key(name, draw)}{space}:{lenient(member, data)}" for name, member in value.items()]
        return "{" + space + f"{space},".join(members) + comma + "}"
    if isinstance(value, list) and value:
        return "[" + f",{space}".join(lenient(item, data) for item in value) + comma + space + "]"
    return quoted(value, draw) if isinstance(value, str) else json.dumps(value) + space


def key(name: str, draw) -> str:
    bare = re.fullmatch("[A-Za-z_$][A-Za-z0-9_$]*", name) and name not in ("true", "false", "null")
    return name if bare and draw(st.booleans()) else quoted(name, draw)


def quoted(text: str, draw) -> str:
    quote = draw(st.sampled_from("'\""))
    return quote + text.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote


@given(st.binary() | st.text("{}[],:'\"\\ntrue1.-eu0 \n").map(str.encode))
def test_whatever_is_taken_is_strict_json_afterwards(raw):
    try:
        written = strict(raw)
    except (Malformed, UnicodeDecodeError):
        return
    json.loads(written)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('[{"a":1,},]', '[{"a":1}]'),
        ("{'a':'it\\'s \"so\"'}", '{"a":"it\'s \\"so\\""}'),
        ("{a:1,_b$2:2,nullable:3}", '{"a":1,"_b$2":2,"nullable":3}'),
        ('["two\nlines\ttab\x00"]', '["two\\u000alines\\u0009tab\\u0000"]'),
        (r'["\v\a\x41\0\é\/\u00e9\ud83d\ude00"]', r'["\u000bax410é\/\u00e9\ud83d\ude00"]'),
        ('["\\\n"]', '["\\u000a"]'),
        ("[1.,-.5,01.5,1.e3]", "[1.0,-0.5,1.5,1000.0]"),
        ("[01e2,-01E2]", "[100.0,-100.0]"),
        ('{"n":123456789012345678901234567890.10,"n":2}', '{"n":123456789012345678901234567890.10,"n":2}'),
        ("\v[\f1\v]\f", "[1]"),
        ("'x'", '"x"'),
        ("{}", "{}"),
        ("[]", "[]"),
        (" true ", "true"),
    ],
)
def test_is_written_anew(text, written):
    assert strict(text) == written


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Unexpected end of string. Expected a value. (at byte 0)"),
        ("{,}", "Expected an object key or }. (at byte 1)"),
        ("[,]", "Unexpected token. (at byte 1)"),
        ("[1,,2]", "Unexpected token. (at byte 3)"),
        ('{"a":1,,"b":2}', "Expected an object key or }. (at byte 7)"),
        ('{"a":}', "Unexpected token. (at byte 5)"),
        ('{"a"}', "Expected : between key:value pair. (at byte 4)"),
        ("{true:1}", "Expected an object key or }. (at byte 1)"),
        ("{a-b:1}", "Expected : between key:value pair. (at byte 2)"),
        ("{ä:1}", "Expected an object key or }. (at byte 1)"),
        ("[1]//x", "Parsing terminated before end of input. (at byte 3)"),
        ("/*x*/[1]", "Expected a value. (at byte 0)"),
        ("[1 /*x*/]", "Expected , or ] after array value. (at byte 3)"),
        ("[NaN]", "Unexpected token. (at byte 1)"),
        ("[Infinity]", "Unexpected token. (at byte 1)"),
        ("[undefined]", "Unexpected token. (at byte 1)"),
        ("[truex]", "Expected , or ] after array value. (at byte 5)"),
        ("[True]", "Unexpected token. (at byte 1)"),
        ("[text]", "Unexpected token. (at byte 1)"),
        ("[+1]", "Expected a value or ] within an array. (at byte 1)"),
        ("[.5]", "Expected a value or ] within an array. (at byte 1)"),
        ("[-]", "Unable to parse number. (at byte 1)"),
        ("[1-2]", "Unable to parse number. (at byte 1)"),
        ("[1e]", "Unable to parse number. (at byte 1)"),
        ("[01]", "Octal/hex numbers are not valid JSON values. (at byte 1)"),
        ("[-01]", "Octal/hex numbers are not valid JSON values. (at byte 1)"),
        ("[0x1F]", "Octal/hex numbers are not valid JSON values. (at byte 1)"),
        ("[1.e999]", "Number exceeds the range of double. (at byte 1)"),
        ('["a', "Closing quote expected in string. (at byte 3)"),
        ("['a\"]", "Closing quote expected in string. (at byte 5)"),
        ('["a\\', "Closing quote expected in string. (at byte 3)"),
        (r'["\u12"]', "Invalid escape sequence. (at byte 2)"),
        (r'["\u1', "Illegal hex string. (at byte 2)"),
        (r'["\ud800"]', "Missing low surrogate. (at byte 2)"),
        (r'["\ud800\u0041"]', "Invalid low surrogate. (at byte 2)"),
        (r'["\udc00"]', "Invalid unicode code point. (at byte 2)"),
        ('{"a":1]', "Expected , or } after key:value pair. (at byte 6)"),
        ("[1}", "Expected , or ] after array value. (at byte 2)"),
        ("[1", "Unexpected end of string. Expected , or ] after array value. (at byte 2)"),
        ("\ufeff{}", "Expected a value. (at byte 0)"),
        ("[" * 101 + "]" * 101, "Message too deep."),
    ],
)
def test_is_refused_in_googles_words(text, words):
    assert refusal(text) == words


def test_a_hundred_levels_are_taken():
    assert strict("[" * 100 + "]" * 100) == "[" * 100 + "]" * 100


def test_an_escape_at_the_edge_of_what_is_read_at_once_is_read_whole():
    for before in range(lenient_json._RUN_BYTES - 14, lenient_json._RUN_BYTES + 2):
        text = "x" * before + r"\ud83d\ude00\n\u00e9" + "y"

        assert strict(f"['{text}',]") == f'["{text}"]'


@pytest.mark.parametrize(
    "raw",
    [
        b"[" + b"1," * 100_000 + b"]",
        b"['" + b'"' * 100_000 + b"']",
        b"['" + b"a" * 10 * lenient_json._RUN_BYTES + b"']",
    ],
)
def test_others_have_their_turn_meanwhile(raw):
    assert len(list(lenient_json.rewriting(raw))) >= 5


def test_a_long_string_is_copied_in_few_turns():
    assert len(list(lenient_json.rewriting(b"'" + b"a" * 10 * lenient_json._RUN_BYTES + b"'"))) < 15


def test_as_many_fields_are_taken_as_in_strict_json():
    fields = ",".join(f"f{number}:1" for number in range(MOST_FIELDS))

    assert len(json.loads(strict(f"{{{fields}}}"))) == MOST_FIELDS
    with pytest.raises(Malformed, match="1024 fields at most"):
        strict(f"{{{fields},f:1}}")


def test_fields_are_counted_as_they_come():
    inner = ",".join(f"f{number}:1" for number in range(2 * MOST_FIELDS))

    assert len(json.loads(strict(f"{{a:{{{inner}}}}}"))["a"]) == 2 * MOST_FIELDS
    steps = lenient_json.rewriting(f"{{{inner},".encode() + b"x:1," * 1_000_000)
    with pytest.raises(Malformed, match="1024 fields at most"):
        list(steps)
