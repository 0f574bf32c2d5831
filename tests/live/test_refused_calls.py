"""A call that is refused before its body has arrived has a row in the request log too."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from emulator import Emulator
from tests.live.running import Gateway, wait_until

pytestmark = pytest.mark.live

PLAIN = "/v1beta/models/gemini-2.5-flash:generateContent"


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Emulator() as google, Gateway(google) as serving:
        serving.connect(google.add_account("alice@example.com"))
        yield serving.start()


def answered(gateway: Gateway, path: str, **headers: str) -> tuple[int, str]:
    """Status and X-Request-Id of a POST of which only the head is sent."""
    address = urlsplit(gateway.url)
    with contextlib.closing(http.client.HTTPConnection(str(address.hostname), address.port, timeout=20)) as connection:
        connection.putrequest("POST", path)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.headers["X-Request-Id"]


def rows(gateway: Gateway, where: str, *values: str) -> list[tuple[str, int, int, str]]:
    asked = f"SELECT outcome, status, attempt, method FROM proxy_app_usagerecord WHERE {where}"
    with contextlib.closing(sqlite3.connect(Path(gateway._data.name) / "gateway.sqlite3")) as database:
        return database.execute(asked, values).fetchall()


def rows_of(gateway: Gateway, request_id: str) -> list[tuple[str, int, int, str]]:
    return rows(gateway, "request_id = ?", request_id)


def test_a_body_that_is_declared_too_large_has_a_row(gateway: Gateway):
    status, request_id = answered(gateway, PLAIN, Content_Length=str(10**12), X_Goog_Api_Key=gateway.key)

    wait_until(lambda: rows_of(gateway, request_id))
    assert rows_of(gateway, request_id) == [("too_large", status, 0, "generateContent")]


def test_a_call_without_a_key_is_refused_for_that_before_its_body_has_arrived(gateway: Gateway):
    for size in (10**12, 100):
        status, request_id = answered(gateway, PLAIN, Content_Length=str(size))

        wait_until(lambda request_id=request_id: rows_of(gateway, request_id))
        assert rows_of(gateway, request_id) == [("key_missing", 401, 0, "generateContent")] and status == 401


def sent(gateway: Gateway, *, ends: bytes) -> bytes:
    """The answer to a valid head that is followed by `ends` in the same packet, and by nothing more."""
    address = urlsplit(gateway.url)
    head = f"POST {PLAIN} HTTP/1.1\r\nHost: {address.netloc}\r\nX-Goog-Api-Key: {gateway.key}\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=20) as client:
        client.sendall(head.encode() + ends)
        client.shutdown(socket.SHUT_WR)
        return client.recv(65536)


def test_a_body_that_breaks_off_with_the_head_is_the_clients_and_has_one_row(gateway: Gateway):
    answer = sent(gateway, ends=b"Transfer-Encoding: chunked\r\n\r\nzz\r\n")
    request_id = re.search(rb"X-Request-Id: (\w+)", answer)[1].decode()
    wait_until(lambda: rows_of(gateway, request_id))
    assert rows_of(gateway, request_id) == [("malformed", 400, 0, "generateContent")]

    assert sent(gateway, ends=b"Content-Length: 100\r\n\r\n{") == b""
    wait_until(lambda: rows(gateway, "outcome = 'left_early'"))
    assert rows(gateway, "outcome = 'left_early'") == [("left_early", 0, 0, "generateContent")]
    assert not rows(gateway, "outcome = 'gateway_error'")
    assert "Traceback" not in gateway.log()


def test_what_is_no_call_has_none(gateway: Gateway):
    elsewhere = answered(gateway, "/admin/", Content_Length=str(10**12))[1]
    call = answered(gateway, PLAIN, Content_Length=str(10**12))[1]

    wait_until(lambda: rows_of(gateway, call))
    assert rows_of(gateway, elsewhere) == []
