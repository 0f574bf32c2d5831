"""The server and the API handler, over raw sockets, in a process of their own."""

import errno
import json
import resource
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import islice
from urllib.parse import unquote_to_bytes

import pytest

from tests.live.node import Node, free_port
from tests.live.raw_client import PATIENCE, RawClient, ask, connected
from tests.live.serving.settings import API_HEARTBEAT_SECONDS

pytestmark = pytest.mark.live

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    node = Node(tmp_path_factory.mktemp("node"), "-m", "tests.live.serving", "30")
    yield node
    node.stop()


@pytest.fixture
def start(tmp_path):
    """Starts a node for a test that ends it."""
    nodes = []

    def started(*arguments):
        nodes.append(Node(tmp_path, "-m", "tests.live.serving", *arguments))
        return nodes[-1]

    yield started
    for one in nodes:
        one.stop()


# --- Targets


def test_a_target_in_absolute_form_is_its_path(node):
    with connected(node.port) as client:
        client.send(b"GET http://gateway.example/size?x=y HTTP/1.1\r\nHost: elsewhere\r\n\r\n")

        assert client.answer()[0] == 200


# --- Bodies


def test_a_body_of_the_allowed_size_arrives_whole(node):
    with connected(node.port) as client:
        client.send(b"POST /size HTTP/1.1\r\nHost: g\r\nContent-Length: %d\r\n\r\n" % MEGABYTE + b"x" * MEGABYTE)

        status, _, body = client.answer()

    assert (status, json.loads(body)["size"]) == (200, MEGABYTE)


def test_a_chunked_body_arrives_whole(node):
    with connected(node.port) as client:
        client.send(
            b"POST /size HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n"
        )

        assert json.loads(client.answer()[2])["size"] == 8


def test_a_body_declared_too_large_is_refused_before_it_is_sent(node):
    with connected(node.port) as client:
        client.send(b"POST /size HTTP/1.1\r\nHost: g\r\nContent-Length: 500000000\r\nExpect: 100-continue\r\n\r\n")

        answer = client.read_to_the_end()

    assert_refused_as_too_large(answer)


def test_a_client_that_keeps_uploading_still_reads_its_refusal(node):
    with connected(node.port) as client:
        client.send(b"POST /size HTTP/1.1\r\nHost: g\r\nContent-Length: %d\r\n\r\n" % (5 * MEGABYTE))
        client.send(b"x" * 5 * MEGABYTE)

        answer = client.read_to_the_end()

    assert_refused_as_too_large(answer)


