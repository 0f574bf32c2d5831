"""A request of 300 MB passes through the gateway, which holds little of it in memory and slows the faster side down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Emulator
from tests.live.raw_client import PATIENCE, RawClient, connected
from tests.live.running import Gateway, wait_until
from tests.live.uploads.upstream import Upstream

pytestmark = pytest.mark.live

MEGABYTE = 1024 * 1024
SIZE = 300 * MEGABYTE
# What the kernel's buffers of four sockets may hold besides the gateway's own.
IN_FLIGHT = 30 * MEGABYTE
FLAT = 20 * MEGABYTE
PATH = "/v1beta/models/gemini-2.5-flash:takeIn"


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Gateway, Upstream]]:
    with Emulator() as google, Upstream() as upstream:
        environment = {"DJANGO_SETTINGS_MODULE": "tests.live.uploads.settings", "GEMINI_API_URL": upstream.url}
        with Gateway(google, environment) as gateway:
            for key in ("one", "two"):
                gateway.manage("add_account", "--kind", "gemini_api", "--label", key, "--api-key", "-", said=key)
            yield gateway.start(), upstream


@pytest.fixture
def gateway(running: tuple[Gateway, Upstream]) -> Gateway:
    return running[0]


@pytest.fixture
def upstream(running: tuple[Gateway, Upstream]) -> Upstream:
    upstream = running[1]
    upstream.reads.set()
    for event in (upstream.whole, upstream.broke_off):
        event.clear()
    upstream.heads.clear()
    upstream.status = b"200 OK"
    return upstream


def memory(gateway: Gateway, field: str = "VmRSS") -> int:
    """The gateway's memory in bytes; `VmHWM` is the most since `forget_peak`."""
    assert gateway._process is not None
    lines = Path(f"/proc/{gateway._process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def forget_peak(gateway: Gateway) -> None:
    assert gateway._process is not None
    Path(f"/proc/{gateway._process.pid}/clear_refs").write_text("5")


def port_of(gateway: Gateway) -> int:
    return int(gateway.url.rpartition(":")[2])


def begin(client: RawClient, gateway: Gateway, *, length: int | None = SIZE, key: str = "") -> None:
    how = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    client.get(PATH, f"x-goog-api-key: {key or gateway.key}", how, method="POST")


def send(client: RawClient, size: int = SIZE) -> None:
    for _ in range(size // MEGABYTE):
        client.send(b"x" * MEGABYTE)


def send_chunks(client: RawClient, size: int = SIZE) -> None:
    for _ in range(size // MEGABYTE):
        client.send(b"100000\r\n" + b"x" * MEGABYTE + b"\r\n")
    client.send(b"0\r\n\r\n")


@pytest.mark.parametrize("length", [SIZE, None])
def test_an_upload_of_300_mb_passes_through_with_memory_flat(gateway: Gateway, upstream: Upstream, length: int | None):
    before = memory(gateway)
    forget_peak(gateway)
    with connected(port_of(gateway)) as client:
        begin(client, gateway, length=length)
        send(client) if length else send_chunks(client)

        status, _, body = client.answer()

    assert (status, json.loads(body)["candidates"][0]["finishReason"]) == (200, "STOP")
    assert upstream.taken >= SIZE
    (head,) = upstream.heads
    assert (b"Content-Length: %d" % SIZE in head, b"Transfer-Encoding: chunked" in head) == (bool(length), not length)
    assert memory(gateway, "VmHWM") < before + FLAT


def test_a_slow_upstream_slows_the_client_down(gateway: Gateway, upstream: Upstream):
    before = memory(gateway)
    forget_peak(gateway)
    upstream.reads.clear()
    with connected(port_of(gateway)) as client:
        begin(client, gateway)
        client.socket.settimeout(1.0)
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < SIZE:
                sent += client.socket.send(b"x" * MEGABYTE)
        assert sent < IN_FLIGHT
        assert memory(gateway, "VmHWM") < before + FLAT

        client.socket.settimeout(PATIENCE)
        upstream.reads.set()
        while sent < SIZE:
            sent += client.socket.send(b"x" * min(MEGABYTE, SIZE - sent))
        assert client.answer()[0] == 200


def test_a_slow_client_keeps_upstream_waiting(gateway: Gateway, upstream: Upstream):
    with connected(port_of(gateway)) as client:
        begin(client, gateway, length=2 * MEGABYTE)
        send(client, MEGABYTE)
        wait_until(lambda: upstream.taken == MEGABYTE)
        assert not upstream.whole.is_set()

        send(client, MEGABYTE)

        assert client.answer()[0] == 200


@pytest.mark.parametrize("leave", [RawClient.close, RawClient.reset])
def test_a_client_that_disconnects_in_the_middle_ends_the_upstream_call(gateway: Gateway, upstream: Upstream, leave):
    client = RawClient(port_of(gateway))
    begin(client, gateway)
    send(client, 10 * MEGABYTE)
    wait_until(lambda: upstream.taken >= 9 * MEGABYTE)

    leave(client)

    assert upstream.broke_off.wait(PATIENCE)
    assert upstream.taken < SIZE


def test_a_client_that_disconnects_while_upstream_reads_nothing_does_too(gateway: Gateway, upstream: Upstream):
    upstream.reads.clear()
    left = gateway.log().count(" left before the answer")
    client = RawClient(port_of(gateway))
    begin(client, gateway)
    client.socket.settimeout(1.0)
    with pytest.raises(TimeoutError):
        send(client)

    client.reset()

    wait_until(lambda: gateway.log().count(" left before the answer") > left)
    upstream.reads.set()  # the end of a connection is seen by reading
    assert upstream.broke_off.wait(PATIENCE)
    assert upstream.taken < IN_FLIGHT


def test_a_body_that_was_passed_on_is_not_sent_to_another_account(gateway: Gateway, upstream: Upstream):
    upstream.status = b"429 Too Many Requests"
    with connected(port_of(gateway)) as client:
        begin(client, gateway, length=MEGABYTE)
        send(client, MEGABYTE)

        client.answer()

    assert len(upstream.heads) == 1


def test_a_client_without_a_key_is_refused_before_anything_goes_upstream(gateway: Gateway, upstream: Upstream):
    with connected(port_of(gateway)) as client:
        begin(client, gateway, key="wrong")

        assert client.answer()[0] == 401

    assert upstream.heads == []


def test_a_client_that_expects_100_continue_gets_it_once_upstream_is_connected(gateway: Gateway, upstream: Upstream):
    with connected(port_of(gateway)) as client:
        client.get(PATH, f"x-goog-api-key: {gateway.key}", "Content-Length: 5", "Expect: 100-continue", method="POST")
        assert client.read_until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(b"hello")

        assert client.answer()[0] == 200

    assert len(upstream.heads) == 1
