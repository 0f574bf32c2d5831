import pytest

from proxy_app.wire.calls import (
    Call,
    ClientKind,
    ErrorForm,
    PassThrough,
    StreamForm,
    client_kind,
    read_body,
    server_timeout,
)
from proxy_app.wire.names.named import Named
from proxy_app.wire.names.resource_names import parse
from proxy_app.wire.operations import GENERATE

GO = [
    ("google-genai-sdk/1.36.0 gl-go/go1.24.1", "google-genai-sdk/1.36.0 gl-go/go1.24.1"),
    ("google-genai-sdk/1.77.0 gl-go/go1.25", "Go-http-client/1.1"),
    ("google-genai-sdk/1.41.0 gl-go/go1.24 genkit-go/1.4.0", "google-genai-sdk/1.41.0 gl-go/go1.24 genkit-go/1.4.0"),
    ("", "Google-GenAI-SDK/1.36.0 gl-go/go1.24.1"),
]
NOT_GO = [
    ("google-genai-sdk/3.4.0 gl-python/3.12.1", "google-genai-sdk/3.4.0 gl-python/3.12.1"),
    ("google-genai-sdk/3.1.0 gl-node/v20", ""),
    ("google-genai-sdk/2.0.0 gl-java/17", ""),
    ("genai-go/0.20.1 gl-go/1.24.1 gapic/0.7.0 gax/2.14", "Go-http-client/1.1"),
    ("", "curl/8"),
    ("", ""),
]


@pytest.mark.parametrize(
    ("api_client", "user_agent"),
    [
        ("google-genai-sdk/2.34.0 gl-python/3.12.1", "google-genai-sdk/2.34.0 gl-python/3.12.1"),
        ("google-genai-sdk/1.30.0 gl-node/v20", "GeminiCLI-tui/0.61.0/gemini-2.5-pro (linux; x64; terminal)"),
        ("genai-js/0.24.1", "node"),
        ("genai-py/0.8.6 gl-python/3.12 grpc/1.7 gax/2.3", "python-requests/2.32"),
        ("", "litellm/1.81.10"),
        ("", "langchain-google-genai/4.0"),
        ("", "GeminiCLI/0.1"),
    ],
)
def test_clients_that_fail_on_done_never_see_it(api_client, user_agent):
    assert not client_kind(api_client, user_agent).takes_done


@pytest.mark.parametrize("user_agent", ["curl/8", "ai-sdk/google/3.0.141 runtime/node.js/22", "opencode/1.18", ""])
def test_other_clients_may_have_it(user_agent):
    assert client_kind("", user_agent).takes_done


def test_a_heartbeat_is_what_the_reader_does_not_notice():
    assert client_kind("google-genai-sdk/3.4.0", "").heartbeat == b"\r\n\r\n"
    assert client_kind("", "curl/8").heartbeat == b"\r\n\r\n"
    assert client_kind("genai-js/0.24.1", "node").heartbeat == b"data: {}\r\n\r\n"
    assert client_kind("genai-py/0.8.6", "", StreamForm.ARRAY).heartbeat == b" "


@pytest.mark.parametrize("client", [*GO, *NOT_GO])
def test_a_heartbeat_of_blank_lines_has_an_even_number_of_them(client):
    """Google's Go SDK cuts at two line ends: what is left of an odd number sticks to the next event."""
    heartbeat = client_kind(*client).heartbeat

    assert (b"data: x\r\n\r\n" + heartbeat + b"data: y\r\n\r\n").split(b"\r\n\r\n")[2] == b"data: y"


@pytest.mark.parametrize("client", GO)
def test_googles_go_sdk_reads_a_bare_error(client):
    assert client_kind(*client, StreamForm.SSE).error_form is ErrorForm.BARE


@pytest.mark.parametrize("client", NOT_GO)
def test_all_other_clients_read_an_error_event(client):
    assert client_kind(*client, StreamForm.SSE).error_form is ErrorForm.EVENT


def test_a_call_does_not_show_its_prompt():
    call = Call(GENERATE, "x", read_body(b'{"contents":"secret"}'), request_id="7")

    assert "secret" not in repr(call)


def test_the_legacy_python_sdk_is_spared_an_error_it_would_take_for_an_empty_response():
    legacy = client_kind("genai-py/0.8.6 gl-python/3.11", "python-requests/2.32", StreamForm.ARRAY)
    other = client_kind("", "python-httpx/0.28.1", StreamForm.ARRAY)

    assert legacy.error_form is ErrorForm.NONE
    assert other.error_form is ErrorForm.EVENT


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        (StreamForm.BLOCKS, ClientKind(heartbeat=b": ping\n\n", error_form=ErrorForm.NONE)),
        (StreamForm.CHUNKS, ClientKind(heartbeat=b": ping\n", error_form=ErrorForm.OPENAI)),
    ],
)
def test_a_stream_of_another_api_is_written_for_its_own_clients(form, kind):
    assert client_kind("genai-py/0.8.6", "litellm/1.0", form) == kind


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("1", 1.0),
        (" 30 ", 30.0),
        ("0.25", 0.25),
        ("5.", 5.0),
        ("30000", 30000.0),
        ("9" * 30, float("9" * 30)),
        *(
            (nonsense, None)
            for nonsense in ("", "0", "0.0", "-1", "soon", "inf", "nan", "1e3", "1_0", "5s", "\u0661", "9" * 31)
        ),
    ],
)
def test_a_server_timeout_is_a_number_of_seconds(header, seconds):
    assert server_timeout(header) == seconds


def test_an_unknown_client_is_treated_as_standard():
    assert ClientKind() == client_kind("", "") == ClientKind(True, b"\r\n\r\n", ErrorForm.EVENT)


@pytest.mark.parametrize(
    ("about", "resource"),
    [
        ({}, ""),
        ({"passes": PassThrough("GET", "widgets/7")}, "widgets/7"),
        ({"named": Named(names=(parse("files/a"), parse("files/b")))}, "files/a"),
        ({"name": parse("cachedContents/c"), "named": Named(names=(parse("files/a"),))}, "cachedContents/c"),
    ],
)
def test_a_call_is_about_what_its_path_names_or_else_its_body(about, resource):
    assert Call(GENERATE, "x", {}, request_id="7", **about).resource == resource