def test_a_chunked_body_is_counted_and_refused_when_it_grows_too_large(node):
    with connected(node.port) as client:
        client.send(b"POST /size HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(20):
            client.send(b"20000\r\n" + b"x" * 0x20000 + b"\r\n")
        client.send(b"0\r\n\r\n")

        answer = client.read_to_the_end()

    assert_refused_as_too_large(answer)


def begun_upload(client, path="/size", size=MEGABYTE - 1000):
    """All but the end of a body of a megabyte."""
    client.send(b"POST %s HTTP/1.1\r\nHost: g\r\nContent-Length: %d\r\n\r\n" % (path.encode(), MEGABYTE) + b"x" * size)


def wait_for_room(node, taken):
    """Waits until bodies take so many megabytes of memory, rounded: what was sent takes a while to arrive."""
    deadline = time.monotonic() + PATIENCE
    while round(ask(node.port, "/state")["buffered"] / MEGABYTE) != taken:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_bodies_in_memory_are_bounded_together(start):
    node = start("30")
    with ExitStack() as opened:
        clients = [opened.enter_context(connected(node.port)) for _ in range(4)]
        for client in clients:
            begun_upload(client)
        wait_for_room(node, 4)
        with connected(node.port) as one_too_many:
            begun_upload(one_too_many)
            status, headers, body = one_too_many.answer()
        assert (status, headers["retry-after"], headers["connection"]) == (503, "1", "close")
        assert json.loads(body)["error"]["status"] == "UNAVAILABLE"

        clients[0].send(b"x" * 1000)  # its end: when it is answered, its memory is free
        assert clients[0].answer()[0] == 200
        clients[1].reset()  # as it is when the client disconnects
        wait_for_room(node, 2)
        with connected(node.port) as another:
            begun_upload(another, size=MEGABYTE)
            assert another.answer()[0] == 200


def test_a_body_makes_room_when_its_stream_begins(start):
    node = start("30")
    with ExitStack() as opened:
        for _ in range(6):
            client = opened.enter_context(connected(node.port))
            begun_upload(client, "/stream?gap=3600", size=MEGABYTE)
            client.read_until(b"data: 0")

        assert ask(node.port, "/state")["buffered"] == 0


def assert_refused_as_too_large(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert b"Connection: close" in head
    assert b"Content-Length: %d" % len(body) in head
    assert json.loads(body)["error"] == {
        "code": 413,
        "message": "Request payload size exceeds the limit: 1048576 bytes.",
        "status": "INVALID_ARGUMENT",
    }


# --- Requests that reach no view


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/3.0\r\n\r\n",
        b"GET /size HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /size HTTP/1.1\r\nBad Name: 1\r\n\r\n",
        b"GET /size HTTP/1.1\r\nX: a\x0bb\r\n\r\n",
        b"GET /size HTTP/1.1\r\nX: " + b"a" * 17000 + b"\r\n\r\n",
        b"GET /" + b"a" * 17000 + b" HTTP/1.1\r\n\r\n",
        b"GET /size\xa1 HTTP/1.1\r\nHost: g\r\n\r\n",
        b"GET /size?a=%C3%28&b=\xa1 HTTP/1.1\r\nHost: g\r\n\r\n",
        b"POST /size HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /size HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_not_http_is_refused_in_googles_json(node, request_bytes):
    with connected(node.port) as client:
        client.send(request_bytes)

        status, headers, body = client.answer()

    assert status == 400
    assert headers["content-type"] == "application/json; charset=UTF-8"
    assert json.loads(body)["error"]["status"] == "INVALID_ARGUMENT"


def test_an_unknown_path_is_refused_in_googles_json(node):
    with connected(node.port) as client:
        client.get("/nowhere")

        status, headers, body = client.answer()

    assert (status, json.loads(body)["error"]["status"]) == (404, "NOT_FOUND")
    assert len(headers["x-request-id"]) == 32


def test_a_websocket_upgrade_is_answered_as_a_plain_request(node):
    with connected(node.port) as client:
        client.get(
            "/size", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 13"
        )

        assert client.answer()[0] == 200


# --- Answers


def test_a_view_that_raises_is_answered_without_its_traceback(node):
    with connected(node.port) as client:
        client.get("/raises")

        status, headers, body = client.answer()

    assert status == 500
    assert json.loads(body) == {"error": {"code": 500, "message": "Internal error encountered.", "status": "INTERNAL"}}
    assert f"Call {headers['x-request-id']} failed." in node.err


def test_a_permission_denied_is_googles(node):
    with connected(node.port) as client:
        client.get("/forbidden")

        status, _, body = client.answer()

    assert (status, json.loads(body)["error"]["status"]) == (403, "PERMISSION_DENIED")


@pytest.mark.parametrize("path", ["/state", "/stream", "/large"])
def test_head_is_answered_without_a_body(node, path):
    with connected(node.port) as client:
        client.get(path, method="HEAD")
        client.get("/nowhere", "Connection: close")

        answers = client.read_to_the_end()

    head, _, following = answers.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert following.startswith(b"HTTP/1.1 404 ")


def test_a_connection_serves_one_call_after_another(node):
    with connected(node.port) as client:
        client.get("/size")
        client.get("/stream")
        client.get("/size")

        answers = [client.answer() for _ in range(3)]

    assert [status for status, _, _ in answers] == [200, 200, 200]
    assert len({headers["x-request-id"] for _, headers, _ in answers}) == 3


def test_a_call_makes_no_hop_into_a_thread(node):
    before = ask(node.port, "/state")
    for path in ("/size", "/nowhere", "/stream", "/forbidden"):
        with connected(node.port) as client:
            client.get(path)
            client.answer()

    after = ask(node.port, "/state")

    assert (after["hops"], after["threads"]) == (before["hops"], before["threads"])


# --- Streams


def test_the_head_of_a_stream_comes_before_its_first_event(node):
    with connected(node.port) as client:
        client.get("/stream?wait=3600")

        head = client.read_until(b"\r\n\r\n")

    assert b"text/event-stream" in head


def test_events_come_one_by_one(node):
    with connected(node.port) as client:
        client.get("/stream?n=3&gap=0.05")
        client.read_until(b"\r\n\r\n")

        assert list(client.chunks()) == [b"data: 0\r\n\r\n", b"data: 1\r\n\r\n", b"data: 2\r\n\r\n"]


@pytest.mark.parametrize("beat", ["%0D%0A", "data%3A%20%7B%7D%0D%0A%0D%0A"])
def test_a_silent_stream_sends_a_heartbeat(node, beat):
    with connected(node.port) as client:
        client.get(f"/stream?n=2&gap=0.7&heartbeat={beat}")
        client.read_until(b"\r\n\r\n")

        first, *between, last = client.chunks()

    told = unquote_to_bytes(beat)
    assert first == b"data: 0\r\n\r\n"
    assert [chunk for chunk in (*between, last) if chunk != told] == [b"data: 1\r\n\r\n"]


@pytest.mark.parametrize("beat", ["%0D%0A", "data%3A%20%7B%7D%0D%0A%0D%0A"])
def test_it_sends_heartbeats_for_as_long_as_it_is_silent(node, beat):
    with connected(node.port) as client:
        client.get(f"/stream?n=2&gap=3600&heartbeat={beat}")
        client.read_until(b"data: 0\r\n\r\n\r\n")

        assert list(islice(client.chunks(), 3)) == [unquote_to_bytes(beat)] * 3


def test_a_stream_that_is_never_silent_sends_no_heartbeat(node):
    with connected(node.port) as client:
        client.get("/steady")
        client.read_until(b"\r\n\r\n")

        *events, longest = client.chunks()

    # On a machine that paused for that long the stream was silent.
    assert b"beat" not in events or float(longest) >= API_HEARTBEAT_SECONDS


def test_a_stream_without_a_heartbeat_stays_silent(node):
    with connected(node.port) as client:
        client.get("/stream?n=2&gap=0.5")
        client.read_until(b"\r\n\r\n")

        assert list(client.chunks()) == [b"data: 0\r\n\r\n", b"data: 1\r\n\r\n"]


# --- Clients that disconnect


@pytest.mark.parametrize("leave", [RawClient.close, RawClient.reset])
@pytest.mark.parametrize(
    ("path", "what", "wait_for_event"),
    [
        ("/slow", "slow", False),
        ("/stream?wait=3600", "stream", False),
        ("/stream?n=2&gap=3600", "stream", True),
        ("/stubborn", "stubborn", True),
    ],
)
def test_a_client_that_disconnects_ends_its_call(node, path, what, wait_for_event, leave):
    closings, insides = node.out.count(f"closed {what} "), node.out.count("inside\n")
    client = RawClient(node.port)
    client.get(path)
    if wait_for_event:
        client.read_until(b"data: 0\r\n\r\n")
    else:
        node.wait_for("^inside$", insides + 1)

    left_at = time.monotonic()
    leave(client)
    closed = node.wait_for(rf"^closed {what} (\S+)", closings + 1)

    print(f"{path} closed after {(float(closed[1]) - left_at) * 1000:.2f} ms")  # `pytest -rP` shows it


def test_an_application_that_never_waits_is_cancelled_when_its_client_disconnects(node):
    client = RawClient(node.port)
    client.get("/never-waiting")
    client.read_until(b"xxx")

    client.close()

    node.wait_for("closed never-waiting")


def test_an_interrupted_upload_leaves_nothing_behind(node):
    with connected(node.port) as client:
        client.send(b"POST /size HTTP/1.1\r\nHost: g\r\nContent-Length: 1000\r\n\r\nhalf")

    assert ask(node.port, "/size")["size"] == 0


# --- Clients that do not read


def test_a_slow_reader_holds_up_its_own_stream_only(node):
    # Memory that earlier tests left behind does not count.
    at_first = ask(node.port, "/state")["rss"]
    with connected(node.port, receive_buffer=4096) as client:
        client.get("/torrent")
        client.read_until(b"\r\n\r\n")
        before = written_when_it_stands_still(node)

        assert before < 20 * MEGABYTE
        assert ask(node.port, "/state")["rss"] < at_first + 30 * MEGABYTE

        # When the client has read what is in the kernel's buffers, whose size we do not know, the stream goes on.
        read = 0
        while read < 2 * before and ask(node.port, "/state")["written"] == before:
            read += sum(len(client.socket.recv(65536)) for _ in range(50))
        assert ask(node.port, "/state")["written"] > before


def written_when_it_stands_still(node):
    """The bytes that the stream has written, once the number no longer grows."""
    seen, now = -1, ask(node.port, "/state")["written"]
    while now != seen:
        time.sleep(0.1)
        seen, now = now, ask(node.port, "/state")["written"]
    return now


def test_a_large_answer_arrives_whole_at_a_slow_reader(node):
    with connected(node.port, receive_buffer=4096) as client:
        client.get("/large")

        assert len(client.answer()[2]) == 8_000_000


# --- Interrupted streams, on every server


@pytest.fixture(scope="module", params=["serve", "daphne", "runserver"])
def any_server(request, node, tmp_path_factory):
    if request.param == "serve":
        yield node
        return
    port = free_port()
    command = {
        "daphne": ["-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "tests.live.serving.app:application"],
        "runserver": ["-m", "django", "runserver", "--noreload", "--skip-checks", f"127.0.0.1:{port}"],
    }[request.param]
    other = Node(tmp_path_factory.mktemp(request.param), *command, port=port)
    yield other
    other.stop()


def test_a_stream_that_breaks_has_no_end(any_server):
    with connected(any_server.port) as client:
        client.get("/broken")

        answer = client.read_to_the_end()

    assert b'data: {"error":{"code":500}}' in answer
    assert not answer.endswith(b"0\r\n\r\n")


def test_a_stream_that_breaks_is_reset_for_a_client_without_chunks(any_server):
    with connected(any_server.port) as client:
        client.get("/broken", version="1.0")

        with pytest.raises(ConnectionResetError):
            client.read_to_the_end()

    assert b"error" in client.unread


def test_no_server_prints_the_query(any_server):
    with connected(any_server.port) as client:
        client.get("/stream?key=gw-secret", "Connection: close")
        client.read_to_the_end()
    with connected(any_server.port) as client:
        client.get("/stream?key=gw-secret&gap=3600")
        client.read_until(b"data: 0")

    ask(any_server.port, "/size")
    assert "/stream" in any_server.err + any_server.out
    assert "gw-secret" not in any_server.err + any_server.out


def test_an_expected_break_is_not_logged(node):
    with connected(node.port) as client:
        client.get("/broken")
        client.read_to_the_end()

    assert "Expected" not in node.err


# --- Behind a proxy


def test_a_forwarded_address_counts_only_from_a_trusted_proxy(node, start):
    behind = start("30", "127.0.0.0/8", "10.0.0.0/8")
    headers = ("X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.1.2.3", "X-Forwarded-Proto: https")

    direct, forwarded = ask(node.port, "/state", *headers), ask(behind.port, "/state", *headers)

    assert direct["client"] == "127.0.0.1"
    assert (forwarded["client"], forwarded["scheme"]) == ("192.0.2.7", "https")
    assert '192.0.2.7 "GET /state" 200' in behind.err


# --- Shutting down


def test_a_drain_lets_open_calls_finish(start):
    node = start("30")
    with ThreadPoolExecutor() as pool, connected(node.port) as idle, connected(node.port) as client:
        idle.get("/size")
        idle.answer()
        client.get("/stream?n=5&gap=0.2")
        client.read_until(b"data: 0\r\n\r\n\r\n")
        plain = pool.submit(ask_text, node.port, "/slow?wait=0.5")
        node.wait_for("^inside$", 2)  # the stream's and the plain call's

        node.signal(signal.SIGTERM)

        assert idle.read_to_the_end() == b""
        assert list(client.chunks())[-1] == b"data: 4\r\n\r\n"
        assert plain.result() == b"done"
    assert node.ended() == 0
    assert node.out.rstrip().endswith("closing")
    with socket.socket() as late:
        assert late.connect_ex(("127.0.0.1", node.port)) == errno.ECONNREFUSED


def ask_text(port, path):
    with connected(port) as client:
        client.get(path)
        return client.answer()[2]


def test_streams_that_outlive_the_drain_are_cut_and_cleaned_up(start):
    node = start("0.2")
    with ExitStack() as open_clients:
        clients = [open_clients.enter_context(connected(node.port)) for _ in range(4)]
        for client, path in zip(clients, ["/stream?gap=3600", "/stubborn", "/slow", "/torrent"], strict=True):
            client.get(path)
        clients[0].read_until(b"data: 0\r\n\r\n\r\n")
        clients[1].read_until(b"data: 0\r\n\r\n")
        node.wait_for("^inside$", 2)  # the first one's and that of /slow
        clients[3].read_until(b"xxx")

        node.signal(signal.SIGTERM)

        assert node.ended() == 0
        assert clients[0].read_to_the_end() == b""
        assert_refused_by_the_drain(clients[2])
    assert {"stream", "stubborn", "slow", "torrent"} <= set(node.out.split())
    assert node.out.rstrip().endswith("closing")


def assert_refused_by_the_drain(client):
    """Checks also that the answer has the request id of the call."""
    status, headers, body = client.answer()
    assert (status, headers["connection"]) == (503, "close")
    assert json.loads(body)["error"]["status"] == "UNAVAILABLE"
    assert len(headers["x-request-id"]) == 32
    assert client.read_to_the_end() == b""


def test_an_upload_in_flight_is_refused_by_the_drain(start):
    node = start("0.1")
    with connected(node.port) as client:
        client.send(b"POST /size HTTP/1.1\r\nHost: g\r\nContent-Length: 1000\r\n\r\nhalf")
        ask(node.port, "/size")

        node.signal(signal.SIGTERM)

        assert_refused_by_the_drain(client)
        assert node.ended() == 0
    assert "Traceback" not in node.err


def test_a_second_interrupt_ends_the_drain(start):
    node = start("3600")
    with connected(node.port) as client, connected(node.port) as idle:
        idle.get("/size")
        idle.answer()
        client.get("/stream?gap=3600")
        client.read_until(b"data: 0\r\n\r\n")
        node.signal(signal.SIGINT)
        idle.read_to_the_end()  # closed by the drain, which has therefore begun

        node.signal(signal.SIGINT)

        assert node.ended() == 0
    assert "closed stream" in node.out


def test_a_signal_during_a_quiet_time_ends_with_status_zero(start):
    node = start("30")
    node.wait_for("^opening$")

    node.signal(signal.SIGTERM)

    assert node.ended() == 0
    assert node.out.splitlines()[1:] == ["opening", "closing"]


# --- Status lines and descriptors


@pytest.mark.parametrize(
    ("status", "phrase"),
    [
        (200, b"OK"),
        (408, b"Request Timeout"),
        (422, b"Unprocessable"),
        (429, b"Too Many Requests"),
        (499, b"Client Closed Request"),
        (504, b"Gateway Timeout"),
        (529, b"Site Overloaded"),
        (599, b"Server Error"),
    ],
)
def test_every_status_line_says_what_the_status_means(node, status, phrase):
    with connected(node.port) as client:
        client.get(f"/status/{status}")

        assert client.read_until(b"\r\n").startswith(b"HTTP/1.1 %d %s" % (status, phrase))


def test_a_server_may_open_as_many_files_as_the_system_lets_it(start):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, hard), hard))
    try:
        node = start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert ask(node.port, "/descriptors") == {"soft": hard, "hard": hard}
