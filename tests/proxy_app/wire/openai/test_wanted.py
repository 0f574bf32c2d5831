"""What a request wants of its answer, however it is written."""

import json

import pytest

from proxy_app.wire.bodies.bodies import Body, read_body
from proxy_app.wire.openai.wanted import choices_wanted, options_in, tells_usage


def body_of(**fields: object) -> Body:
    return read_body(json.dumps(fields).encode())


@pytest.mark.parametrize(
    ("n", "choices"), [(None, 1), (1, 1), (3, 3), (128, 128), (129, 1), (0, 1), (-1, 1), (10**9, 1), ("x", 1)]
)
def test_choices_are_counted(n, choices):
    assert choices_wanted(body_of(n=n)) == choices


def test_a_request_that_does_not_say_how_many_gets_one_choice():
    assert choices_wanted({}) == 1


@pytest.mark.parametrize(
    ("options", "tells"),
    [
        ({"include_usage": True}, True),
        ({"include_usage": False}, False),
        ({"include_usage": "yes"}, False),
        ({"include_obfuscation": False}, False),
        ({}, False),
        (None, False),
        (7, False),
    ],
)
def test_a_stream_tells_what_was_used_where_that_is_asked_for(options, tells):
    body = body_of(stream_options=options)

    assert tells_usage(body) is tells
    assert options_in(body) == (options if isinstance(options, dict) else {})
