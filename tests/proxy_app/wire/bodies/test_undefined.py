"""Members that are the string `[undefined]` are left out of a text, which keeps every other byte."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_app.wire.bodies import undefined
from proxy_app.wire.malformed import Malformed

TEXTS = st.sampled_from(["[undefined]", "a", 'q"', "b\\", ":", ',"[undefined]', 'x:"[undefined]"'])
VALUES = st.recursive(
    st.none() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def without(text: str | bytes) -> str:
    steps = undefined.removing(text if isinstance(text, bytes) else text.encode())
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value.decode()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('{"b":"[undefined]"}', "{}"),
        ('{ "b" : "[undefined]" , "c" : 1 }', '{  "c" : 1 }'),
        ('{"c":1 , "b":"[undefined]" }', '{"c":1  }'),
        ('{"b":"[undefined]","c":"[undefined]","d":"[undefined]"}', "{}"),
        ('{"x":[1] ,"b":"[undefined]" ,\n"c":"[undefined]"}', '{"x":[1] }'),
        ('{"x":1,\r\n\t "b"\r\n\t :\r\n\t "[undefined]"}', '{"x":1}'),
        ('{"q\\"\\\\":"[undefined]","k\\\\":"[undefined]","z":0}', '{"z":0}'),
        ('{"x":{"b":"[undefined]"},"c":"[undefined]"}', '{"x":{}}'),
        ('["[undefined]",{"b":["[undefined]"]}]', '["[undefined]",{"b":["[undefined]"]}]'),
        ('{"[undefined]":"[undefined]","b":":\\"[undefined]"}', '{"b":":\\"[undefined]"}'),
        ('[ "x [undefined]", "\\"[undefined]\\"", {"[undefined]" : 1} ]', None),
        ('"[undefined]"', None),
        ("{}", None),
        ('{"a":' * 50 + '{"b":"[undefined]"}' + "}" * 50, '{"a":' * 50 + "{}" + "}" * 50),
    ],
)
def test_a_member_goes_with_one_comma_and_all_else_stays(text, left):
    assert without(text) == (text if left is None else left)


@given(VALUES, st.sampled_from([None, 0, 1]))
def test_leaving_out_what_is_undefined_is_the_same_as_never_having_had_it(value, indent):
    assert json.loads(without(json.dumps(value, indent=indent))) == never_had(value)


def never_had(value):
    if isinstance(value, dict):
        return {name: never_had(member) for name, member in value.items() if member != "[undefined]"}
    if isinstance(value, list):
        return [never_had(item) for item in value]
    return value


@pytest.mark.parametrize("length", [1022, 1023, 1024, 1025])
def test_a_key_longer_than_any_is_none(length):
    text = '{"' + "k" * length + '":"[undefined]"}'

    assert without(text) == ("{}" if length < 1024 else text)


@pytest.mark.parametrize("space", [1, 1023, 1024, 1025, 5000])
def test_white_space_of_any_length_is_looked_over(space):
    gap = " " * space

    assert (
        without('{"a":1' + gap + "," + gap + '"b"' + gap + ":" + gap + '"[undefined]"' + gap + "}")
        == '{"a":1' + gap + gap + "}"
    )
    assert without('{"b":"[undefined]"' + gap + "," + gap + '"a":1}') == "{" + gap + '"a":1}'


@pytest.mark.parametrize("number", [10_000, 10_001])
def test_more_than_ten_thousand_undefined_members_are_refused(number):
    text = '{"a":{' + ",".join(['"b":"[undefined]"'] * number) + "}}"

    if number == 10_000:
        assert without(text) == '{"a":{}}'
        assert len(list(undefined.removing(text.encode()))) == 20
    else:
        with pytest.raises(Malformed, match="More than 10000 values"):
            without(text)


@pytest.mark.parametrize("brackets", [0, 1, 98, 99, 100, 101, 1000])
@pytest.mark.parametrize("text", ['"[undefined]"', ':"[undefined]",', "[undefined]", '"[undefined', "x"])
def test_it_is_found_behind_any_number_of_brackets(brackets, text):
    raw = b"[]" * brackets + text.encode()

    assert undefined.mentioned(raw) is (b'"[undefined]"' in raw)
