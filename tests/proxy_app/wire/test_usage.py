import json

import pytest

from proxy_app.wire.bodies.bodies import read_body
from proxy_app.wire.malformed import NotAnAnswer
from proxy_app.wire.usage import Peek, StreamState, Usage, candidates_wanted, peek


def event(*candidates, **fields):
    return json.dumps({"candidates": list(candidates), **fields}).encode()


def candidate(text="…", **fields):
    return {"content": {"role": "model", "parts": [{"text": text}]}, **fields}


def state_after(*events):
    state = StreamState()
    for each in events:
        state.add(peek(each))
    return state


def test_an_event_tells_its_finish_reasons_by_candidate():
    seen = peek(event(candidate(finishReason="STOP"), candidate(index=1)))

    assert seen.candidates == ((0, "STOP"), (1, ""))
    assert not seen.finished


def test_usage_is_read_field_by_field():
    counts = {
        "promptTokenCount": 10,
        "cachedContentTokenCount": 4,
        "candidatesTokenCount": 17,
        "thoughtsTokenCount": 20,
        "toolUsePromptTokenCount": 3,
        "totalTokenCount": 50,
        "trafficType": "PROVISIONED_THROUGHPUT",
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 10}],
    }

    assert peek(event(usageMetadata=counts)).usage == Usage(10, 4, 17, 20, 3, 50)


def test_counts_may_be_strings_as_proto_json_allows():
    assert peek(b'{"usageMetadata":{"promptTokenCount":"12","totalTokenCount":null}}').usage == Usage(prompt=12)


def test_a_blocked_prompt_is_a_whole_answer():
    seen = peek(b'{"promptFeedback":{"blockReason":"SAFETY"}}')

    assert seen.blocked
    assert seen.finished


@pytest.mark.parametrize("feedback", ["{}", "null", '{"blockReason":"BLOCK_REASON_UNSPECIFIED"}'])
def test_feedback_alone_blocks_nothing(feedback):
    assert not peek(f'{{"promptFeedback":{feedback}}}'.encode()).blocked


@pytest.mark.parametrize("reason", [None, "", 0, "FINISH_REASON_UNSPECIFIED"])
def test_an_unspecified_reason_finishes_nothing(reason):
    assert not peek(event(candidate(finishReason=reason))).finished


def test_enums_may_be_numbers():
    assert peek(event(candidate(finishReason=1))).candidates == ((0, "1"),)


@pytest.mark.parametrize("content", [None, {}, {"parts": []}, {"parts": None}])
def test_a_last_event_may_be_without_content(content):
    assert peek(event({"content": content, "finishReason": "STOP"})).finished


@pytest.mark.parametrize("odd", [b"{}", b'{"candidates":{"a":1}}', b'{"usageMetadata":[]}', b'{"candidates":[7]}'])
def test_an_answer_of_unknown_shape_says_nothing_of_itself(odd):
    assert peek(odd) == Peek()


@pytest.mark.parametrize(
    "wrong", [b"", b"{", b"[]", b"1", b'"x"', b"\xff", b"[DONE]", b'{"candidates":' + b"[" * 100_000]
)
def test_what_is_no_json_object_is_no_answer(wrong):
    with pytest.raises(NotAnAnswer, match=r"^an event that is not (JSON|a JSON object)$"):
        peek(wrong)


def test_a_stream_is_complete_when_every_candidate_has_finished():
    assert not state_after(event(candidate())).complete
    assert state_after(event(candidate()), event(candidate(finishReason="STOP"))).complete


def test_a_second_candidate_has_to_finish_too():
    both = event(candidate(), candidate(index=1))
    first = event(candidate(finishReason="STOP"))
    second = event(candidate(index=1, finishReason="MAX_TOKENS"))

    assert not state_after(both, first).complete
    assert state_after(both, first, second).complete


def test_a_finish_is_not_taken_back_by_an_event_after_it():
    assert state_after(event(candidate(finishReason="STOP")), event({})).complete


def test_a_stream_without_candidates_is_not_complete():
    assert not state_after().complete
    assert not state_after(b'{"usageMetadata":{"promptTokenCount":1}}').complete


def test_a_blocked_prompt_completes_a_stream():
    assert state_after(b'{"promptFeedback":{"blockReason":"OTHER"}}').complete


def test_the_last_value_of_each_count_wins():
    state = state_after(
        b'{"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":1,"totalTokenCount":11,'
        b'"cachedContentTokenCount":4,"thoughtsTokenCount":2,"toolUsePromptTokenCount":3}}',
        event(candidate(finishReason="STOP")),
        b'{"usageMetadata":{"candidatesTokenCount":5,"totalTokenCount":15}}',
    )

    assert state.usage == Usage(prompt=10, cached=4, candidates=5, thoughts=2, tool=3, total=15)
    assert state_after(*[b'{"usageMetadata":{"cachedContentTokenCount":4}}'] * 2).usage == Usage(cached=4)


def test_a_state_tells_itself():
    assert repr(state_after(event(candidate()))) == "<StreamState open {0: ''}>"


def test_counts_that_cannot_be_read_leave_the_answer_an_answer():
    seen = peek(b'{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"totalTokenCount":"many"}}')

    assert seen.finished
    assert seen.usage is None
    assert peek(b'{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"totalTokenCount":"many"}}').blocked


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ('{"contents":[]}', 1),
        ('{"generationConfig":{}}', 1),
        ('{"generationConfig":{"candidateCount":3}}', 3),
        ('{"generation_config":{"candidate_count":2}}', 2),
        ('{"generationConfig":{"candidate_count":2,"topK":1}}', 2),
        ('{"generationConfig":{"candidateCount":0}}', 1),
        ('{"generationConfig":{"candidateCount":null}}', 1),
        ('{"generationConfig":{"candidateCount":"many"}}', 1),
        ('{"generationConfig":["candidateCount"]}', 1),
    ],
)
def test_how_many_candidates_a_request_asks_for(body, wanted):
    assert candidates_wanted(read_body(body.encode())) == wanted


def test_an_answer_is_settled_when_every_candidate_that_was_asked_for_has_finished():
    state = StreamState(2)
    assert not state.settled

    state.add(Peek(candidates=((0, "STOP"),)))
    assert state.complete and not state.settled

    state.add(Peek(candidates=((1, ""),)))
    assert not state.settled

    state.add(Peek(candidates=((1, "STOP"),)))
    assert state.settled


def test_an_answer_to_a_blocked_prompt_is_settled():
    state = StreamState(2)
    state.add(Peek(blocked=True))

    assert state.settled
