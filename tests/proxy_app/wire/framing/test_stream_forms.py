import json

import pytest
from msgspec import Raw

from proxy_app.wire.framing.stream_forms import ErrorFrame, StreamForm, error_frame, form_of, framed, stream_form
from proxy_app.wire.operations.paths import find

CURL = "curl/8.5.0"
WINDOWS_POWERSHELL = "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.22621.2506"
POWERSHELL = "Mozilla/5.0 (Macintosh; Darwin 23.1.0; en-US) PowerShell/7.4.0"
PROGRAMS = ["", "node", "python-httpx/0.28.1", "python-requests/2.32 libcurl-like", "Mozilla/5.0 (X11)", "okhttp/4.12"]

SSE, ARRAY = StreamForm.SSE, StreamForm.ARRAY
STREAM = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"


@pytest.mark.parametrize("default", ["auto", "sse", "json"])
@pytest.mark.parametrize("user_agent", [CURL, "node"])
@pytest.mark.parametrize(
    ("query", "accept", "form"),
    [
        ({"alt": "sse"}, "*/*", SSE),
        ({"alt": "sse"}, "application/json", SSE),
        ({"alt": "SSE"}, "", SSE),
        ({"alt": "sse", "$alt": "json;enum-encoding=int"}, "application/json", SSE),
        ({"$alt": "sse"}, "", SSE),
        ({"alt": "json"}, "*/*", ARRAY),
        ({"alt": "json"}, "text/event-stream", ARRAY),
        ({"$alt": "json;enum-encoding=int"}, "*/*", ARRAY),
        ({"$alt": "json"}, "", ARRAY),
        ({}, "application/json", ARRAY),
        ({}, "Application/JSON;q=0.9, */*", ARRAY),
    ],
)
def test_the_form_of_a_stream_is_what_was_asked_for(query, accept, form, user_agent, default):
    assert stream_form(query, accept, user_agent, default) is form


@pytest.mark.parametrize("query", [{}, {"alt": ""}, {"alt": "media"}, {"key": "x"}])
class TestWithoutAlt:
    @pytest.mark.parametrize("user_agent", [CURL, "Curl/7", WINDOWS_POWERSHELL, POWERSHELL])
    @pytest.mark.parametrize("accept", ["*/*", "", "text/html"])
    def test_people_at_a_shell_get_events(self, user_agent, accept, query):
        assert stream_form(query, accept, user_agent, "auto") is SSE

    @pytest.mark.parametrize("user_agent", PROGRAMS)
    def test_programs_get_the_array_as_from_google(self, user_agent, query):
        assert stream_form(query, "*/*", user_agent, "auto") is ARRAY

    @pytest.mark.parametrize("accept", ["text/event-stream", "application/json, text/event-stream;q=0.5"])
    def test_clients_that_accept_events_get_them(self, accept, query):
        assert stream_form(query, accept, "node", "auto") is SSE

    @pytest.mark.parametrize("user_agent", [CURL, POWERSHELL, *PROGRAMS])
    def test_the_operator_may_say_which(self, user_agent, query):
        assert stream_form(query, "*/*", user_agent, "sse") is SSE
        assert stream_form(query, "*/*", user_agent, "json") is ARRAY


@pytest.mark.parametrize(
    ("path", "query", "body", "form"),
    [
        ("models/m:streamGenerateContent", {"alt": "sse"}, {}, SSE),
        ("models/m:streamGenerateContent", {}, {}, ARRAY),
        ("models/m:generateContent", {"alt": "sse"}, {"stream": Raw(b"true")}, None),
        ("interactions", {}, {"stream": Raw(b"true")}, StreamForm.BLOCKS),
        ("interactions", {"stream": "True"}, {}, None),
        ("interactions", {"stream": "false"}, {"stream": Raw(b"false")}, None),
        ("interactions", {"alt": "sse"}, {}, None),
        ("openai/chat/completions", {}, {"stream": Raw(b"true")}, StreamForm.CHUNKS),
        ("openai/chat/completions", {"stream": "true"}, {"stream": Raw(b"false")}, None),
        ("openai/chat/completions", {}, {}, None),
    ],
)
def test_each_api_has_its_own_way_to_ask_for_a_stream(path, query, body, form):
    asked = find("POST", path)

    assert asked is not None
    assert form_of(asked.operation, query, body, "*/*", "node", "auto") is form


