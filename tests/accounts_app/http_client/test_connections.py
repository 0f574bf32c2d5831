"""The HTTP client on real sockets: what it sends and returns, event loops, new and kept connections."""

import asyncio
import gc
import gzip
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest

from accounts_app import http_client
from accounts_app.http_client import client, close_all, request
from tests.accounts_app.http_client.sockets import (
    CHUNKED,
    OK,
    head,
    in_chunks,
    part,
    pieces,
    read_by_the_peer,
    refusing_address,
    reset,
    serving,
)


@pytest.fixture(autouse=True)
async def nothing_left_open() -> AsyncIterator[None]:
    yield
    await close_all()


# --- What is sent and returned


async def test_the_request_arrives_as_written_with_an_honest_user_agent():
    seen: list[bytes] = []

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await head(reader))
        writer.write(OK)

    async with serving(play) as address:
        await client().get(address + "v1/models%3Ax?a=%20b", headers=[("X-Twice", "1"), ("X-Twice", "2")])

    lines = seen[0].split(b"\r\n")
    assert lines[0] == b"GET /v1/models%3Ax?a=%20b HTTP/1.1"
    assert b"User-Agent: gemini-gateway/0.1.0" in lines
    assert b"Accept-Encoding: gzip" in lines
    assert [line.lower() for line in lines if line.lower().startswith(b"x-twice")] == [b"x-twice: 1", b"x-twice: 2"]


async def test_a_lean_request_says_the_same_as_the_clients_own():
    seen: list[bytes] = []

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            seen.append(await head(reader))
            await reader.readexactly(2)
            writer.write(OK)

    async with serving(play) as address:
        headers = {"Authorization": "Bearer token"}
        await client().post(address, headers=headers, content=b"{}")
        assert (await client().send(request("POST", address, headers, b"{}"))).text == "ok"

    usual, lean = (set(each.split(b"\r\n")) for each in seen)
    assert usual - lean == {b"Accept: */*", b"Connection: keep-alive"}
    assert not lean - usual


async def test_a_large_body_arrives_whole():
    body = bytes(range(256)) * 12_000

    async def echo_size(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await head(reader)
        assert b"Content-Length: 3072000" in request
        checksum = zlib.crc32(await reader.readexactly(len(body)))
        answer = str(checksum).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))

    async with serving(echo_size) as address:
        response = await client().post(address, content=body)

    assert response.text == str(zlib.crc32(body))


async def test_repeated_headers_of_an_answer_stay_apart():
    async with serving(part(b"HTTP/1.1 200 OK\r\nVary: A\r\nVary: B\r\nContent-Length: 0\r\n\r\n")) as address:
        response = await client().get(address)

    assert response.headers.get_list("vary") == ["A", "B"]


