"""Styles: how an answer is cut into events, and how streams go wrong."""

import httpx
import pytest

from emulator import FAULTS, Emulator, ErrorForm, Reply, Style, UsageForm
from tests.emulator.conftest import Caller, events_of, text_of

STREAMED = sorted(name for name in FAULTS if "first" in name and name.startswith(("cut", "reset", "stall")))


def stream_bytes(google: Emulator, caller: Caller, **query: str) -> bytes:
    body = caller.envelope("Explain bees")
    return caller.internal("streamGenerateContent", body, params=query or {"alt": "sse"}).content


def test_texts_are_said_a_piece_an_event(google: Emulator, caller: Caller):
    google.script(Style(texts=("One", " two", " three")))

    assert [text_of(event) for event in caller.stream()] == ["One", " two", " three"]


def test_responses_are_given_as_they_are(google: Emulator, caller: Caller):
    google.script(Style(responses=({"novel": 1}, {"novel": 2})), times=2)

    assert caller.stream() == [{"novel": 1}, {"novel": 2}]
    assert caller.generate() == {"novel": 1}


def test_an_emulator_may_have_a_style_of_its_own(caller: Caller):
    with Emulator(style=Style(newline="\n")) as google:
        bob = Caller(google, google.add_account("bob@example.com"), caller.http)

        assert b"\r" not in stream_bytes(google, bob)


@pytest.mark.parametrize(
    "style", [Style(chunk_size=1), Style(gzip=True), Style(gzip=True, chunk_size=3), Style(gap=1e-4)]
)
def test_however_it_is_cut_the_content_is_the_same(google: Emulator, caller: Caller, style: Style):
    usual = [text_of(event["response"]) for event in events_of(stream_bytes(google, caller))]
    google.script(style)

    assert [text_of(event["response"]) for event in events_of(stream_bytes(google, caller))] == usual


def test_events_arrive_one_by_one(google: Emulator, caller: Caller):
    google.script(Style(texts=("One", "two"), stall_after=1))
    headers = {"authorization": f"Bearer {caller.account.access_token}"}
    url = f"{google.url}/v1internal:streamGenerateContent?alt=sse"

    with caller.http.stream("POST", url, json=caller.envelope(), headers=headers) as answered:
        first = next(answered.iter_bytes())

    assert text_of(events_of(first)[0]["response"]) == "One"
    google.wait_for_hang_up()


@pytest.mark.parametrize("fault", STREAMED)
def test_as_many_events_come_as_the_style_says(google: Emulator, caller: Caller, fault: str):
    google.script(fault)
    headers = {"authorization": f"Bearer {caller.account.access_token}"}
    url, received = f"{google.url}/v1internal:streamGenerateContent?alt=sse", b""

    with (
        pytest.raises(httpx.TransportError),
        caller.http.stream("POST", url, json=caller.envelope(), headers=headers, timeout=0.2) as answered,
    ):
        for piece in answered.iter_raw():
            received += piece

    assert received.count(b"data: ") == ("first" in fault and "after" in fault)


@pytest.mark.parametrize(
    ("form", "start"),
    [
        (ErrorForm.BARE, b'\r\n\r\n{"error": {"code": 503,'),
        (ErrorForm.JOINED, b'\r\n\r\n{"error": {"code": 503,'),
        (ErrorForm.PRETTY, b'\r\n\r\n{\n  "error": {\n    "code": 503,'),
        (ErrorForm.DATA, b'\r\n\r\ndata: {"error": {"code": 503,'),
    ],
)
def test_an_error_inside_a_stream_has_four_forms(google: Emulator, caller: Caller, form: ErrorForm, start: bytes):
    google.script(Style(error_after=1, error_form=form))

    body = stream_bytes(google, caller)

    assert body.count(b'data: {"response"') == 1
    assert start in body
    assert b"finishReason" not in body


def test_a_stream_may_end_without_a_finish(google: Emulator, caller: Caller):
    google.script("no_finish")

    assert b"finishReason" not in stream_bytes(google, caller)


@pytest.mark.parametrize(
    ("usage", "told"),
    [
        (UsageForm.LAST, [False, False, True]),
        (UsageForm.TRAILING, [False, False, False, True]),
        (UsageForm.NONE, [False] * 3),
    ],
)
def test_usage_may_come_late_or_never(google: Emulator, caller: Caller, usage: UsageForm, told: list):
    google.script(Style(texts=("a", "b", "c"), usage=usage))

    events = caller.stream()

    assert ["usageMetadata" in event for event in events] == told
    assert ["candidates" in event for event in events] == [True, True, True, False][: len(told)]


@pytest.mark.parametrize(
    ("last", "candidate"),
    [
        ("empty_text", {"content": {"role": "model", "parts": [{"text": ""}]}, "finishReason": "STOP"}),
        ("no_parts", {"content": {"role": "model"}, "finishReason": "STOP"}),
        ("no_content", {"finishReason": "STOP"}),
    ],
)
def test_the_last_event_may_hold_little(google: Emulator, caller: Caller, last: str, candidate: dict):
    google.script(Style(texts=("a",), last=last))

    assert caller.stream()[-1]["candidates"] == [candidate]


def test_other_oddities_of_streams(google: Emulator, caller: Caller):
    for fault in ("done_marker", "malformed_event", "malformed_first_event", "empty_200"):
        google.script(fault)

    done, malformed, malformed_first, empty = [stream_bytes(google, caller) for _ in range(4)]

    assert done.endswith(b"\r\n\r\ndata: [DONE]\r\n\r\n")
    assert b'{"par\r\n\r\n' in malformed
    assert malformed_first.startswith(b'data: {"response": {"candidates": [{"content": {"par\r\n')
    assert empty == b""


def test_a_style_also_bends_a_unary_answer(google: Emulator, caller: Caller):
    google.script("empty_200")
    google.script("error_first")
    google.script(Reply(delay=0.0, chunks=(b"{}",)), method="loadCodeAssist")
    google.script("gzipped", method="fetchAvailableModels")

    assert caller.internal("generateContent", caller.envelope()).content == b""
    assert caller.internal("generateContent", caller.envelope()).status_code == 503
    assert caller.internal("loadCodeAssist", {}).content == b"{}"
    assert caller.internal("fetchAvailableModels", {}).headers["content-encoding"] == "gzip"
