"""Requests whose end two servers might see in different places, and other tricks with bytes, over raw sockets.

What follows a refused request on its connection is never taken for a request of its own.
"""

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest

from tests.live.node import Node
from tests.live.raw_client import connected

pytestmark = pytest.mark.live

HOST = b"Host: g\r\n"
GET = b"GET /size HTTP/1.1\r\n" + HOST + b"\r\n"
# A second request in the body of the first; if it were answered, its path would be in the log.
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: g\r\n\r\n"


def post(headers: bytes, body: bytes = b"", line: bytes = b"POST /size HTTP/1.1\r\n", host: bytes = HOST) -> bytes:
    return line + host + headers + b"\r\n" + body


CHUNKED = b"Transfer-Encoding: chunked\r\n"

REFUSED = {
    "a length and chunks": post(b"Content-Length: 4\r\n" + CHUNKED, b"0\r\n\r\n" + SMUGGLED),
    "chunks and a length": post(CHUNKED + b"Content-Length: 4\r\n", b"0\r\n\r\n" + SMUGGLED),
    "two lengths": post(b"Content-Length: 0\r\nContent-Length: 35\r\n", SMUGGLED),
    "two equal lengths": post(b"Content-Length: 35\r\nContent-Length: 35\r\n", SMUGGLED),
    "a list of lengths": post(b"Content-Length: 0, 35\r\n", SMUGGLED),
    "a signed length": post(b"Content-Length: +5\r\n", b"hello"),
    "a negative length": post(b"Content-Length: -1\r\n", SMUGGLED),
    "a length in hexadecimal": post(b"Content-Length: 0x5\r\n", b"hello"),
    "a length with an underscore": post(b"Content-Length: 1_0\r\n", b"hellohello"),
    "no length": post(b"Content-Length:\r\n", SMUGGLED),
    "a length of five thousand digits": post(b"Content-Length: " + b"9" * 5000 + b"\r\n"),
    "a length of five thousand digits before another header": post(b"Content-Length: " + b"9" * 5000 + b"\r\nA: b\r\n"),
    "a length in wide digits": post("Content-Length: \uff15\r\n".encode(), b"hello"),
    "a space before the colon": post(b"Content-Length : 5\r\n", b"hello"),
    "a space before the colon of a coding": post(b"Transfer-Encoding : chunked\r\nContent-Length: 3\r\n", b"0\r\n\r\n"),
    "another coding": post(b"Transfer-Encoding: gzip\r\n", SMUGGLED),
    "two codings": post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n" + SMUGGLED),
    "chunked twice": post(CHUNKED + CHUNKED, b"0\r\n\r\n" + SMUGGLED),
    "chunked, and no coding": post(b"Transfer-Encoding: identity\r\n" + CHUNKED, b"0\r\n\r\n" + SMUGGLED),
    "no coding, and a length": post(b"Transfer-Encoding: identity\r\nContent-Length: 5\r\n", b"hello"),
    "an unknown coding that ends alike": post(b"Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n", b"hello"),
    "a coding in quotes": post(b'Transfer-Encoding: "chunked"\r\n', b"0\r\n\r\n" + SMUGGLED),
    "a coding with a vertical tab": post(b"Transfer-Encoding: \x0bchunked\r\n", b"0\r\n\r\n" + SMUGGLED),
    "chunks in HTTP/1.0": post(CHUNKED, b"0\r\n\r\n" + SMUGGLED, line=b"POST /size HTTP/1.0\r\n"),
    "a folded coding": post(b"Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n" + SMUGGLED),
    "a folded header": post(b"A: b\r\n c\r\n"),
    "a header folded by a tab": post(b"A: b\r\n\tContent-Length: 5\r\n", b"hello"),
    "a first header that is folded": b"GET /size HTTP/1.1\r\n Host: g\r\n\r\n",
    "two hosts": post(b"", host=HOST + b"Host: other\r\n"),
    "the same host twice": post(b"", host=HOST + HOST),
    "no host": post(b"", host=b""),
    "a list of hosts": post(b"", host=b"Host: g, other\r\n"),
    "a host with a space": post(b"", host=b"Host: g other\r\n"),
    "a host with a path": post(b"", host=b"Host: g/other\r\n"),
    "a host with a user": post(b"", host=b"Host: g@other\r\n"),
    "a host with a port that is none": post(b"", host=b"Host: g:80:90\r\n"),
    "two hosts in HTTP/1.0": post(b"", line=b"POST /size HTTP/1.0\r\n", host=HOST + b"Host: other\r\n"),
    "no host beside a whole address": b"GET http://g/size HTTP/1.1\r\n\r\n",
    "a chunk size that is none": post(CHUNKED, b"zz\r\nhello\r\n0\r\n\r\n"),
    "a negative chunk size": post(CHUNKED, b"-1\r\n\r\n"),
    "a signed chunk size": post(CHUNKED, b"+5\r\nhello\r\n0\r\n\r\n"),
    "a chunk size with a prefix": post(CHUNKED, b"0x5\r\nhello\r\n0\r\n\r\n"),
    "a chunk size with an underscore": post(CHUNKED, b"1_0\r\nhellohellohelloh\r\n0\r\n\r\n"),
    "a chunk size after a space": post(CHUNKED, b" 5\r\nhello\r\n0\r\n\r\n"),
    "no chunk size": post(CHUNKED, b"\r\nhello\r\n0\r\n\r\n"),
    "a chunk longer than its size": post(CHUNKED, b"3\r\nhello\r\n0\r\n\r\n"),
    "a chunk size of two thousand digits": post(CHUNKED, b"0" * 2000 + b"5\r\nhello\r\n0\r\n\r\n"),
    "a chunk extension with a line feed": post(CHUNKED, b"5;a=\nb\r\nhello\r\n0\r\n\r\n"),
    "trailers without an end": post(CHUNKED, b"0\r\n" + b"A: b\r\n" * 20_000),
    "NUL in a header": post(b"A: b\x00c\r\n"),
    "NUL in a header's name": post(b"A\x00: b\r\n"),
    "CR in a header": post(b"A: b\rContent-Length: 5\r\n", b"hello"),
    "LF in a header": post(b"A: b\nContent-Length: 5\r\n", b"hello"),
    "LF in the request line": b"GET /size HTTP/1.1\nHost: g\r\n\r\n",
    "lines that end in LF": b"GET /size HTTP/1.1\nHost: g\n\n",
    "a head that ends in LF": b"GET /size HTTP/1.1\r\nHost: g\r\n\n",
    "a header without a colon": post(b"nonsense\r\n"),
    "a header without a name": post(b": b\r\n"),
    "a header's name in brackets": post(b"(A): b\r\n"),
    "a header of 17 kB": post(b"A: " + b"b" * 17_000 + b"\r\n"),
    "headers of 20 kB": post(b"".join(b"A-%d: " % n + b"b" * 1000 + b"\r\n" for n in range(20))),
    "six hundred headers": post(b"".join(b"A-%d: b\r\n" % n for n in range(600))),
    "a header without an end": post(b"")[:-2] + b"A: " + b"b" * 20_000,
    "a request line of 17 kB": b"GET /" + b"a" * 17_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "two spaces in the request line": b"GET  /size HTTP/1.1\r\n" + HOST + b"\r\n",
    "a tab in the request line": b"GET\t/size\tHTTP/1.1\r\n" + HOST + b"\r\n",
    "a space in the path": b"GET /size x HTTP/1.1\r\n" + HOST + b"\r\n",
    "no version": b"GET /size\r\n" + HOST + b"\r\n",
    "an old version": b"GET /size HTTP/0.9\r\n" + HOST + b"\r\n",
    "a version to come": b"GET /size HTTP/1.2\r\n" + HOST + b"\r\n",
    "HTTP/2 at once": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a method that is none": b"GE(T /size HTTP/1.1\r\n" + HOST + b"\r\n",
    "a proxy's own line": b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + GET,
    "bytes of a path that are no ASCII": b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n",
}


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    node = Node(tmp_path_factory.mktemp("node"), "-m", "tests.live.serving", "30")
    yield node
    node.stop()


@pytest.mark.parametrize("trick", REFUSED.values(), ids=REFUSED)
def test_what_might_be_read_in_two_ways_is_refused(node, trick):
    with connected(node.port) as client:
        client.send(trick)

        status, headers, body = client.answer()
        after = client.read_to_the_end()

    assert (status, headers["connection"]) == (400, "close")
    assert json.loads(body)["error"]["status"] == "INVALID_ARGUMENT"
    assert after == b""
    assert "smuggled" not in node.err


TAKEN = {
    "empty lines before it": (b"\r\n\r\n\r\n" + GET, 0),
    "empty lines before it, one by one": ((b"\r\n", b"\r\n", b"\r", b"\n" + GET), 0),
    "headers in any case": (post(b"cOnTeNt-LeNgTh: 5\r\n", b"hello"), 5),
    "tabs around a value": (post(b"Content-Length:\t5\t\r\n", b"hello"), 5),
    "a length with zeros": (post(b"Content-Length: 0005\r\n", b"hello"), 5),
    "a coding in any case": (post(b"transfer-encoding: CHUNKED\r\n", b"5\r\nhello\r\n0\r\n\r\n"), 5),
    "chunk extensions and trailers": (post(CHUNKED, b"5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n"), 5),
    "a chunk size with zeros": (post(CHUNKED, b"00005\r\nhello\r\n000\r\n\r\n"), 5),
    "byte by byte": (tuple(bytes([byte]) for byte in post(CHUNKED, b"5\r\nhello\r\n0\r\n\r\n")), 5),
    "HTTP/1.0 with a length": (post(b"Content-Length: 5\r\n", b"hello", line=b"POST /size HTTP/1.0\r\n"), 5),
    "HTTP/1.0 without a host": (post(b"", line=b"POST /size HTTP/1.0\r\n", host=b""), 0),
    "an empty host": (post(b"", host=b"Host:\r\n"), 0),
    "a host by its address and a port": (post(b"", host=b"Host: [::1]:8045\r\n"), 0),
    "a host's name with an underscore": (post(b"", host=b"Host: my_gateway.internal.:80\r\n"), 0),
    "four hundred headers": (post(b"".join(b"A-%d: b\r\n" % n for n in range(400))), 0),
    "a path that a client says it is served under": (post(b"Daphne-Root-Path: //evil.example\r\n"), 0),
}


@pytest.mark.parametrize(("request_bytes", "size"), TAKEN.values(), ids=TAKEN)
def test_what_can_be_read_in_one_way_only_is_taken(node, request_bytes, size):
    with connected(node.port) as client:
        for piece in request_bytes if isinstance(request_bytes, tuple) else (request_bytes,):
            client.send(piece)

        status, _, body = client.answer()

    assert (status, json.loads(body)["size"]) == (200, size)


def test_requests_sent_ahead_are_answered_one_after_the_other(node):
    with connected(node.port) as client:
        client.send(post(b"Content-Length: 5\r\n", b"hello") + b"\r\n" + post(CHUNKED, b"3\r\nyou\r\n0\r\n\r\n") + GET)

        sizes = [json.loads(client.answer()[2])["size"] for _ in range(3)]

    assert sizes == [5, 3, 0]


def test_a_refusal_comes_after_the_answers_before_it(node):
    with connected(node.port) as client:
        client.send(GET + post(b"Content-Length: 1\r\nContent-Length: 2\r\n") + GET)

        statuses = [client.answer()[0] for _ in range(2)]
        after = client.read_to_the_end()

    assert (statuses, after) == ([200, 400], b"")


def test_nothing_is_answered_after_a_request_that_ends_its_connection(node):
    with connected(node.port) as client:
        client.send(post(b"Connection: close\r\n") + GET)

        status, headers, _ = client.answer()

        assert (status, headers["connection"], client.read_to_the_end()) == (200, "close", b"")


# --- Headers of refusals by the server itself


def test_a_refusal_of_the_server_has_the_headers_of_an_answer(node):
    origin = b"Origin: https://page.example\r\n"
    with connected(node.port) as client:
        client.send(post(origin, host=HOST + HOST))

        _, headers, _ = client.answer()

    assert headers["access-control-allow-origin"] == "https://page.example"
    assert "x-request-id" in headers["access-control-expose-headers"]
    assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "SAMEORIGIN")
    assert len(headers["x-request-id"]) == 32
    assert headers["x-request-id"] in node.err


