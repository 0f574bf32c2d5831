"""Headers of every answer of the API: Google's own, the challenge, and what a page of another origin may read."""

import pytest

from gateway_project.messages.answer_headers import answer_headers, on_the_wire

PAGE = (b"origin", b"https://page.example")
PREFLIGHT = (PAGE, (b"access-control-request-method", b"POST"))


def names(headers) -> set[bytes]:
    return {name for name, _ in headers}


def test_a_401_has_the_challenge_and_other_answers_have_not():
    assert b"WWW-Authenticate" in names(answer_headers(401, "POST", (), ()))
    assert b"WWW-Authenticate" not in names(answer_headers(200, "POST", (), ()))


@pytest.mark.parametrize(
    ("requested", "origins", "allowed"),
    [
        ((PAGE,), (), None),
        ((), ("*",), None),
        ((PAGE,), ("https://other.example",), None),
        ((PAGE,), ("https://page.example",), b"https://page.example"),
        (((b"origin", b"HTTPS://Page.Example"),), ("https://page.example",), b"HTTPS://Page.Example"),
        ((PAGE,), ("*",), b"*"),
    ],
)
def test_a_page_may_read_the_answer_if_its_origin_is_allowed(requested, origins, allowed):
    assert dict(answer_headers(200, "POST", requested, origins)).get(b"Access-Control-Allow-Origin") == allowed


def test_a_page_may_upload_and_read_what_an_upload_is_answered_with():
    allowed = dict(answer_headers(200, "OPTIONS", PREFLIGHT, ("*",)))[b"Access-Control-Allow-Headers"].split(b", ")
    exposed = dict(answer_headers(200, "POST", (PAGE,), ("*",)))[b"Access-Control-Expose-Headers"].split(b", ")

    for name in (b"x-goog-upload-command", b"x-upload-content-type", b"content-range", b"range", b"if-range"):
        assert name in allowed
    for name in (b"x-goog-upload-url", b"x-goog-upload-status", b"location", b"range", b"etag", b"*"):
        assert name in exposed


def test_a_preflight_gets_the_headers_it_asks_for():
    asked = (*PREFLIGHT, (b"access-control-request-headers", b"x-mine"))

    allowed = dict(answer_headers(200, "OPTIONS", asked, ("*",)))

    assert allowed[b"Access-Control-Allow-Headers"].endswith(b", x-mine")
    assert b"POST" in allowed[b"Access-Control-Allow-Methods"]
    assert b"Access-Control-Allow-Methods" not in dict(answer_headers(200, "POST", asked, ("*",)))


def test_names_that_are_none_are_not_repeated():
    asked = (*PREFLIGHT, (b"access-control-request-headers", b"x-mine\r\nSet-Cookie: a"))

    assert b"Set-Cookie" not in dict(answer_headers(200, "OPTIONS", asked, ("*",)))[b"Access-Control-Allow-Headers"]


def test_a_private_network_is_opened_only_when_asked_for():
    asked = (*PREFLIGHT, (b"access-control-request-private-network", b"true"))

    assert b"Access-Control-Allow-Private-Network" in names(answer_headers(200, "OPTIONS", asked, ("*",)))
    assert b"Access-Control-Allow-Private-Network" not in names(answer_headers(200, "OPTIONS", PREFLIGHT, ("*",)))


def test_headers_are_written_a_line_each():
    assert on_the_wire(((b"A", b"1"), (b"B", b"2"))) == b"A: 1\r\nB: 2\r\n"
