"""The socket: concurrency, endings, hang-ups."""

import socket
from urllib.parse import urlsplit

import httpx
import pytest

from emulator import Emulator, Ending, Reply
from tests.emulator.conftest import Caller


def raw_connection(google: Emulator) -> socket.socket:
    address = urlsplit(google.url)
    return socket.create_connection((address.hostname, address.port), timeout=5)


def raw_request(caller: Caller, path: str = "/v1internal:countTokens", body: bytes = b"{}") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {caller.account.access_token}\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def read_to_end(connection: socket.socket) -> bytes:
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return received


def test_a_connection_is_kept_for_the_next_request(google: Emulator, caller: Caller):
    for _ in range(3):
        caller.generate()

    assert google.connections == 1


def test_requests_sent_at_once_are_answered_in_turn(google: Emulator, caller: Caller):
    with raw_connection(google) as connection:
        connection.sendall(raw_request(caller) * 2 + b"GET /emulator/faults HTTP/1.0\r\nhost: x\r\n\r\n")
        received = read_to_end(connection)

    assert received.count(b"HTTP/1.1 400") == 2
    assert b"quota_exhausted" in received.rpartition(b"HTTP/1.1 200")[2]


def test_a_client_that_asks_first_is_told_to_go_on(google: Emulator, caller: Caller):
    request = raw_request(caller).replace(b"host: x", b"host: x\r\nexpect: 100-continue")
    head, body = request[:-2], request[-2:]
    with raw_connection(google) as connection:
        connection.sendall(head)
        told = connection.recv(1000)
        connection.sendall(body)
        answered = connection.recv(1000)

    assert told.startswith(b"HTTP/1.1 100 ")
    assert answered.startswith(b"HTTP/1.1 400 ")


def test_what_is_not_http_is_refused(google: Emulator):
    with raw_connection(google) as connection:
        connection.sendall(b"hello?\r\n\r\n")

        assert read_to_end(connection).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("fault", ["stall", "stall_after_headers", "stall_before_first", "stall_after_first"])
def test_a_hang_up_is_noticed_while_it_stalls(google: Emulator, caller: Caller, fault: str):
    google.script(fault)
    body = b'{"model": "gemini-2.5-pro", "request": {"contents": [{"parts": [{"text": "Hi"}]}]}}'
    with raw_connection(google) as connection:
        connection.sendall(raw_request(caller, "/v1internal:streamGenerateContent?alt=sse", body))
        (asked,) = google.wait_for_requests(1)
        assert google.open_streams == 1

    assert google.wait_for_hang_up() is asked
    assert asked.hung_up
    assert asked.hung_up_at is not None
    assert google.open_streams == 0


def test_a_client_that_stays_has_not_hung_up(google: Emulator, caller: Caller):
    caller.generate()
    google.wait_for_silence()

    assert [(one.done, one.hung_up) for one in google.requests] == [(True, False)]


def test_waiting_for_what_does_not_come_ends(google: Emulator):
    with pytest.raises(TimeoutError, match="no 1 hang-ups"):
        google.wait_for_hang_up(timeout=0.01)


def test_a_reply_is_played_to_the_byte(google: Emulator, caller: Caller):
    google.script(Reply(status=207, headers=(("x-odd", "1"),), chunks=(b"a", b"", b"bc"), content_type="text/odd"))

    answered = caller.internal("countTokens", {})

    assert answered.status_code == 207
    assert answered.headers["x-odd"] == "1"
    assert answered.headers["content-type"] == "text/odd"
    assert answered.headers["transfer-encoding"] == "chunked"
    assert answered.content == b"abc"


def test_chunks_are_chunks_of_their_own_on_the_wire(google: Emulator, caller: Caller):
    google.script(Reply(chunks=(b"one", b"two"), chunk_size=2))
    with raw_connection(google) as connection:
        connection.sendall(raw_request(caller) + b"GET /emulator HTTP/1.0\r\nhost: x\r\n\r\n")
        received = read_to_end(connection)

    assert b"\r\n2\r\non\r\n2\r\net\r\n2\r\nwo\r\n0\r\n\r\n" in received


def test_gzip_is_flushed_with_every_chunk(google: Emulator, caller: Caller):
    google.script(Reply(chunks=(b"first ", b"second"), gzip=True, ending=Ending.CUT))
    headers = {"authorization": f"Bearer {caller.account.access_token}"}
    received = b""

    with (
        pytest.raises(httpx.RemoteProtocolError),
        caller.http.stream("POST", f"{google.url}/v1internal:countTokens", json={}, headers=headers) as answered,
    ):
        for piece in answered.iter_bytes():
            received += piece

    assert answered.headers["content-encoding"] == "gzip"
    assert received == b"first second"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("hang_up", httpx.RemoteProtocolError),
        ("reset", httpx.ReadError),
        ("cut_body", httpx.RemoteProtocolError),
        ("cut_before_first", httpx.RemoteProtocolError),
        ("cut_after_first", httpx.RemoteProtocolError),
        ("reset_before_first", httpx.ReadError),
        ("reset_after_first", httpx.ReadError),
    ],
)
@pytest.mark.parametrize("method", ["generateContent", "streamGenerateContent"])
def test_a_broken_reply_is_an_error_to_the_client(
    google: Emulator, caller: Caller, fault: str, error: type[Exception], method: str
):
    google.script(fault)

    with pytest.raises(error):
        caller.internal(method, caller.envelope(), params={"alt": "sse"})
    google.wait_for_silence()

    assert [one.hung_up for one in google.requests] == [False]


def test_many_stream_at_once(google: Emulator, caller: Caller):
    body = b'{"model": "gemini-2.5-pro", "request": {"contents": [{"parts": [{"text": "Hi"}]}]}}'
    google.script("stall_after_first", times=None)
    connections = [raw_connection(google) for _ in range(200)]
    for connection in connections:
        connection.sendall(raw_request(caller, "/v1internal:streamGenerateContent?alt=sse", body))
    google.wait_for_requests(200)

    assert google.open_streams == google.connections == 200
    for connection in connections:
        connection.close()
    google.wait_for_silence()
    assert sum(one.hung_up for one in google.requests) == 200