async def test_a_redirect_is_handed_back_and_not_followed():
    async with serving(
        part(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n")
    ) as address:
        response = await client().post(address)

    assert (response.status_code, response.reason_phrase) == (302, "Found")


async def test_cookies_are_forgotten():
    seen: list[bytes] = []

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            seen.append(await head(reader))
            writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 0\r\n\r\n")

    async with serving(play) as address:
        await client().get(address)
        await client().get(address)
    assert len(seen) == 2
    assert not any(b"cookie" in request.lower() for request in seen)


async def test_one_connection_serves_one_call_after_the_other():
    connections = 0

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            await head(reader)
            writer.write(OK)

    async with serving(play) as address:
        for _ in range(5):
            assert (await client().post(address)).text == "ok"

    assert connections == 1


async def test_environment_proxies_are_not_trusted(monkeypatch: pytest.MonkeyPatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, refusing_address())

    async with serving(part(OK)) as address:
        assert (await client().get(address)).text == "ok"


@pytest.mark.parametrize("read", ["httpx", "reader"])
async def test_gzip_is_decoded_event_by_event(read: str):
    squeeze = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    asked_on: asyncio.Queue[None] = asyncio.Queue()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.write(CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"))
        for event in (b"data: one\r\n\r\n", b"data: two\r\n\r\n"):
            writer.writelines(in_chunks(squeeze.compress(event) + squeeze.flush(zlib.Z_SYNC_FLUSH)))
            await asked_on.get()
        writer.writelines([*in_chunks(squeeze.flush()), b"0\r\n\r\n"])

    async with serving(play) as address, client().stream("POST", address) as response:
        received = pieces(response) if read == "reader" else response.aiter_bytes()
        events = []
        async for event in received:
            events.append(event)
            asked_on.put_nowait(None)

    assert events == [b"data: one\r\n\r\n", b"data: two\r\n\r\n"]


@pytest.mark.parametrize("sent", [gzip.compress(b"whole")[:-9], b"not gzip"], ids=["cut", "damaged"])
async def test_a_compressed_body_that_is_no_whole_one_is_a_remote_protocol_error(sent: bytes):
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(sent), sent)

    async with serving(part(answer)) as address, client().stream("POST", address) as response:
        with pytest.raises(httpx.RemoteProtocolError):
            [each async for each in pieces(response)]


# --- Loops


async def test_a_loop_has_one_client_until_it_is_closed():
    first = client()
    assert client() is first

    await close_all()

    assert first.is_closed
    assert client() is not first


def test_another_loop_has_a_client_of_its_own():
    async def identity() -> int:
        try:
            return id(client())
        finally:
            await close_all()

    assert asyncio.run(identity()) and asyncio.run(identity())
    assert not [loop for loop in http_client._by_loop if loop.is_closed()]


@pytest.mark.filterwarnings("error")
def test_the_client_of_a_loop_that_ended_is_dropped_without_a_warning():
    async def forget() -> None:
        client()

    async def sweep() -> None:
        client()
        await close_all()

    asyncio.run(forget())
    asyncio.run(sweep())
    gc.collect()

    assert not [loop for loop in http_client._by_loop if loop.is_closed()]


# --- New and kept connections


@pytest.mark.parametrize("end", ["close", "reset"])
async def test_a_kept_connection_that_closes_before_its_answer_is_stale(end: str):
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.write(OK)
        await head(reader)
        writer.close() if end == "close" else reset(writer)

    async with serving(play) as address:
        assert (await client().send(request("POST", address, {}))).text == "ok"
        with pytest.raises(http_client.StaleConnection):
            await client().send(request("POST", address, {}), stream=True)

        assert (await client().send(request("POST", address, {}, fresh=True))).text == "ok"


async def test_a_connection_that_is_lost_within_the_head_was_not_stale():
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.write(OK)
        await head(reader)
        writer.write(OK[:12])
        await read_by_the_peer(writer)
        reset(writer)

    async with serving(play) as address:
        assert (await client().send(request("POST", address, {}))).text == "ok"
        with pytest.raises(httpx.TransportError) as failed:
            await client().send(request("POST", address, {}), stream=True)

    assert not isinstance(failed.value, http_client.StaleConnection)


async def test_a_get_is_not_sent_again_behind_the_callers_back():
    heads = 0

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heads
        await head(reader)
        writer.write(OK)
        await head(reader)
        heads += 1
        writer.close()

    async with serving(play) as address:
        await client().send(request("GET", address, {}))
        with pytest.raises(http_client.StaleConnection):
            await client().send(request("GET", address, {}), stream=True)

    assert heads == 1


async def test_a_call_that_wants_a_fresh_connection_gets_one_that_others_reuse():
    connections = 0

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            await head(reader)
            writer.write(OK)

    async with serving(play) as address:
        for fresh in (False, True, False, False):
            response = await client().send(request("POST", address, {}, fresh=fresh))
            assert response.text == "ok"

    assert connections == 2


async def test_a_question_that_met_a_stale_connection_is_asked_once_more():
    heads = 0

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heads
        await head(reader)
        writer.write(OK)
        await head(reader)
        heads += 1
        writer.close()

    async with serving(play) as address:
        for _ in range(3):
            assert (await client().send(request("POST", address, {}, b"{}"))).text == "ok"

    assert heads == 2


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_an_answer_to_a_question_has_a_bound(encoding: str):
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.write(CHUNKED.replace(b"\r\n\r\n", f"\r\nContent-Encoding: {encoding}\r\n\r\n".encode()))
        squeeze = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
        while True:
            block = bytes(1024 * 1024)
            writer.writelines(
                in_chunks(squeeze.compress(block) + squeeze.flush(zlib.Z_SYNC_FLUSH) if encoding == "gzip" else block)
            )
            await writer.drain()
            await asyncio.sleep(0)

    async with serving(play) as address:
        with pytest.raises(http_client.TooLarge):
            await client().send(request("GET", address, {}))


async def test_a_probe_connects_and_sends_nothing():
    said: asyncio.Queue[bytes] = asyncio.Queue()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said.put_nowait(await reader.read())

    async with serving(play) as address:
        await http_client.probe(address)
        assert await said.get() == b""

    with pytest.raises(httpx.ConnectError):
        await http_client.probe(refusing_address())