def test_daphnes_own_refusals_do_too(node):
    with connected(node.port) as client:
        client.send(post(b"Origin: https://page.example\r\nA: b\x0bc\r\n"))

        status, headers, _ = client.answer()

    assert (status, headers["access-control-allow-origin"]) == (400, "https://page.example")
    assert len(headers["x-request-id"]) == 32


@pytest.mark.parametrize(
    "request_bytes", [GET, post(b"", host=HOST + HOST), post(b"", line=b"GET /stream HTTP/1.1\r\n")]
)
def test_every_answer_is_dated(node, request_bytes):
    with connected(node.port) as client:
        client.send(request_bytes)

        _, headers, _ = client.answer()

    assert abs((datetime.now(UTC) - parsedate_to_datetime(headers["date"])).total_seconds()) < 60
    assert "server" not in headers


# --- TLS on a port of plain HTTP


@pytest.mark.parametrize("hello", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500, b"\x16"])
def test_a_client_that_speaks_tls_is_hung_up_on_and_the_log_says_why(node, hello):
    for _ in range(3):
        with connected(node.port) as client:
            client.send(hello)

            assert client.read_to_the_end() == b""

    assert node.err.count("speaks TLS to this port") == 1


# --- Slow clients


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    node = Node(tmp_path_factory.mktemp("hasty"), "-m", "tests.live.serving", "--hasty", "30")
    yield node
    node.stop()


@pytest.mark.parametrize(
    "begun",
    [b"G", GET[:-2], post(b"Content-Length: 5\r\n", b"hell"), post(CHUNKED, b"5\r\nhell"), b"\r\n\r\nGET /si"],
)
def test_a_request_that_does_not_arrive_in_time_is_refused(hasty, begun):
    with connected(hasty.port) as client:
        client.send(begun)

        status, headers, body = client.answer()

        assert (status, headers["connection"]) == (408, "close")
        assert json.loads(body)["error"]["status"] == "DEADLINE_EXCEEDED"
        assert client.read_to_the_end() == b""


def test_the_oldest_idle_connection_is_closed_for_a_new_one(hasty):
    with connected(hasty.port) as first, connected(hasty.port) as second:
        for client in (first, second):
            client.send(GET)
            client.answer()

        with connected(hasty.port) as third:
            assert first.read_to_the_end() == b""
            for client in (third, second):
                client.send(GET)
                assert client.answer()[0] == 200
