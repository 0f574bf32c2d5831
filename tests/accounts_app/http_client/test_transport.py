"""The transport on real sockets: the error for each failure, and how a call hangs up."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator
from typing import Self

import aiohttp
import httpx
import pytest

from accounts_app import http_client
from accounts_app.http_client import client, close_all, reader
from accounts_app.http_client.body import Body
from tests.accounts_app.http_client.sockets import CHUNKED, OK, head, in_chunks, part, pieces, refusing_address, serving


@pytest.fixture(autouse=True)
async def nothing_left_open() -> AsyncIterator[None]:
    yield
    await close_all()


# --- The error for each failure


async def test_a_refused_connection_is_a_connect_error():
    with pytest.raises(httpx.ConnectError) as failed:
        await client().post(refusing_address(), content=b"{}")

    assert type(failed.value) is httpx.ConnectError
    assert failed.value.request.method == "POST"


async def test_an_unknown_host_is_a_connect_error():
    with pytest.raises(httpx.ConnectError):
        await client().post("http://nowhere.invalid/", content=b"{}")


async def test_a_server_without_tls_is_a_connect_error():
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with serving(plain) as address:
        with pytest.raises(httpx.ConnectError):
            await client().post(address.replace("http:", "https:"), content=b"{}")


async def test_an_untrusted_certificate_is_a_connect_error(tls_server: ssl.SSLContext):
    http_client._ssl_context.cache_clear()

    async with serving(part(OK), tls=tls_server) as address:
        with pytest.raises(httpx.ConnectError, match=r"(?i)certificate"):
            await client().post(address, content=b"{}")


async def test_a_handshake_that_never_ends_is_a_connect_timeout():
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(silent) as address:
        with pytest.raises(httpx.ConnectTimeout):
            await client().post(address.replace("http:", "https:"), timeout=httpx.Timeout(9, connect=0.05))


async def test_closing_without_an_answer_is_a_remote_protocol_error():
    async with serving(part()) as address:
        with pytest.raises(httpx.RemoteProtocolError):
            await client().post(address, content=b"{}")


async def test_a_reset_before_the_answer_is_a_read_error():
    async with serving(part(then="reset")) as address:
        with pytest.raises(httpx.ReadError):
            await client().post(address, content=b"{}")


async def test_silence_before_the_answer_is_a_read_timeout():
    async with serving(part(then="stall")) as address:
        with pytest.raises(httpx.ReadTimeout):
            await client().post(address, timeout=httpx.Timeout(9, read=0.05))


async def test_the_silence_within_an_answer_may_be_limited_anew_once_it_has_begun():
    async with serving(part(CHUNKED, *in_chunks(b"a"), then="stall")) as address:
        request = http_client.request("POST", address, {}, b"{}", read_timeout=3600.0)
        response = await client().send(request, stream=True)
        read = reader(response)
        assert await read() == b"a"

        http_client.limit_silence(response, 0.05)

        with pytest.raises(httpx.ReadTimeout):
            await read()
        await response.aclose()


async def test_silence_within_the_answer_is_a_read_timeout():
    async with (
        serving(part(CHUNKED, *in_chunks(b"one"), then="stall")) as address,
        client().stream("POST", address, timeout=httpx.Timeout(9, read=0.05)) as response,
    ):
        read = reader(response)
        assert await read() == b"one"
        with pytest.raises(httpx.ReadTimeout):
            await read()


async def test_only_the_silence_between_two_pieces_counts():
    async def play(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(stream)
        writer.write(CHUNKED)
        for _ in range(6):
            writer.writelines(in_chunks(b"one"))
            await asyncio.sleep(0.05)
        writer.write(b"0\r\n\r\n")

    async with (
        serving(play) as address,
        client().stream("POST", address, timeout=httpx.Timeout(9, read=0.2)) as response,
    ):
        assert [piece async for piece in pieces(response)] == [b"one"] * 6


async def test_a_reader_that_takes_its_time_is_not_a_silent_sender():
    async with (
        serving(part(CHUNKED, *in_chunks(b"one"), then="stall")) as address,
        client().stream("POST", address, timeout=httpx.Timeout(9, read=0.1)) as response,
    ):
        read = reader(response)
        assert await read() == b"one"
        await asyncio.sleep(0.15)
        began = time.perf_counter()
        with pytest.raises(httpx.ReadTimeout):
            await read()
        assert time.perf_counter() - began > 0.05


async def test_an_answer_that_came_while_the_loop_was_busy_is_not_silence():
    asked_on = asyncio.Event()

    async def play(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(stream)
        writer.writelines([CHUNKED, *in_chunks(b"one")])
        await asked_on.wait()
        writer.writelines([*in_chunks(b"two"), b"0\r\n\r\n"])
        await head(stream)
        writer.write(OK)

    async with serving(play) as address:
        async with client().stream("POST", address, timeout=httpx.Timeout(9, read=0.1)) as response:
            read = reader(response)
            assert await read() == b"one"
            second = asyncio.ensure_future(read())
            await asyncio.sleep(0)
            asked_on.set()
            await asyncio.sleep(0)
            time.sleep(0.2)  # noqa: ASYNC251
            assert await second == b"two"
            assert await read() == b""
        assert (await client().post(address, timeout=httpx.Timeout(9, read=1))).text == "ok"


async def test_an_answer_that_has_ended_waits_for_nothing():
    async with (
        serving(part(CHUNKED, *in_chunks(b"one"), b"0\r\n\r\n")) as address,
        client().stream("POST", address, timeout=httpx.Timeout(9, read=0.05)) as response,
    ):
        assert [piece async for piece in pieces(response)] == [b"one"]
        await asyncio.sleep(0.15)
        assert (await client().post(address, timeout=httpx.Timeout(9))).status_code == 200


async def test_a_body_of_many_small_pieces_goes_out_in_slices():
    content = [b"%d," % number for number in range(60_000)]
    reads: list[int] = []

    async def play(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int((await head(stream)).lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        received = b""
        while len(received) < length:
            received += await stream.read(1 << 20)
            reads.append(len(received))
        assert received == b"".join(content)
        writer.write(OK)

    async with serving(play) as address:
        response = await client().send(http_client.request("POST", address, {}, *content))

    assert response.text == "ok"
    assert len(reads) < 100


class Passing:
    """A streamed body: the pieces that are put into it, until None."""

    def __init__(self, length: int | None = None) -> None:
        self.length = length
        self.replayable = True
        self.pieces: asyncio.Queue[bytes | None] = asyncio.Queue()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        self.replayable = False
        if (piece := await self.pieces.get()) is None:
            raise StopAsyncIteration
        return piece


@pytest.mark.parametrize("length", [6, None])
async def test_a_body_that_passes_through_goes_out_as_it_comes(length: int | None):
    content, came = Passing(length), asyncio.Event()

    async def play(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told = await head(stream)
        assert (b"Content-Length: 6" in told, b"Transfer-Encoding: chunked" in told) == (bool(length), not length)
        await stream.readuntil(b"one")
        came.set()
        await stream.readuntil(b"two" if length else b"0\r\n\r\n")
        writer.write(OK)

    async with serving(play) as address:
        asking = asyncio.ensure_future(client().send(http_client.request("POST", address, {}, content=content)))
        content.pieces.put_nowait(b"one")
        await came.wait()
        assert not asking.done()
        for piece in (b"two", None):
            content.pieces.put_nowait(piece)

        assert (await asking).text == "ok"


async def test_a_body_that_passes_through_takes_no_connection_that_was_used_before():
    connections = 0

    async def play(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while await head(stream):
            await stream.readexactly(2)
            writer.write(OK)

    async with serving(play) as address:
        await client().send(http_client.request("POST", address, {}, b"{}"))
        content = Passing(2)
        for piece in (b"{}", None):
            content.pieces.put_nowait(piece)
        await client().send(http_client.request("POST", address, {}, content=content))
        await http_client.close_all()

    assert connections == 2


async def test_a_body_that_passes_through_is_not_read_before_there_is_a_connection():
    content = Passing(6)

    with pytest.raises(httpx.ConnectError):
        await client().send(http_client.request("POST", refusing_address(), {}, content=content))

    assert content.replayable


async def test_an_answer_that_is_not_http_is_a_remote_protocol_error():
    async with serving(part(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")) as address:
        with pytest.raises(httpx.RemoteProtocolError):
            await client().post(address, content=b"{}")


@pytest.mark.parametrize(
    "written",
    [
        pytest.param([CHUNKED, *in_chunks(b"one")], id="chunked"),
        pytest.param([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\none"], id="sized"),
    ],
)
async def test_a_body_cut_short_is_a_remote_protocol_error(written: list[bytes]):
    async with serving(part(*written)) as address:
        with pytest.raises(httpx.RemoteProtocolError):
            await client().post(address, content=b"{}")


async def test_a_broken_chunk_is_a_remote_protocol_error():
    async with serving(part(CHUNKED, b"zz\r\n", then="stall")) as address:
        with pytest.raises(httpx.RemoteProtocolError):
            await client().post(address, content=b"{}")


@pytest.mark.parametrize(
    "written",
    [
        pytest.param([CHUNKED, *in_chunks(b"one")], id="chunked"),
        pytest.param([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\none"], id="sized"),
        pytest.param([b"HTTP/1.1 200 OK\r\n\r\none"], id="ended by the connection"),
    ],
)
async def test_a_reset_within_the_body_never_passes_for_its_end(written: list[bytes]):
    async with serving(part(*written, then="reset")) as address:
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await client().post(address, content=b"{}")


@pytest.mark.parametrize("then", ["close", "reset"])
async def test_what_had_arrived_before_the_body_broke_off_is_read_first(then: str):
    sending = part(CHUNKED, *in_chunks(b"one", b"two"), then=then)
    async with serving(sending) as address, client().stream("POST", address, content=b"{}") as answer:
        assert isinstance(answer.stream, Body)
        if answer.stream._content.exception() is None:
            with pytest.raises(aiohttp.ClientError):
                await answer.stream._content.wait_eof()
        read = reader(answer)

        assert await read() == b"onetwo"
        for _ in range(2):
            with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
                await read()


async def test_a_body_ended_by_the_connection_is_complete_when_closed_in_order():
    async with serving(part(b"HTTP/1.1 200 OK\r\n\r\none")) as address:
        assert (await client().post(address)).content == b"one"


async def test_a_server_that_stops_reading_is_a_write_timeout():
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()
        await asyncio.Event().wait()

    async with serving(deaf) as address:
        with pytest.raises(httpx.WriteTimeout):
            await client().post(address, content=bytes(64_000_000), timeout=httpx.Timeout(9, write=0.05))


async def test_a_line_break_within_a_header_is_refused_unsent():
    async with serving(part(OK)) as address:
        with pytest.raises(httpx.LocalProtocolError):
            await client().post(address, headers={"X-Name": "one\r\nX-Other: two"})


async def test_an_unknown_scheme_is_refused_unsent():
    with pytest.raises(httpx.UnsupportedProtocol):
        await client().post("ftp://127.0.0.1/")


# --- Hanging up


class Witness:
    """A function for `serving` that sends an answer, then notes when the connection ends."""

    def __init__(self, *writes: bytes, read_body: bool = True) -> None:
        self.writes = writes
        self.read_body = read_body
        self.asked = asyncio.Event()
        self.hung_up = asyncio.Event()
        self.at = 0.0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.writelines(self.writes)
        self.asked.set()
        if not self.read_body:
            return
        with contextlib.suppress(ConnectionError):
            await reader.read()
        self.at = time.perf_counter()
        self.hung_up.set()


async def hang_up_latency(witness: Witness, tls: ssl.SSLContext | None = None, body: bytes = b"{}") -> float:
    async with serving(witness, tls) as address:

        async def call() -> None:
            async with client().stream("POST", address, content=body) as response:
                async for _ in pieces(response):
                    pass

        task = asyncio.create_task(call())
        await witness.asked.wait()
        await asyncio.sleep(0.01)
        started = time.perf_counter()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(witness.hung_up.wait(), 2)
        return witness.at - started


@pytest.mark.parametrize("writes", [(), (CHUNKED, *in_chunks(b"one"))], ids=["before the answer", "within the answer"])
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "tls"])
async def test_a_cancelled_call_hangs_up_at_once(
    writes: tuple[bytes, ...], encrypted: bool, trusted: None, tls_server: ssl.SSLContext
):
    witness = Witness(*writes)

    latency = await hang_up_latency(witness, tls_server if encrypted else None)

    assert latency < 2


async def test_a_body_left_unread_hangs_up_when_closed():
    witness = Witness(CHUNKED, *in_chunks(b"one"))

    async with serving(witness) as address:
        async with client().stream("POST", address) as response:
            assert await reader(response)() == b"one"
        await asyncio.wait_for(witness.hung_up.wait(), 2)


async def test_a_cancelled_upload_leaves_no_connection_behind():
    connected: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()
        connected.put_nowait((reader, writer))
        await asyncio.Event().wait()

    async with serving(deaf) as address:
        task = asyncio.create_task(client().post(address, content=bytes(64_000_000)))
        reader, writer = await connected.get()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        writer.transport.resume_reading()
        with contextlib.suppress(ConnectionError):
            assert len(await asyncio.wait_for(reader.read(), 2)) < 64_000_000
