"""Interactions as people read them."""

import json

import pytest

from proxy_app.wire.interactions.transcript import answered, asked


def said(steps):
    return [(each.step, each.text) for each in steps]


def stream(*events):
    return "".join(f"event: {each['event_type']}\ndata: {json.dumps(each)}\n\n\n" for each in events)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Hello", [("user_input", "Hello")]),
        ([{"type": "text", "text": "What is "}, {"type": "text", "text": "this?"}], [("user_input", "What is this?")]),
        (
            [{"type": "image", "mime_type": "image/png", "data": "<image/png, 900 bytes>"}],
            [("user_input", "[image/png]")],
        ),
        ({"type": "document", "uri": "files/a"}, [("user_input", "[document files/a]")]),
        ({"data": "<media, 900 bytes>"}, [("user_input", "[media]")]),
        (
            [
                {"type": "user_input", "content": [{"type": "text", "text": "Weather?"}]},
                {"type": "thought", "signature": "c2VjcmV0"},
                {"type": "function_call", "id": "1", "name": "weather", "arguments": {"city": "Rome"}},
                {"type": "function_result", "call_id": "1", "name": "weather", "result": "sunny"},
                {"type": "model_output", "content": "It is sunny."},
            ],
            [
                ("user_input", "Weather?"),
                ("function_call", 'weather {"city":"Rome"}'),
                ("function_result", "weather sunny"),
                ("model_output", "It is sunny."),
            ],
        ),
        (7, []),
        ([7, None], []),
    ],
)
def test_a_request_says_its_input(given, expected):
    assert said(asked(json.dumps({"model": "m", "input": given}))) == expected


def test_the_instruction_comes_first():
    assert said(asked('{"system_instruction": "Be brief.", "input": "Hi"}')) == [
        ("system_instruction", "Be brief."),
        ("user_input", "Hi"),
    ]


def test_a_plain_answer_says_its_steps():
    steps = [
        {"type": "thought", "summary": [{"type": "text", "text": "Let me see."}], "signature": "c2VjcmV0"},
        {"type": "google_search_call", "id": "1", "arguments": {"queries": ["sun"]}},
        {"type": "model_output", "content": [{"type": "text", "text": "Hi"}, {"type": "audio", "data": "<media>"}]},
    ]

    assert said(answered(json.dumps({"id": "v1_a", "steps": steps}))) == [
        ("thought", "Let me see."),
        ("google_search_call", '{"queries":["sun"]}'),
        ("model_output", "Hi[audio]"),
    ]


STREAM = stream(
    {"event_type": "interaction.created", "interaction": {"id": "v1_a"}},
    {"event_type": "step.start", "index": 0, "step": {"type": "thought"}},
    {
        "event_type": "step.delta",
        "index": 0,
        "delta": {"type": "thought_summary", "content": {"type": "text", "text": "Hm."}},
    },
    {"event_type": "step.delta", "index": 0, "delta": {"type": "thought_signature", "signature": "c2VjcmV0"}},
    {"event_type": "step.start", "index": 1, "step": {"type": "model_output"}},
    {"event_type": "step.delta", "index": 1, "delta": {"type": "text", "text": "Hel"}},
    {"event_type": "step.delta", "index": 1, "delta": {"type": "text", "text": "lo"}},
    {"event_type": "step.delta", "index": 1, "delta": {"type": "image", "mime_type": "image/png", "data": "<…>"}},
    {"event_type": "step.start", "index": 2, "step": {"type": "function_call", "name": "weather", "arguments": {}}},
    {"event_type": "step.delta", "index": 2, "delta": {"type": "arguments_delta", "arguments": '{"city":'}},
    {"event_type": "step.delta", "index": 2, "delta": {"type": "arguments_delta", "arguments": '"Rome"}'}},
    {"event_type": "interaction.completed", "interaction": {"id": "v1_a", "steps": []}},
)


def test_a_stream_says_the_same_in_pieces():
    assert said(answered(f"{STREAM}event: done\ndata: [DONE]\n\n")) == [
        ("thought", "Hm."),
        ("model_output", "Hello[image/png]"),
        ("function_call", 'weather {"city":"Rome"}'),
    ]


@pytest.mark.parametrize("end", range(0, len(STREAM), 7))
def test_a_stream_cut_anywhere_says_what_is_there(end):
    steps = [each.step for each in answered(STREAM[:end])]

    assert steps == ["thought", "model_output", "function_call"][: len(steps)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1]",
        '{"steps": 7}',
        '{"steps": [7, {"type": 7, "content": 7}]}',
        'data: {"step": 7, "delta": 7}\n\n',
        'data: {"index": [], "step": {"type": "a"}}\n\n',
        "[" * 5_000,
        '{"input": ' * 2_000,
    ],
)
def test_what_makes_no_sense_says_nothing(text):
    assert asked(text) == []
    assert answered(text) == []
