"""Media in bodies are replaced by their type and size, and nothing else is changed."""

import base64
import json

import pytest

from proxy_app.wire.bodies.media import without_media

PICTURE = bytes(range(256)) * 300
TEXT = base64.b64encode(PICTURE).decode()
MOST = 100_000


def shown(value: object, most: int = MOST) -> str:
    return without_media(json.dumps(value).encode(), most).decode()


@pytest.mark.parametrize(
    "data",
    [
        {"inlineData": {"mimeType": "image/png", "data": TEXT}},
        {"inlineData": {"data": TEXT, "mimeType": "image/png"}},
        {"inline_data": {"data": TEXT, "mime_type": "image/png"}},
    ],
)
def test_an_inline_picture_is_its_type_and_size(data):
    before = shown({"contents": [{"parts": [{"text": "What is it?"}, data, {"text": "Say."}]}]})

    assert json.loads(before)["contents"][0]["parts"][0] == {"text": "What is it?"}
    assert json.loads(before)["contents"][0]["parts"][2] == {"text": "Say."}
    assert f"<image/png, {len(PICTURE)} bytes>" in before
    assert len(before) < 250


@pytest.mark.parametrize("size", [48, 49, 50, 1000])
def test_a_medium_is_as_large_as_its_bytes(size):
    text = base64.b64encode(bytes(size)).decode()

    assert shown({"data": text}) == json.dumps({"data": f"<media, {size} bytes>"})


def test_the_type_of_another_medium_is_not_its_own():
    body = [{"data": TEXT}, {"mimeType": "image/png", "data": TEXT}]

    assert json.loads(shown(body))[0] == {"data": f"<media, {len(PICTURE)} bytes>"}


def test_what_models_make_is_left_out_too():
    made = {"predictions": [{"bytesBase64Encoded": TEXT, "mimeType": "image/jpeg"}, {"videoBytes": TEXT}]}

    assert json.loads(shown(made)) == {
        "predictions": [
            {"bytesBase64Encoded": f"<image/jpeg, {len(PICTURE)} bytes>", "mimeType": "image/jpeg"},
            {"videoBytes": f"<media, {len(PICTURE)} bytes>"},
        ]
    }


@pytest.mark.parametrize(
    "value",
    [
        {
            "functionCall": {
                "args": {"data": "A long text of words that is no medium at all, whatever it is called. " * 3}
            }
        },
        {"data": "c2hvcnQ="},
        {"data": base64.b64encode(bytes(47)).decode()[:63]},
        {"data": {"a": 1}},
        {"text": '"data": "', "list": [1, 2]},
        {},
    ],
)
def test_all_else_stays_as_it_is(value):
    assert shown(value) == json.dumps(value)


def test_a_body_is_cut_after_the_media_are_out():
    body = {"parts": [{"inlineData": {"mimeType": "image/png", "data": TEXT}}, {"text": "x" * 500}]}

    assert shown(body, 300).endswith("xxx")
    assert len(shown(body, 300)) == 300
    for most in range(120):
        assert shown(body).startswith(shown(body, most))
        assert len(shown(body, most)) == most


def test_media_that_are_cut_off_are_left_out_too():
    whole = json.dumps({"inlineData": {"mimeType": "image/png", "data": TEXT}}).encode()

    assert without_media(whole[:50_000], MOST).startswith(
        b'{"inlineData": {"mimeType": "image/png", "data": "<image/png, '
    )
    assert without_media(b'{"a": "\xff\xfe"', MOST) == b'{"a": "\xff\xfe"'


@pytest.mark.parametrize("field", ["headers", "transform", "env"])
@pytest.mark.parametrize("secrets", [{"Authorization": "Bearer {s3cret}"}, [{"a": "]}", "b": {"c": ["s3cret"]}}], {}])
def test_what_a_tool_or_an_environment_is_given_is_left_out(field, secrets):
    tool = {"type": "mcp_server", "url": "https://example.com", field: secrets, "name": "mine"}
    before = shown({"tools": [tool, {"data": TEXT}], "input": "Hi"})

    assert "s3cret" not in before
    assert json.loads(before)["tools"][0] == {**tool, field: "<left out>"}
    assert json.loads(before)["input"] == "Hi"


def test_what_is_cut_off_shows_no_secret_either():
    body = b'{"tools":[{"headers":{"Authorization":"s3cr'

    assert without_media(body, MOST) == b'{"tools":[{"headers":"<left out>"'
    assert without_media(b'{"text":"say \\"headers\\": {1}", "headers":"none"}', MOST).count(b"left") == 0
