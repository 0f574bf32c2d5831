"""Every request gets an answer, whatever it holds."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.apis.dispatch import Dispatcher
from emulator.state.google import Google
from emulator.wire.fields import SHAPES
from emulator.wire.server import Request

NAMES = sorted({name for shape in SHAPES.values() for name in shape})
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
ANYTHING = st.recursive(
    SCALARS
    | st.sampled_from(["user", "model", "OBJECT", "ARRAY", "application/json", "gemini-3-flash", "get the name"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=25,
)
KEYWORDS = (
    "type",
    "properties",
    "items",
    "anyOf",
    "allOf",
    "$ref",
    "enum",
    "required",
    "minimum",
    "maximum",
    "multipleOf",
)
JSON_SCHEMAS = st.recursive(
    SCALARS | st.sampled_from(["object", "array", "integer", "number", "#", "#/properties", "date"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=4),
    max_leaves=20,
)


def status_of(body: object, model: str = "gemini-3-flash") -> int:
    google = Google(keep=0)
    account = google.accounts.add("alice@example.com")
    request = Request(
        method="POST",
        target="",
        path=f"/v1beta/models/{model}:generateContent",
        query={},
        headers={"x-goog-api-key": account.api_key},
        body=json.dumps(body).encode(),
    )
    _, reply = Dispatcher(google).answer(request)
    list(reply.wire_chunks())
    return reply.status


@settings(max_examples=60, deadline=None)
@given(ANYTHING, ANYTHING)
def test_any_json_is_answered(contents: object, more: object):
    fields = more if isinstance(more, dict) else {"generationConfig": more}

    assert status_of({"contents": contents, **fields}) in {200, 400}


@settings(max_examples=60, deadline=None)
@given(ANYTHING)
def test_any_part_is_answered(part: object):
    parts = [{"text": "get the name"}, part]

    assert status_of({"contents": [{"parts": parts}]}, model="gemini-2.5-flash-image") in {200, 400}


@settings(max_examples=60, deadline=None)
@given(JSON_SCHEMAS)
def test_any_schema_is_answered(schema: object):
    config = {"responseMimeType": "application/json", "responseJsonSchema": schema}
    tool = {"functionDeclarations": [{"name": "get_name", "parametersJsonSchema": schema}]}
    contents = [{"parts": [{"text": "What name has Bob, 7?"}]}]

    assert status_of({"contents": contents, "generationConfig": config}) == 200
    assert status_of({"contents": contents, "tools": [tool]}) == 200


def test_deep_nesting_is_refused():
    nested: object = {}
    for _ in range(900):
        nested = {"items": nested}

    assert status_of({"generationConfig": {"responseSchema": nested}}) == 400
    assert (
        status_of({"contents": [{"parts": [{"text": "x"}]}], "generationConfig": {"responseJsonSchema": nested}}) == 200
    )