@pytest.mark.parametrize(
    ("stream", "form"), [("true", StreamForm.BLOCKS), ("True", StreamForm.BLOCKS), ("false", None)]
)
def test_an_interaction_is_followed_by_its_query(stream, form):
    asked = find("GET", "interactions/i")

    assert asked is not None
    assert form_of(asked.operation, {"stream": stream}, {}, "*/*", "node", "auto") is form


@pytest.mark.parametrize(
    ("path", "query", "user_agent", "frame"),
    [
        (STREAM, {"alt": "sse"}, "node", ErrorFrame.LINES),
        (STREAM, {}, CURL, ErrorFrame.LINES),
        (STREAM, {}, "node", ErrorFrame.ELEMENT),
        (STREAM, {"alt": "json"}, CURL, ErrorFrame.ELEMENT),
        (STREAM + "/", {"alt": "json"}, CURL, ErrorFrame.ELEMENT),
        (STREAM + "~", {"alt": "json"}, CURL, ErrorFrame.OBJECT),
        ("/prefix//v1/models/no such:streamGenerateContent", {}, "", ErrorFrame.ELEMENT),
        (STREAM, {"$alt": "json;enum-encoding=int"}, "node", ErrorFrame.OBJECT),
        (STREAM, {"alt": "json", "$alt": "json"}, "node", ErrorFrame.OBJECT),
        ("/v1beta/models/x:generateContent", {"alt": "sse"}, "node", ErrorFrame.OBJECT),
        ("/v1beta/models/x:generateContent", {"alt": "json"}, CURL, ErrorFrame.OBJECT),
        ("/v1beta/models", {}, "node", ErrorFrame.OBJECT),
    ],
)
def test_an_error_follows_the_form_that_was_asked_for(path, query, user_agent, frame):
    assert error_frame(path, query, "*/*", user_agent, "auto") is frame


@pytest.mark.parametrize(
    "error", [b'{"error":{"code":400,"message":"x"}}', b'{\n  "error": {"code":400,"message":"x"}}\n']
)
def test_an_error_says_the_same_in_every_frame(error):
    assert framed(error, ErrorFrame.OBJECT) == error
    assert json.loads(framed(error, ErrorFrame.ELEMENT)) == [json.loads(error)]
    assert framed(error, ErrorFrame.LINES).startswith(b'{\n  "error": {\n    "code": 400,\n')
    assert json.loads(framed(error, ErrorFrame.LINES)) == json.loads(error)


def test_the_content_type_is_that_of_the_stream_it_stands_for():
    assert ErrorFrame.LINES.content_type == "text/event-stream"
    assert ErrorFrame.ELEMENT.content_type == ErrorFrame.OBJECT.content_type == "application/json; charset=UTF-8"
    assert StreamForm.ARRAY.content_type == ErrorFrame.ELEMENT.content_type
    assert {form.content_type for form in StreamForm} - {StreamForm.ARRAY.content_type} == {"text/event-stream"}


def test_what_is_not_json_goes_out_as_it_is():
    assert framed(b"oops", ErrorFrame.LINES) == b"oops"


@pytest.mark.parametrize(
    ("path", "frame"),
    [
        ("/v1/interactions", ErrorFrame.WORDS),
        ("/prefix/v1beta//interactions/v1_a/cancel", ErrorFrame.WORDS),
        ("/upload/v1beta/environments/e/files/a", ErrorFrame.WORDS),
        ("/v1beta/environments:create", ErrorFrame.WORDS),
        ("/v1beta/models/interactions:generateContent", ErrorFrame.OBJECT),
        ("/v1beta/interactionsandmore", ErrorFrame.OBJECT),
    ],
)
def test_the_interactions_api_has_words_for_codes(path, frame):
    assert error_frame(path, {}, "", "", "auto") is frame


def test_an_error_in_words():
    own = b'{"error":{"code":429,"message":"Later.","status":"RESOURCE_EXHAUSTED","details":[]}}'
    upstreams = b'{"error":{"message":"Later.","code":"rate_limit_exceeded"}}'

    assert framed(own, ErrorFrame.WORDS) == upstreams
    assert framed(upstreams, ErrorFrame.WORDS) == upstreams
