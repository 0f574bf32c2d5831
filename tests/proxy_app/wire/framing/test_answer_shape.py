import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_app.wire.framing.answer_shape import asked_shape
from proxy_app.wire.malformed import Malformed

ANSWER = (
    b'{"candidates": [{"content": {"parts": [{"text": "a","n": 1.50},{"text": "b"}],"role": "model"},'
    b'"finishReason": "STOP"}],"usageMetadata": {"promptTokenCount": 3,"totalTokenCount": 7},"modelVersion": "m"}'
)


def shaped(fields: str, answer: bytes = ANSWER) -> object:
    return json.loads(asked_shape({"fields": fields}).applied(answer))


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        ("modelVersion", {"modelVersion": "m"}),
        (
            "modelVersion,usageMetadata",
            {"usageMetadata": {"promptTokenCount": 3, "totalTokenCount": 7}, "modelVersion": "m"},
        ),
        ("usageMetadata/totalTokenCount", {"usageMetadata": {"totalTokenCount": 7}}),
        ("usage_metadata.total_token_count", {"usageMetadata": {"totalTokenCount": 7}}),
        ("candidates(finishReason)", {"candidates": [{"finishReason": "STOP"}]}),
        (
            "candidates(content/parts/text, finishReason)",
            {"candidates": [{"content": {"parts": [{"text": "a"}, {"text": "b"}]}, "finishReason": "STOP"}]},
        ),
        ("candidates(content(role))", {"candidates": [{"content": {"role": "model"}}]}),
        ("candidates/*/role", {"candidates": [{"content": {"role": "model"}, "finishReason": "STOP"}]}),
        (
            "usageMetadata,usageMetadata/totalTokenCount",
            {"usageMetadata": {"promptTokenCount": 3, "totalTokenCount": 7}},
        ),
        (
            "usageMetadata/totalTokenCount,usageMetadata",
            {"usageMetadata": {"promptTokenCount": 3, "totalTokenCount": 7}},
        ),
        ("nothing/like/it", {}),
        ("modelVersion/x", {"modelVersion": "m"}),
        ("*", json.loads(ANSWER)),
    ],
)
def test_a_mask_selects_fields(fields, left):
    assert shaped(fields) == left


def test_what_is_selected_keeps_its_bytes():
    assert b'{"text": "a","n": 1.50}' in asked_shape({"fields": "candidates"}).applied(ANSWER)


UNREADABLE = (
    *(",", "a,", ",a", "a/", "/a", "a()", "a(", "a)", "(a)", "a(b", "a(b))", "a b", "a(b)c", "a(b)/c", "a//b", 'a"'),
    *("é", " ", "a(" * 40 + "b" + ")" * 40, "a" * 9000),
)


@pytest.mark.parametrize("fields", UNREADABLE)
def test_a_mask_that_cannot_be_read_is_refused(fields):
    with pytest.raises(Malformed, match="field"):
        asked_shape({"fields": fields})


@pytest.mark.parametrize(
    ("query", "header"), [({"fields": "a"}, ""), ({"$fields": "a"}, ""), ({}, "a"), ({"fields": "a"}, "b")]
)
def test_a_mask_may_come_in_three_ways(query, header):
    assert asked_shape(query, header).applied(b'{"a":1,"b":2}') == b'{"a":1}'


@pytest.mark.parametrize("query", [{}, {"fields": ""}, {"prettyPrint": ""}, {"prettyPrint": "maybe"}, {"alt": "sse"}])
def test_without_parameters_the_answer_stays_as_it_is(query):
    assert asked_shape(query) is None


@pytest.mark.parametrize("name", ["prettyPrint", "$prettyPrint"])
def test_the_layout_may_be_asked_for(name):
    assert asked_shape({name: "false"}).applied(b'{ "a" : [1, 2] }\n') == b'{"a":[1,2]}'
    assert asked_shape({name: "0"}).applied(b'{ "a":1}') == b'{"a":1}'
    assert asked_shape({name: "true"}).applied(b'{"a":[1]}') == b'{\n  "a": [\n    1\n  ]\n}'
    assert asked_shape({name: "1"}).applied(b'{"a":1}') == b'{\n  "a": 1\n}'
    assert asked_shape({name: "1"}).applied(b'{"a":\n1}', one_line=True) == b'{"a":1}'


def test_mask_and_layout_go_together():
    assert asked_shape({"fields": "a", "prettyPrint": "true"}).applied(b'{"a":1,"b":2}') == b'{\n  "a": 1\n}'


@pytest.mark.parametrize("answer", [b"[DONE]", b"nonsense", b"", b'{"a":'])
def test_what_is_not_json_stays_as_it_is(answer):
    assert asked_shape({"fields": "a", "prettyPrint": "true"}).applied(answer) == answer


@given(st.text("ab*,/.() _") | st.text())
def test_any_text_is_a_mask_or_refused(text):
    try:
        shape = asked_shape({"fields": text})
    except Malformed:
        return
    if shape is not None:
        json.loads(shape.applied(ANSWER))


def test_a_mask_has_32_levels_at_most():
    assert shaped("a(" * 31 + "b" + ")" * 31) == {}
    with pytest.raises(Malformed):
        shaped("a(" * 32 + "b" + ")" * 32)


def test_a_mask_has_8192_characters_at_most():
    assert shaped("modelVersion," + "x" * (8192 - 13)) == {"modelVersion": "m"}
    with pytest.raises(Malformed, match="The field mask is longer than 8192 characters"):
        asked_shape({"fields": "x" * 8193})
