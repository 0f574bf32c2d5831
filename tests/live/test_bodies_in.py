"""Request bodies, over raw sockets: asked for before they are sent, read no faster than needed, or not read at all."""

import json
import threading
import time
from contextlib import ExitStack

import pytest

from tests.live.node import Node
from tests.live.raw_client import PATIENCE, RawClient, ask, connected

pytestmark = pytest.mark.live

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    node = Node(tmp_path_factory.mktemp("node"), "-m", "tests.live.serving", "30")
    yield node
    node.stop()


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    node = Node(tmp_path_factory.mktemp("hasty"), "-m", "tests.live.serving", "--hasty", "30")
    yield node
    node.stop()


def head(path, *headers, length=None):
    told = (f"Content-Length: {length}",) if length is not None else ("Transfer-Encoding: chunked",)
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: g", *told, *headers, "", ""]).encode()


def upload(client, size):
    """Sends from a thread, until all is sent or the connection is closed."""

    def send():
        try:
            for _ in range(size // MEGABYTE):
                client.socket.sendall(b"x" * MEGABYTE)
        except OSError:
            pass

    client.socket.settimeout(None)
    thread = threading.Thread(target=send)
    thread.start()
    return thread


def until(true):
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# --- Answers before the body


def test_a_refusal_does_not_wait_for_the_body(node):
    with connected(node.port) as client:
        client.send(head("/unread", length=100 * MEGABYTE))

        status, headers, _ = client.answer()

        assert (status, headers["connection"]) == (401, "close")
        assert client.read_to_the_end() == b""


@pytest.mark.parametrize("length", [20 * MEGABYTE, None])
def test_a_client_that_goes_on_uploading_reads_its_answer(node, length):
    with connected(node.port) as client:
        client.send(head("/unread", length=length))
        if length is None:
            client.send(b"%x\r\n" % (20 * MEGABYTE))
        client.send(b"x" * 20 * MEGABYTE)

        assert client.answer()[0] == 401
        assert client.read_to_the_end() == b""


def test_a_connection_is_kept_if_little_of_the_body_is_still_to_come(node):
    with connected(node.port) as client:
        client.send(head("/unread", length=1000))
        status, headers, _ = client.answer()
        assert (status, "connection" in headers) == (401, False)

        client.send(b"x" * 999)
        client.send(b"x" + head("/size", length=3) + b"abc")

        status, _, body = client.answer()
        assert (status, json.loads(body)["size"]) == (200, 3)


def test_a_short_remainder_that_does_not_arrive_in_time_ends_the_connection(hasty):
    with connected(hasty.port) as client:
        client.send(head("/unread", length=1000))

        assert client.answer()[0] == 401
        assert client.read_to_the_end() == b""


def test_bodies_that_are_not_read_take_no_memory(node):
    before = ask(node.port, "/state")["rss"]
    with ExitStack() as opened:
        clients = [opened.enter_context(connected(node.port)) for _ in range(20)]
        for client in clients:
            client.send(head("/unread", length=100 * MEGABYTE))
        threads = [upload(client, 95 * MEGABYTE) for client in clients]

        assert [client.answer()[0] for client in clients] == [401] * 20
        now = ask(node.port, "/state")
        for client in clients:
            client.reset()
        for thread in threads:
            thread.join()

    assert now["buffered"] == 0
    assert now["rss"] < before + 20 * MEGABYTE


# --- Expect: 100-continue


def test_a_client_that_expects_100_continue_gets_it_when_its_body_is_read(node):
    with connected(node.port) as client:
        client.send(head("/size", "Expect: 100-continue", length=5))
        assert client.read_until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"

        client.send(b"hello")

        assert json.loads(client.answer()[2])["size"] == 5


def test_a_client_that_expects_100_continue_does_not_get_it_when_its_body_is_not_read(node):
    with connected(node.port) as client:
        client.send(head("/unread", "Expect: 100-continue", length=5))

        status, headers, _ = client.answer()

        assert (status, headers["connection"], client.read_to_the_end()) == (401, "close", b"")


def test_a_client_that_expects_100_continue_and_does_not_wait_does_not_get_it(node):
    with connected(node.port) as client:
        client.send(head("/size", "Expect: 100-continue", length=5) + b"hello")

        assert client.answer()[0] == 200


def test_a_client_that_waits_for_100_continue_is_not_late(hasty):
    with connected(hasty.port) as client:
        client.send(head("/pieces?wait=2.5", "Expect: 100-continue", length=5))
        assert client.read_until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(b"hello")

        assert client.answer()[0] == 200


# --- Bodies that are read piece by piece


def test_a_body_can_be_read_as_it_arrives(node):
    with connected(node.port) as client:
        thread = None
        client.send(head("/pieces", length=30 * MEGABYTE))
        thread = upload(client, 30 * MEGABYTE)

        status, _, body = client.answer()
        thread.join()

    assert (status, json.loads(body)["size"]) == (200, 30 * MEGABYTE)
    assert json.loads(body)["largest"] < MEGABYTE


def test_a_body_that_is_not_read_yet_stays_with_its_client(node):
    with connected(node.port) as client:
        client.send(head("/pieces?wait=1", length=30 * MEGABYTE))
        thread = upload(client, 30 * MEGABYTE)

        until(lambda: ask(node.port, "/state")["buffered"] > 0)
        assert ask(node.port, "/state")["buffered"] < MEGABYTE // 2
        status, _, body = client.answer()
        thread.join()

    assert (status, json.loads(body)["size"]) == (200, 30 * MEGABYTE)
    assert ask(node.port, "/state")["buffered"] == 0


def test_a_client_is_not_late_while_its_body_is_not_read(hasty):
    with connected(hasty.port) as client:
        client.send(head("/pieces?wait=2.5", length=3 * MEGABYTE))
        thread = upload(client, 3 * MEGABYTE)

        assert client.answer()[0] == 200
        thread.join()


def test_a_client_that_disconnects_while_its_body_is_not_read_is_noticed(node):
    closings, insides = node.out.count("closed slow "), node.out.count("inside\n")
    client = RawClient(node.port)
    client.send(head("/slow", length=30 * MEGABYTE))
    node.wait_for("^inside$", insides + 1)
    client.socket.settimeout(1.0)
    with pytest.raises(TimeoutError):
        client.send(b"x" * 30 * MEGABYTE)

    client.reset()  # an orderly end would wait behind the bytes that are not read

    node.wait_for(r"^closed slow ", closings + 1)


def test_a_body_that_is_not_valid_ends_the_call(node):
    closings, insides = node.out.count("closed slow "), node.out.count("inside\n")
    with connected(node.port) as client:
        client.send(head("/slow"))
        node.wait_for("^inside$", insides + 1)
        client.send(b"5\r\nhello\r\nzz\r\n")

        assert client.answer()[0] == 400
        assert client.read_to_the_end() == b""

    node.wait_for(r"^closed slow ", closings + 1)
